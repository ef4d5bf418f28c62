#include "pellucid/predictor.hpp"

#include <gtest/gtest.h>
#include <signal.h>

#include <functional>
#include <limits>
#include <thread>

#include "core/files.hpp"
#include "core/scratch.hpp"
#include "engine/predictor_stream.hpp"
#include "engine/rows.hpp"
#include "pellucid/error.hpp"

namespace {

using namespace pellucid;
using namespace pellucid::engine;

const Shape kRow{3, 4};

/// A Python program: reads messages with `read()`, answers with `write(array)`.
class Program {
public:
    explicit Program(const std::string& body) {
        const std::string head =
            "import os, struct, sys, time\n"
            "def take(n):\n"
            "    got = sys.stdin.buffer.read(n)\n"
            "    if len(got) < n: sys.exit(0)\n"
            "    return got\n"
            "def read():\n"
            "    rank = struct.unpack('<4sII', take(12))[2]\n"
            "    shape = struct.unpack(f'<{rank}q', take(8 * rank))\n"
            "    size = struct.unpack('<Q', take(8))[0]\n"
            "    values = struct.unpack(f'<{size // 4}f', take(size))\n"
            "    each = len(values) // shape[0]\n"
            "    return [values[i * each:(i + 1) * each] for i in range(shape[0])]\n"
            "def write(rows, magic=b'PLT1', kind=1, extra=0):\n"
            "    flat = [v for row in rows for v in row]\n"
            "    head = struct.pack('<4sIIqqQ', magic, kind, 2, len(rows), len(rows[0]), 4 * len(flat) + extra)\n"
            "    sys.stdout.buffer.write(head + struct.pack(f'<{len(flat)}f', *flat))\n"
            "    sys.stdout.buffer.flush()\n";
        core::write_whole(scratch_ / "box.py", head + body);
    }
    [[nodiscard]] std::unique_ptr<Predictor> start(double timeout = 30.0) const {
        return make_program_predictor({PELLUCID_PYTHON, (scratch_ / "box.py").string()}, kRow, timeout);
    }

private:
    core::Scratch scratch_;
};

std::string refusal(ErrorCode code, const std::function<void()>& act) {
    try {
        act();
    } catch (const Error& error) {
        EXPECT_EQ(error.code(), code) << error.what();
        EXPECT_EQ(std::string(error.what()).find('\n'), std::string::npos);
        return error.what();
    }
    ADD_FAILURE() << "no error";
    return {};
}

/// What the second answer of a program is refused with.
std::string refused(const std::string& second, double timeout = 30.0) {
    const Program program("write([[sum(r), 1.0] for r in read()])\nrows = read()\n" + second + "\n");
    const auto predictor = program.start(timeout);
    EXPECT_EQ(predictor->classes(), 2);
    const std::string first = refusal(ErrorCode::kUnreadable, [&] { (void)predictor->predict(Array({5, 3, 4})); });
    // And then for good: what comes next could be the answer to anything.
    refusal(ErrorCode::kUnreadable, [&] { (void)predictor->predict(Array({5, 3, 4})); });
    return first;
}

bool has(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

TEST(Predictor, ACallableAnswersItsRows) {
    const auto predictor = make_predictor(kRow, 1, [](const Array& rows) {
        Array scores({rows.shape()[0], 1});
        for (std::size_t row = 0; row < scores.size(); ++row) {
            scores[row] = rows[row * 12] + 1.0F;
        }
        return scores;
    });
    nets::Keep keep;
    StreamOptions options;
    options.checkpoint = 16;
    const nets::RandomRows rows(37, 3);
    EXPECT_EQ(stream(*predictor, rows, keep, options).rows, 37);
    for (std::int64_t row = 0; row < 37; ++row) {
        std::vector<float> x(12);
        const std::span<float> span(x);
        rows.fill(row, std::span(&span, 1));
        EXPECT_EQ(keep.answers[static_cast<std::size_t>(row)], std::vector<float>{x[0] + 1.0F});
    }
    EXPECT_EQ(keep.asked, (std::vector<std::int64_t>{16, 32}));
}

TEST(Predictor, ACallableIsHeldToItsShape) {
    const auto wrong = make_predictor(kRow, 2, [](const Array&) { return Array({1, 2}); });
    nets::Keep keep;
    refusal(ErrorCode::kUnreadable, [&] { stream(*wrong, nets::RandomRows(3, 1), keep, {}); });
    EXPECT_THROW((void)make_predictor(kRow, 0, [](const Array&) { return Array(); }), Error);
    const auto nan = make_predictor(kRow, 1, [](const Array& rows) {
        return Array({rows.shape()[0], 1},
                     std::vector<float>(static_cast<std::size_t>(rows.shape()[0]), std::nanf("")));
    });
    EXPECT_TRUE(
        has(refusal(ErrorCode::kUnsupported, [&] { stream(*nan, nets::RandomRows(3, 1), keep, {}); }), "row 0"));
}

TEST(Program, AnswersBlocksOfRows) {
    const Program program("while True: write([[sum(r), len(r), -r[0]] for r in read()])\n");
    const auto predictor = program.start();
    EXPECT_EQ(predictor->classes(), 3);
    nets::Keep keep;
    const nets::RandomRows rows(37, 3);
    EXPECT_EQ(stream(*predictor, rows, keep, {}).rows, 37);
    std::vector<float> x(12);
    const std::span<float> span(x);
    rows.fill(36, std::span(&span, 1));
    EXPECT_EQ(keep.answers[36][1], 12.0F);
    EXPECT_EQ(keep.answers[36][2], -x[0]);
}

TEST(Program, TheExampleOfTheDocsWorks) {
    const std::string path = std::string(PELLUCID_SOURCE_DIR) + "/examples/black_box/brightness.py";
    const auto predictor = make_program_predictor({PELLUCID_PYTHON, path}, {2, 2});
    ASSERT_EQ(predictor->classes(), 2);
    const Array scores = predictor->predict(Array({2, 2, 2}, {1, 2, 3, 4, 0, 0, 0, 8}));
    EXPECT_EQ((std::vector<float>(scores.values().begin(), scores.values().end())),
              (std::vector<float>{2.5F, -2.5F, 2.0F, -2.0F}));
}

TEST(Program, MoreThanAPipeHoldsGoesBothWaysAtOnce) {
    // Answers row by row while rows still come: neither side may wait for the other.
    const auto predictor = make_program_predictor({"cat"}, {2}, 30.0);  // a tensor of two axes comes back as it went
    EXPECT_EQ(predictor->classes(), 2);
    const Array rows({200000, 2}, std::vector<float>(400000, 3.0F));
    EXPECT_EQ(predictor->predict(rows)[399999], 3.0F);
}

TEST(Program, EachFaultIsOneClearError) {
    EXPECT_TRUE(has(refused("sys.exit('the model is gone')"), "exited with code 1"));
    EXPECT_TRUE(has(refused("sys.exit('the model is gone')"), "the model is gone"));
    EXPECT_TRUE(has(refused("os.kill(os.getpid(), 11)"), "signal 11"));
    EXPECT_TRUE(has(refused("write(rows[:4] and [[1.0, 2.0]] * 4)"), "[4, 2]"));
    EXPECT_TRUE(has(refused("write([[1.0, 2.0, 3.0]] * 5)"), "[5, 3]"));
    EXPECT_TRUE(has(refused("write([[1.0, float('nan')]] * 5)"), "not finite"));
    EXPECT_TRUE(has(refused("write([[1.0, float('inf')]] * 5)"), "not finite"));
    EXPECT_TRUE(has(refused("print('loading the model', flush=True); time.sleep(60)"), "'load"));
    EXPECT_TRUE(has(refused("write([[1.0, 2.0]] * 5, magic=b'PLT2')"), "PLT2"));
    EXPECT_TRUE(has(refused("write([[1.0, 2.0]] * 5, kind=2)"), "element type 2"));
    EXPECT_TRUE(has(refused("write([[1.0, 2.0]] * 5, extra=4)"), "44 bytes"));
    EXPECT_TRUE(has(refused("sys.stdout.buffer.write(b'PLT1'); sys.stdout.flush()"), "exited with code 0"));
}

TEST(Program, AHangEndsAtTheTimeout) { EXPECT_TRUE(has(refused("time.sleep(600)", 1.5), "1.5 seconds")); }

TEST(Program, OneThatDoesNotReadOrCannotStartIsRefused) {
    EXPECT_TRUE(has(refusal(ErrorCode::kUnreadable, [] { (void)make_program_predictor({"true"}, kRow); }), "code 0"));
    EXPECT_TRUE(has(refusal(ErrorCode::kUnreadable,
                            [] { (void)make_program_predictor({"sh", "-c", "exec 0<&-; sleep 0.2; exit 7"}, kRow); }),
                    "code 7"));
    EXPECT_TRUE(has(refusal(ErrorCode::kUsage, [] { (void)make_program_predictor({"/no/such/program"}, kRow); }),
                    "/no/such/program"));
    refusal(ErrorCode::kUsage, [] { (void)make_program_predictor({}, kRow); });
}

TEST(Program, IsGoneWhenThePredictorIs) {
    const core::Scratch scratch;
    const std::string pids = (scratch / "pids").string();
    {
        // Ignores the end of its input, and has a child of its own.
        const Program program(
            "import subprocess, signal\nchild = subprocess.Popen(['sleep', '600'])\n"
            "open('" +
            pids +
            "', 'w').write(f'{os.getpid()} {child.pid}')\n"
            "write([[1.0] for r in read()])\ntime.sleep(600)\n");
        const auto predictor = program.start();
    }
    const auto bytes = core::read_whole(pids);
    int parent = 0, child = 0;
    ASSERT_EQ(std::sscanf(std::string(reinterpret_cast<const char*>(bytes.data()), bytes.size()).c_str(), "%d %d",
                          &parent, &child),
              2);
    EXPECT_NE(::kill(parent, 0), 0);
    // The grandchild becomes a zombie of whoever adopts it; alive it must not be.
    std::string state = "Z";
    for (int look = 0; look < 100; ++look) {
        std::error_code gone;
        const std::string status = "/proc/" + std::to_string(child) + "/stat";
        if (!std::filesystem::exists(status, gone)) {
            break;
        }
        const auto text = core::read_whole(status);
        const std::string line(reinterpret_cast<const char*>(text.data()), text.size());
        state = line.substr(line.rfind(')') + 2, 1);
        if (state == "Z" || state == "X") {
            break;
        }
        std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
    EXPECT_TRUE(state == "Z" || state == "X") << state;
}

}  // namespace
