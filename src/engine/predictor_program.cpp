// The pipe protocol of docs/how-to/black-box.md: tensors either way, little-endian, each with its length before it.

#include <bit>
#include <cctype>
#include <cmath>
#include <cstring>

#include "engine/child_process.hpp"
#include "pellucid/error.hpp"
#include "pellucid/predictor.hpp"

namespace pellucid {

namespace {

static_assert(std::endian::native == std::endian::little, "tensors travel as they lie in memory");

using engine::ChildProcess;

/// The last letter is the protocol's version.
constexpr char kMagic[] = {'P', 'L', 'T', '1'};
constexpr std::uint32_t kFloat32 = 1;
constexpr std::int64_t kMostClasses = 1 << 20;

struct Head {
    char magic[4];
    std::uint32_t type, rank;
};
static_assert(sizeof(Head) == 12);

std::vector<std::byte> encode(const Array& rows) {
    Head head{{}, kFloat32, static_cast<std::uint32_t>(rows.rank())};
    std::memcpy(head.magic, kMagic, sizeof kMagic);
    const std::uint64_t size = rows.size() * sizeof(float);
    const std::size_t shape_size = rows.rank() * sizeof(std::int64_t);
    std::vector<std::byte> message(sizeof head + shape_size + sizeof size + size);
    std::byte* at = message.data();
    const auto put = [&at](const void* bytes, std::size_t count) {
        std::memcpy(at, bytes, count);
        at += count;
    };
    put(&head, sizeof head);
    put(rows.shape().data(), shape_size);
    put(&size, sizeof size);
    put(rows.data(), size);
    return message;
}

std::string printable(const char* text, std::size_t size) {
    std::string shown;
    for (std::size_t at = 0; at < size; ++at) {
        const auto letter = static_cast<unsigned char>(text[at]);
        shown += std::isprint(letter) != 0 ? text[at] : '.';
    }
    return shown;
}

class ProgramPredictor final : public Predictor {
public:
    ProgramPredictor(const std::vector<std::string>& command, Shape row_shape, double timeout_seconds)
        : name_(command.empty() ? "" : command.front()),
          row_shape_(std::move(row_shape)),
          timeout_(timeout_seconds),
          child_(command) {
        if (element_count(row_shape_) == 0 || !(timeout_seconds > 0.0)) {
            throw Error(ErrorCode::kUsage, "a program needs rows that are not empty and a timeout above 0 seconds");
        }
        Shape one = row_shape_;
        one.insert(one.begin(), 1);
        classes_ = ask(Array(std::move(one)), -1).shape().back();
    }

    [[nodiscard]] Shape row_shape() const override { return row_shape_; }
    [[nodiscard]] std::int64_t classes() const override { return classes_; }

    [[nodiscard]] Array predict(const Array& rows) override {
        if (!failure_.empty()) {
            throw Error(ErrorCode::kUnreadable, failure_);
        }
        return ask(rows, classes_);
    }

private:
    [[noreturn]] void fail(const std::string& what, const std::string& remedy) {
        child_.kill();
        const std::string line = child_.last_error_line();
        failure_ = "the program '" + name_ + "' " + what + (line.empty() ? "" : " (it said: " + line + ")");
        throw Error(ErrorCode::kUnreadable, failure_, remedy);
    }

    template <typename T>
    void read(T* values, std::size_t count, ChildProcess::Deadline deadline) {
        switch (child_.read(std::as_writable_bytes(std::span(values, count)), deadline)) {
            case ChildProcess::Outcome::kRead:
                return;
            case ChildProcess::Outcome::kEnded:
                fail(child_.how_it_ended() + " instead of answering", "run it by itself to see why");
            case ChildProcess::Outcome::kTimeout: {
                std::string seconds = std::to_string(timeout_);
                seconds.resize(seconds.find('.') + 2);
                fail("did not answer within " + seconds + " seconds",
                     "flush its output after each answer, or allow it more time");
            }
        }
    }

    void check_head(const Head& head) {
        if (std::memcmp(head.magic, kMagic, sizeof kMagic) != 0) {
            fail("answered '" + printable(head.magic, sizeof head.magic) + "…' where a tensor begins with 'PLT1'",
                 "let it print to standard error; standard output is for answers");
        }
        if (head.type != kFloat32 || head.rank != 2) {
            fail("answered with element type " + std::to_string(head.type) + " and " + std::to_string(head.rank) +
                     " axes",
                 "answer float32 (type 1) with two axes, rows and classes");
        }
    }

    /// @param classes  that the answer must have; -1 at the first one, which settles them
    Array ask(const Array& rows, std::int64_t classes) {
        const auto deadline =
            std::chrono::steady_clock::now() + std::chrono::duration_cast<std::chrono::nanoseconds>(
                                                   std::chrono::duration<double>(std::min(timeout_, 1e6)));
        Head head{};
        child_.send(encode(rows));
        read(&head, 1, deadline);
        check_head(head);
        Shape shape(2);
        std::uint64_t size = 0;
        read(shape.data(), 2, deadline);
        read(&size, 1, deadline);
        const std::int64_t wanted_rows = rows.shape().front();
        const bool classes_fit = classes < 0 ? shape[1] >= 1 && shape[1] <= kMostClasses : shape[1] == classes;
        if (shape[0] != wanted_rows || !classes_fit) {
            fail(
                "answered " + std::to_string(wanted_rows) + " rows with scores of shape " + to_string(shape) +
                    (classes < 0 ? "" : ", not [" + std::to_string(wanted_rows) + ", " + std::to_string(classes) + "]"),
                "answer one row of scores for each row, in order");
        }
        Array scores(shape);
        if (size != scores.size() * sizeof(float)) {
            fail("announced " + std::to_string(size) + " bytes for scores of shape " + to_string(shape),
                 "four bytes a score");
        }
        read(scores.data(), scores.size(), deadline);
        for (std::size_t at = 0; at < scores.size(); ++at) {
            if (!std::isfinite(scores[at])) {
                fail("answered a score that is not finite, for row " +
                         std::to_string(at / static_cast<std::size_t>(shape[1])) + " of a block, class " +
                         std::to_string(at % static_cast<std::size_t>(shape[1])),
                     "answer numbers only");
            }
        }
        return scores;
    }

    std::string name_;
    Shape row_shape_;
    double timeout_;
    ChildProcess child_;
    std::int64_t classes_ = 0;
    std::string failure_;
};

}  // namespace

std::unique_ptr<Predictor> make_program_predictor(std::vector<std::string> command, Shape row_shape,
                                                  double timeout_seconds) {
    return std::make_unique<ProgramPredictor>(command, std::move(row_shape), timeout_seconds);
}

}  // namespace pellucid
