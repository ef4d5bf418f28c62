// A system that turns against a run: full disks, kills at any moment, caches that are damaged, shared or not to be written.

#include <gtest/gtest.h>

#include <algorithm>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <thread>

#include "cli/bad_inputs.hpp"
#include "cli/program.hpp"
#include "core/files.hpp"
#include "core/random.hpp"

namespace pellucid::testing {
namespace {

namespace fs = std::filesystem;

const fs::path kDocument = "digit/saliency/explanation.json", kValues = "digit/saliency/attribution.npy";

std::vector<std::string> saliency_into(const std::string& output) {
    return {"explain", "digits.onnx", "digit.npy", "--method", "saliency", "--output", output};
}

/// Reads what must be whole; names that no finished run has belong to a writer that was killed, and are not looked at.
int expect_whole(const fs::path& folder, const std::set<std::string>& finished) {
    int whole = 0;
    for (const std::string& name : files_in(folder)) {
        const fs::path file = folder / name;
        if (finished.count(name) == 0) {
            EXPECT_TRUE(file.filename().string().starts_with(".")) << name << " is no file of a finished run";
            continue;
        }
        ++whole;
        if (file.extension() == ".npy") {
            EXPECT_NO_THROW(static_cast<void>(core::read_npy(file))) << file;
        } else {
            const auto bytes = core::read_whole(file);  // a document ends with the end of its line
            EXPECT_TRUE(!bytes.empty() && static_cast<char>(bytes.back()) == '\n') << file;
        }
    }
    return whole;
}

TEST(KilledRun, LeavesWholeFilesOrNone) {
    const BadInputs own;  // a kill may leave a temporary behind, which no other case should see
    const auto arguments = [](const std::string& output) {
        return std::vector<std::string>{
            "explain",  "digits.onnx", "digit.npy", "--method", "saliency,smoothgrad,occlusion,integrated-gradients",
            "--output", output};
    };
    ASSERT_EQ(run_pellucid(arguments("whole"), {.folder = own.folder}).code, 0);
    const std::set<std::string> finished = files_in(own.folder / "whole");
    ASSERT_FALSE(finished.empty());
    // Killed as each file of a finished run comes into sight, and a little later: while the next is made or written.
    int left = 0, number = 0;
    for (const std::string& name : finished) {
        const std::string output = "killed-" + std::to_string(number);
        const Outcome outcome = run_pellucid(arguments(output), {.folder = own.folder,
                                                                 .kill_at = own.folder / output / name,
                                                                 .kill_after = std::chrono::milliseconds(number % 3)});
        ++number;
        const int whole = expect_whole(own.folder / output, finished);
        left += outcome.code == 128 + SIGKILL && whole > 0 ? 1 : 0;
    }
    EXPECT_GT(left, 0) << "no run was killed with files already there: nothing was tried";
}

/// Each time into an empty cache, so that some are killed while it is filled; then a run that must not trust what is left.
TEST(KilledRun, AtTenRandomMomentsTheNextRunIsAsIfNothingHadBeen) {
    const BadInputs own;
    const auto begun = std::chrono::steady_clock::now();
    ASSERT_EQ(run_pellucid(saliency_into("whole"), {.folder = own.folder}).code, 0);
    const auto lasted =
        std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::steady_clock::now() - begun).count();
    const std::set<std::string> finished = files_in(own.folder / "whole");
    const auto values = core::read_whole(own.folder / "whole" / kValues);
    core::RandomStream random(5, 0, 0);
    std::uint32_t latest = static_cast<std::uint32_t>(lasted);
    int killed = 0;
    for (int round = 0; killed < 10 && round < 100; ++round) {
        fs::remove_all(own.folder / "cache");
        const std::uint32_t moment = 1 + random.below(latest);
        const Outcome outcome = run_pellucid(saliency_into("killed"),
                                             {.folder = own.folder, .kill_after = std::chrono::milliseconds(moment)});
        if (outcome.code != 128 + SIGKILL) {  // over before that: the machine is not as busy as it was
            latest = std::max(2U, moment);
            continue;
        }
        ++killed;
        expect_whole(own.folder / "killed", finished);
        const Outcome next = run_pellucid(saliency_into("killed"), {.folder = own.folder});
        EXPECT_EQ(next.code, 0) << moment << " ms: " << next.err;
        EXPECT_EQ(core::read_whole(own.folder / "killed" / kValues), values) << moment << " ms";
        EXPECT_TRUE(fs::exists(own.folder / "killed" / kDocument));
    }
    EXPECT_EQ(killed, 10);
}

TEST(InterruptedRun, KeepsWhatIsFinishedAndEndsWith130) {
    const fs::path folder = bad_inputs().folder;
    const fs::path finished = fs::path("kept") / "coffee" / "grad-cam" / "explanation.json";
    const Outcome outcome = run_pellucid({"explain", "net.onnx", "coffee.png", "--method", "grad-cam,lime", "--set",
                                          "num_samples=100000000", "--output", "kept"},
                                         {.folder = folder, .interrupt_at = folder / finished});
    EXPECT_EQ(outcome.code, 130) << outcome.err;
    EXPECT_TRUE(fs::exists(folder / finished));
}

/// A limit on the size of files is a full disk that root cannot write past. The values take 3,264 bytes.
TEST(FullDisk, IsOneLineAndLeavesNoFile) {
    const BadInputs own;
    for (const std::size_t most : {std::size_t{1}, std::size_t{100}, std::size_t{3000}}) {
        const Outcome outcome = run_pellucid(saliency_into("full"), {.folder = own.folder, .most_bytes_a_file = most});
        EXPECT_EQ(outcome.code, 2) << outcome.err;
        ASSERT_EQ(outcome.error_lines().size(), 1U) << outcome.err;
        EXPECT_NE(outcome.err.find("attribution.npy': File too large"), std::string::npos) << outcome.err;
        EXPECT_EQ(files_in(own.folder / "full"), std::set<std::string>{}) << most;
    }
}

TEST(FullDisk, OfTheCacheCostsOnlyTheCache) {
    const BadInputs own;
    constexpr std::size_t kSomeResults = 20'000;  // room for the values and their document, not for a compiled graph
    const Outcome outcome =
        run_pellucid(saliency_into("out"), {.folder = own.folder, .most_bytes_a_file = kSomeResults});
    EXPECT_EQ(outcome.code, 0) << outcome.err;
    EXPECT_NE(outcome.err.find("compiled graphs are not kept"), std::string::npos) << outcome.err;
    EXPECT_TRUE(fs::exists(own.folder / "out" / kDocument));
}

TEST(Cache, ThatCannotBeWrittenIsDoneWithout) {
    const BadInputs own;
    const Outcome outcome = run_pellucid(saliency_into("out"), {.folder = own.folder, .cache = "/proc/nowhere"});
    EXPECT_EQ(outcome.code, 0) << outcome.err;
    EXPECT_NE(outcome.err.find("compiled graphs are not kept"), std::string::npos) << outcome.err;
    EXPECT_TRUE(fs::exists(own.folder / "out" / kDocument));
}

TEST(Cache, SharedByTwoAtOnceGivesBothTheSameBits) {
    const BadInputs own;
    ASSERT_EQ(run_pellucid(saliency_into("alone"), {.folder = own.folder}).code, 0);
    const auto values = core::read_whole(own.folder / "alone" / kValues);
    for (int round = 0; round < 3; ++round) {
        fs::remove_all(own.folder / "cache");
        Outcome first, second;
        std::thread beside([&] { first = run_pellucid(saliency_into("first"), {.folder = own.folder}); });
        second = run_pellucid(saliency_into("second"), {.folder = own.folder});
        beside.join();
        EXPECT_EQ(first.code, 0) << first.err;
        EXPECT_EQ(second.code, 0) << second.err;
        EXPECT_EQ(core::read_whole(own.folder / "first" / kValues), values);
        EXPECT_EQ(core::read_whole(own.folder / "second" / kValues), values);
    }
}

TEST(Cache, DamagedEntriesAreRebuiltAndSaid) {
    const BadInputs own;
    for (int run = 0; run < 2; ++run) {  // the first checks the gradient besides, and keeps graphs of its own
        ASSERT_EQ(run_pellucid(saliency_into("whole"), {.folder = own.folder}).code, 0);
    }
    const auto values = core::read_whole(own.folder / "whole" / kValues);
    int damaged = 0;
    for (const auto& entry : fs::recursive_directory_iterator(own.folder / "cache")) {
        if (entry.path().extension() != ".graph") {
            continue;
        }
        std::vector<std::byte> bytes = core::read_whole(entry.path());
        bytes[bytes.size() / 2] ^= std::byte{1};
        core::write_whole(entry.path(), bytes);
        ++damaged;
    }
    ASSERT_GT(damaged, 0);
    for (const bool rebuilds : {true, false}) {
        const Outcome outcome = run_pellucid(saliency_into("again"), {.folder = own.folder});
        EXPECT_EQ(outcome.code, 0) << outcome.err;
        EXPECT_EQ(core::read_whole(own.folder / "again" / kValues), values);
        EXPECT_EQ(outcome.err.find("is rebuilt") != std::string::npos, rebuilds) << outcome.err;
    }
}

/// One bit of a network's file, turned: explained all the same, or one line and a reader's exit code.
struct Turned {
    const char* network;  ///< of tests/graph/data, or of tests/cli/hostile
    const char* damaged;  ///< the file of it that is turned
    int times;
};

class TurnedBits : public ::testing::TestWithParam<Turned> {};

TEST_P(TurnedBits, OfANetworkAreExplainedOrOneLine) {
    const BadInputs own;
    const fs::path data = fs::path(PELLUCID_SOURCE_DIR) / "tests/graph/data";
    for (const auto& entry : fs::directory_iterator(data)) {
        const fs::path stem = entry.path().stem();
        if (stem == fs::path(GetParam().network).stem() && entry.is_regular_file()) {
            fs::copy_file(entry.path(), own.folder / entry.path().filename(), fs::copy_options::overwrite_existing);
        }
    }
    const auto whole = core::read_whole(own.folder / GetParam().damaged);
    const bool is_picture = std::string(GetParam().network).starts_with("residual");
    core::write_npy(own.folder / "row.npy",
                    is_picture ? Array(Shape{1, 3, 16, 16}) : Array(Shape{1, 4}, {0.5F, -1.0F, 2.0F, 0.25F}));
    core::RandomStream random(3, 0, 0);
    int refused = 0;
    for (int time = 0; time < GetParam().times; ++time) {
        std::vector<std::byte> bytes = whole;
        const std::size_t at = random.below(static_cast<std::uint32_t>(bytes.size()));
        const unsigned bit = random.below(8);
        bytes[at] ^= std::byte{1} << bit;
        std::ofstream(own.folder / GetParam().damaged, std::ios::binary)
            .write(reinterpret_cast<const char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
        SCOPED_TRACE("bit " + std::to_string(bit) + " of byte " + std::to_string(at));
        const Outcome outcome = run_pellucid(explain(GetParam().network, "row.npy", {"--target", "0"}),
                                             {.folder = own.folder, .cache = "/proc/nowhere"});
        const bool good = outcome.code == 0 || outcome.code == 2 || outcome.code == 3 || outcome.code == 4;
        EXPECT_TRUE(good) << outcome.code << ": " << outcome.err;
        EXPECT_TRUE(outcome.code == 0 || outcome.error_lines().size() == 1) << outcome.err;
        refused += outcome.code == 0 ? 0 : 1;
    }
    // Weights may be any numbers; of all else some bit must have mattered.
    EXPECT_TRUE(refused > 0 || std::string(GetParam().damaged).ends_with(".bin")) << "no bit that matters was turned";
}

INSTANTIATE_TEST_SUITE_P(
    Of, TurnedBits,
    ::testing::Values(Turned{"good.onnx", "good.onnx", 120}, Turned{"residual_torch.xml", "residual_torch.xml", 60},
                      Turned{"residual_torch.xml", "residual_torch.bin", 20}, Turned{"format.pb", "format.pb", 60},
                      Turned{"format.tflite", "format.tflite", 60}),
    [](const auto& each) {
        std::string name = each.param.damaged;
        std::replace_if(name.begin(), name.end(), [](char letter) { return std::isalnum(letter) == 0; }, '_');
        return name;
    });

}  // namespace
}  // namespace pellucid::testing
