// Integrated gradients with less than its first round. Of a linear model any nodes give w (x - x') exactly, if their weights
// still add up to one: a round that was made smaller or cut short shows there.

#include <gtest/gtest.h>

#include <chrono>
#include <cmath>
#include <thread>

#include "explain/gradient/quadrature.hpp"
#include "methods/small_models.hpp"
#include "pellucid/error.hpp"
#include "pellucid/methods.hpp"

namespace pellucid {
namespace {

using testing::load_network;
using testing::sample;
using testing::TemporaryFolder;

const std::vector<std::vector<float>> kWeights{{1.0F, -2.0F, 0.5F, 0.0F}, {-1.5F, 0.25F, 3.0F, 0.0F}};
const std::vector<float> kX{0.5F, -1.0F, 2.0F, 4.0F};

class SmallBudget : public ::testing::Test {
protected:
    SmallBudget()
        : model(load_network(testing::linear_network(kWeights, {0.1F, -0.2F}), folder)), input(sample({1, 4}, kX)) {
        request.model = &model;
        request.input = &input;
        request.targets = {Target::index(0), Target::index(1)};
        request.score = Score::kLogit;
    }
    [[nodiscard]] std::vector<Explanation> explain() const { return run(method("integrated-gradients"), request); }
    void expect_exact(const std::vector<Explanation>& got, double baseline) const {
        for (std::size_t target = 0; target < got.size(); ++target) {
            for (std::size_t at = 0; at < kX.size(); ++at) {
                // the map's slopes are rounded: some 1e-7 of values up to 6
                EXPECT_NEAR(double{got[target].attribution[at]},
                            double{kWeights[target][at]} * (double{kX[at]} - baseline), 1e-5)
                    << "target " << target << ", value " << at;
            }
        }
    }
    static bool says(const Explanation& explanation, const std::string& words) {
        for (const std::string& note : explanation.notes) {
            if (note.find(words) != std::string::npos) {
                return true;
            }
        }
        return false;
    }

    const TemporaryFolder folder;
    const Model model;
    const Input input;
    Request request;
};

TEST_F(SmallBudget, OfEvaluationsGivesASmallerFirstRound) {
    for (const char* rule : {"adaptive", "midpoint", "gauss-legendre", "trapezoid"}) {
        request.options = {{"rule", rule}};
        // One for the targets, two for the ends, a forward and a backward pass for each of two targets at one node.
        for (const std::int64_t budget : {7, 8, 11, 12, 40, 100}) {
            SCOPED_TRACE(std::string(rule) + ", " + std::to_string(budget));
            request.run.budget.evaluations = budget;
            const auto got = explain();
            EXPECT_LE(got.front().evaluations.forward + got.front().evaluations.backward, budget);
            EXPECT_TRUE(says(got.front(), "in place of 32"));
            // Two nodes, and the ends, for two targets take 1 + 2 + 8.
            EXPECT_EQ(says(got.front(), "no trapezoid"), std::string(rule) == "trapezoid" && budget < 11);
            expect_exact(got, 0.0);
        }
    }
}

TEST_F(SmallBudget, ThatPaysForNoNodeSaysWhatItTakes) {
    request.run.budget.evaluations = 6;
    try {
        static_cast<void>(explain());
        ADD_FAILURE();
    } catch (const Error& error) {
        EXPECT_EQ(error.code(), ErrorCode::kBudget);
        EXPECT_NE(std::string(error.what()).find("at least 7"), std::string::npos) << error.what();
    }
    request.options = {{"baseline", "zero,1"}};
    request.run.budget.evaluations = 12;
    EXPECT_THROW(static_cast<void>(explain()), Error);
    request.run.budget.evaluations = 13;
    expect_exact(explain(), 0.5);
}

TEST_F(SmallBudget, ServesEveryBaselineBeforeAnyIsRefined) {
    request.options = {{"baseline", "zero,1,-4"}, {"tolerance", "0.0000000001"}};
    // Three first rounds take 484; three rounds of one path, which rounding keeps above the tolerance, would leave 10.
    request.run.budget.evaluations = 560;
    const auto got = explain();
    expect_exact(got, -1.0);
    EXPECT_FALSE(says(got.front(), "baselines"));
}

TEST_F(SmallBudget, StatesTheCompletenessThatItReached) {
    const Model kinked = load_network(testing::two_layer_network("relu"), folder);
    request.model = &kinked;
    request.options = {{"baseline", "-2"}};
    request.run.budget.evaluations = 20;
    const auto got = explain();
    for (std::size_t target = 0; target < got.size(); ++target) {
        double sum = 0.0;
        for (const float value : got[target].attribution.values()) {
            sum += double{value};
        }
        const double expected = testing::two_layer_answer({kX.begin(), kX.end()})[target] -
                                testing::two_layer_answer({-2, -2, -2, -2})[target];
        const double error = std::abs(sum - expected) / std::abs(expected);
        EXPECT_NEAR(got[target].completeness->error, error, 1e-5);
        EXPECT_GT(std::max(got[0].completeness->error, got[1].completeness->error), 0.01);
    }
    EXPECT_TRUE(says(got.front(), "raise the budget"));
}

TEST_F(SmallBudget, OfTimeKeepsAQuarterForPlacingTheNodes) {
    const Model kinked = load_network(testing::two_layer_network("relu"), folder);
    request.model = &kinked;
    request.targets = {Target::index(1)};
    request.options = {{"baseline", "-2"}, {"n_steps", "128"}, {"tolerance", "0"}};
    // A quarter as many steps place the nodes. Of their 33 ends the first 16 are made to take more than a quarter of the
    // budget; all else takes a tenth of it.
    request.run.budget.seconds = 4.0;
    request.run.progress = [](const std::string& stage, std::int64_t, std::int64_t) {
        std::this_thread::sleep_for(std::chrono::milliseconds(stage == "path" ? 1100 : 0));
    };
    const Explanation got = explain().front();
    EXPECT_TRUE(says(got, "9 forward passes along the path in place of 33"));
    EXPECT_EQ(got.evaluations.forward, 1 + 16 + 128);

    const auto point = [](double t) {
        std::vector<double> x;
        for (const float value : kX) {
            x.push_back(-2.0 + t * (double{value} + 2.0));
        }
        return x;
    };
    std::vector<double> f;  // of 16 passes nine make a grid: both ends, and seven between
    for (int step = 0; step <= 8; ++step) {
        f.push_back(testing::two_layer_answer(point(step / 8.0))[1]);
    }
    const explain::PathMap map({f});
    std::vector<double> sums(kX.size(), 0.0);
    for (int node = 0; node < 128; ++node) {
        const double s = (node + 0.5) / 128.0;
        const auto gradient = testing::two_layer_gradient(point(map.t(s)), 1);
        for (std::size_t at = 0; at < sums.size(); ++at) {
            sums[at] += (map.t((node + 1) / 128.0) - map.t(node / 128.0)) * gradient[at] * (double{kX[at]} + 2.0);
        }
    }
    for (std::size_t at = 0; at < sums.size(); ++at) {
        // Values up to 10; the map's knots carry the rounding of answers in float32.
        EXPECT_NEAR(double{got.attribution[at]}, sums[at], 1e-4) << at;
    }
}

TEST_F(SmallBudget, ARoundThatIsInterruptedStandsForTheWholePath) {
    for (const char* rule : {"adaptive", "gauss-legendre", "trapezoid"}) {
        SCOPED_TRACE(rule);
        request.options = {{"rule", rule}, {"n_steps", "5000"}};
        request.run.cancel = CancelToken();
        request.run.progress = [cancel = request.run.cancel](const std::string& stage, std::int64_t done,
                                                             std::int64_t) mutable {
            if (stage == "integrated-gradients" && done >= 160) {
                cancel.cancel();
            }
        };
        const auto got = explain();
        EXPECT_LT(got.front().evaluations.backward, 10000);
        EXPECT_TRUE(says(got.front(), "interrupted after"));
        expect_exact(got, 0.0);
    }
}

TEST_F(SmallBudget, TheNodesOfAnInterruptedRoundAreSpreadOverThePath) {
    // From -2 the path crosses kinks half-way: nodes at its beginning alone would see one slope of each.
    const Model kinked = load_network(testing::two_layer_network("relu"), folder);
    request.model = &kinked;
    request.options = {{"baseline", "-2"}, {"n_steps", "4096"}, {"rule", "midpoint"}};
    request.run.progress = [cancel = request.run.cancel](const std::string& stage, std::int64_t done,
                                                         std::int64_t) mutable {
        if (stage == "integrated-gradients" && done >= 256) {
            cancel.cancel();
        }
    };
    const auto got = explain();
    EXPECT_LT(got.front().measures.at("nodes"), 2048.0);
    for (const Explanation& explanation : got) {
        // Some hundred nodes, evenly: each of six kinks is misplaced by at most one part in a hundred.
        EXPECT_LT(explanation.completeness->error, 0.03);
    }
}

}  // namespace
}  // namespace pellucid
