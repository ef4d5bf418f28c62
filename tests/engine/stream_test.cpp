#include "engine/stream.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <filesystem>
#include <limits>
#include <thread>

#include "core/random.hpp"
#include "engine/nets.hpp"
#include "openvino/opsets/opset16.hpp"
#include "pellucid/error.hpp"

namespace {

namespace op = ov::opset16;
using namespace pellucid;
using namespace pellucid::engine;

CompileOptions uncached(int threads = 2) {
    CompileOptions options;
    options.threads = threads;
    options.cache = false;
    return options;
}

/// Uniform rows in [-1, 1], a stream a row.
class RandomRows final : public Rows {
public:
    RandomRows(std::int64_t count, std::uint64_t seed) : count_(count), seed_(seed) {}
    [[nodiscard]] std::int64_t count() const override { return count_; }
    void fill(std::int64_t row, std::span<const std::span<float>> inputs) const override {
        core::RandomStream random(seed_, 0, static_cast<std::uint64_t>(row));
        for (const auto& input : inputs) {
            for (float& value : input) {
                value = 2.0F * random.uniform() - 1.0F;
            }
        }
    }

private:
    std::int64_t count_;
    std::uint64_t seed_;
};

class Keep final : public Fold {
public:
    void answer(std::int64_t row, std::span<const std::span<const float>> outputs) override {
        order.push_back(row);
        std::vector<float> flat;
        for (const auto& output : outputs) {
            flat.insert(flat.end(), output.begin(), output.end());
        }
        answers.push_back(std::move(flat));
    }
    bool done(std::int64_t rows) override {
        asked.push_back(rows);
        return rows == stop_at;
    }
    std::vector<std::int64_t> order, asked;
    std::vector<std::vector<float>> answers;
    std::int64_t stop_at = -1;
};

bool same_bits(const std::vector<std::vector<float>>& a, const std::vector<std::vector<float>>& b) {
    if (a.size() != b.size()) {
        return false;
    }
    for (std::size_t row = 0; row < a.size(); ++row) {
        if (a[row].size() != b[row].size() || std::memcmp(a[row].data(), b[row].data(), a[row].size() * 4) != 0) {
            return false;
        }
    }
    return true;
}

std::vector<std::vector<float>> answers(Session& session, std::int64_t rows, std::uint64_t memory = 0) {
    Keep keep;
    StreamOptions options;
    options.budget.memory_bytes = memory;
    EXPECT_EQ(stream(session, RandomRows(rows, 5), keep, options).rows, rows);
    return keep.answers;
}

void expect_equal_bits(const std::shared_ptr<ov::Model>& model, std::int64_t rows) {
    const auto one = answers(*Session::compile(model, uncached(1)), rows);
    for (const int threads : {2, 4}) {
        const auto session = Session::compile(model, uncached(threads));
        EXPECT_TRUE(same_bits(one, answers(*session, rows))) << threads << " threads";
        EXPECT_TRUE(same_bits(one, answers(*session, rows, 1))) << threads << " threads, no memory to spare";
    }
}

TEST(Stream, AnswersEveryRowInOrder) {
    const nets::Linear net = nets::linear(7, 3, 1);
    const auto session = Session::compile(net.model(), uncached());
    // Tails: below, at and above a block and two.
    for (const std::int64_t count : {0, 1, 3, 15, 16, 17, 31, 33, 100}) {
        Keep keep;
        const RandomRows rows(count, 9);
        const StreamReport report = stream(*session, rows, keep, {});
        EXPECT_EQ(report.rows, count);
        EXPECT_EQ(report.stop, Stop::kComplete);
        ASSERT_EQ(keep.answers.size(), static_cast<std::size_t>(count));
        for (std::int64_t row = 0; row < count; ++row) {
            const auto at = static_cast<std::size_t>(row);
            EXPECT_EQ(keep.order[at], row);
            std::vector<float> x(7);
            const std::span<float> span(x);
            rows.fill(row, std::span(&span, 1));
            const std::vector<double> y = net.apply(x);
            for (std::size_t j = 0; j < y.size(); ++j) {
                EXPECT_NEAR(double{keep.answers[at][j]}, y[j], 2e-6);  // seven float products of at most 1
            }
        }
    }
}

TEST(Stream, SameBitsForAnyThreadsAndMemory) {
    expect_equal_bits(nets::linear(50, 11, 2).model(), 70);
    expect_equal_bits(nets::small_cnn(33, 3), 40);
}

}  // namespace
