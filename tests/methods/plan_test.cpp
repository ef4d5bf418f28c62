// A plan against the run it foretells: counts are exact, seconds have a floor that sleeping makes certain.

#include <gtest/gtest.h>
#include <sys/mman.h>

#include <chrono>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <limits>
#include <thread>

#include "explain/plan.hpp"
#include "explain/row.hpp"
#include "methods/small_models.hpp"
#include "model/network.hpp"
#include "pellucid/error.hpp"
#include "pellucid/methods.hpp"

namespace pellucid {
namespace {

using testing::load_network;
using testing::sample;
using testing::TemporaryFolder;

std::int64_t total(const Cost& cost) { return cost.forward + cost.backward; }

/// A black box that takes a while for each row, and counts them.
struct SlowBox {
    explicit SlowBox(std::chrono::microseconds each)
        : predictor(make_predictor({kValues}, 2, [this, each](const Array& block) {
              const auto n = static_cast<std::size_t>(block.shape()[0]);
              rows += static_cast<std::int64_t>(n);
              std::this_thread::sleep_for(each * n);
              Array scores(Shape{block.shape()[0], 2});
              for (std::size_t row = 0; row < n; ++row) {
                  scores[2 * row] = block[row * kValues];
              }
              return scores;
          })) {}
    static constexpr std::int64_t kValues = 4000;
    std::int64_t rows = 0;
    std::unique_ptr<Predictor> predictor;
};

Request occlusion_of(SlowBox& box, const Input& input) {
    Request request;
    request.predictor = box.predictor.get();
    request.input = &input;
    request.targets = {Target::index(0)};
    request.options = {{"window", "1"}, {"stride", "1"}};
    return request;
}

Input values(std::int64_t count) {
    Input made = sample({1, count}, std::vector<float>(static_cast<std::size_t>(count), 1.0F));
    auto tensor = made.tensors.extract("x");
    tensor.key() = "input";   // a program's only one
    made.tensors.insert(std::move(tensor));
    return made;
}

TEST(Plan, OfAShortRunIsThatRun) {
    const TemporaryFolder folder;
    const Model model = load_network(testing::two_layer_network("relu"), folder);
    const Input input = sample({1, 4}, {0.5F, -1.0F, 2.0F, 4.0F});
    for (const MethodRow& row : methods()) {
        if (row.family == "cam" || row.name == "lime") {
            continue;   // neither takes this network
        }
        Request request;
        request.model = &model;
        request.input = &input;
        request.targets = {Target::index(0), Target::index(1)};
        const explain::Plan plan = explain::plan(row, request);
        const Evaluations evaluations = run(row, request).front().evaluations;
        EXPECT_EQ(plan.evaluations.forward, evaluations.forward) << row.name;
        EXPECT_EQ(plan.evaluations.backward, evaluations.backward) << row.name;
        EXPECT_GE(total(plan.at_most), total(plan.evaluations)) << row.name;
        EXPECT_GT(plan.seconds, 0.0) << row.name;
    }
}

/// Compiling, and checking a gradient, happen at a network's first use: the runs that a plan foretells find both done.
TEST(Plan, IsNotMeasuredByAFirstUse) {
    const TemporaryFolder folder;
    const char* const before = std::getenv("PELLUCID_CACHE");
    const std::string kept = before == nullptr ? "" : before;
    ::setenv("PELLUCID_CACHE", folder.path().c_str(), 1);
    const Input input = sample({1, 4}, {0.5F, -1.0F, 2.0F, 4.0F});
    const auto path = load_network(testing::two_layer_network("relu"), folder).path();
    for (const char* name : {"saliency", "smoothgrad", "occlusion"}) {
        const Model model = Model::load(path, {});
        Request request;
        request.model = &model;
        request.input = &input;
        request.targets = {Target::index(0)};
        static_cast<void>(explain::plan(method(name), request));
        EXPECT_FALSE(model.impl().first_use) << name;
    }
    ::setenv("PELLUCID_CACHE", kept.c_str(), 1);
}

TEST(Plan, OfALongRunIsMadeFromItsBeginning) {
    SlowBox box(std::chrono::microseconds(1000));
    const Input input = values(SlowBox::kValues);
    const explain::Plan plan = explain::plan(method("occlusion"), occlusion_of(box, input));
    EXPECT_EQ(total(plan.evaluations), 2 + SlowBox::kValues);   // for the target, for x, and one a window
    EXPECT_EQ(total(plan.at_most), 2 + SlowBox::kValues);
    // Sleeping never takes less than was asked, so 4002 rows take more than 4 s; the slope is known to a few percent.
    EXPECT_GE(plan.seconds, 0.9 * 4.0);
    EXPECT_LT(box.rows, SlowBox::kValues) << "the whole run was made to plan it";
}

TEST(Plan, IsCutByABudget) {
    SlowBox box(std::chrono::microseconds(1000));
    const Input input = values(SlowBox::kValues);
    Request request = occlusion_of(box, input);
    request.run.budget.evaluations = 3000;
    const explain::Plan by_evaluations = explain::plan(method("occlusion"), request);
    EXPECT_EQ(total(by_evaluations.evaluations), 3000);
    EXPECT_EQ(total(by_evaluations.at_most), 3000);
    EXPECT_GE(by_evaluations.seconds, 0.9 * 3.0);
    request.run.budget = {.seconds = 3.5, .evaluations = {}, .memory_bytes = 0};
    const explain::Plan by_seconds = explain::plan(method("occlusion"), request);
    EXPECT_LE(by_seconds.seconds, 3.5);
    EXPECT_LT(total(by_seconds.evaluations), SlowBox::kValues);
    EXPECT_GT(total(by_seconds.evaluations), 1000) << "what was done to plan it was left out";
}

TEST(Plan, ThrowsWhatTheRunWouldThrow) {
    SlowBox box(std::chrono::microseconds(0));
    const Input input = values(SlowBox::kValues);
    const auto code_of = [](const Request& request) {
        try {
            static_cast<void>(explain::plan(method("occlusion"), request));
        } catch (const Error& error) {
            return error.code();
        }
        return ErrorCode::kInternal;
    };
    Request request = occlusion_of(box, input);
    request.run.budget.evaluations = 1;
    EXPECT_EQ(code_of(request), ErrorCode::kBudget);
    request = occlusion_of(box, input);
    request.options["stride"] = "2";
    EXPECT_EQ(code_of(request), ErrorCode::kUsage);
    request = occlusion_of(box, input);
    request.run.cancel.cancel();
    EXPECT_EQ(code_of(request), ErrorCode::kInterrupted);
}

std::uint64_t resident_bytes() {
    std::ifstream statistics("/proc/self/statm");
    std::uint64_t whole = 0, resident = 0;
    statistics >> whole >> resident;
    return resident * 4096;
}

TEST(Plan, CountsMemoryThatIsGivenBack) {
    constexpr std::size_t kScratch = 96U << 20U;
    const auto predictor = make_predictor({8}, 2, [](const Array& block) {
        void* const scratch = mmap(nullptr, kScratch, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        std::memset(scratch, 1, kScratch);
        munmap(scratch, kScratch);
        return Array(Shape{block.shape()[0], 2});
    });
    const Input input = values(8);
    Request request;
    request.predictor = predictor.get();
    request.input = &input;
    request.targets = {Target::index(0)};
    constexpr std::uint64_t kSlack = 4U << 20U;   // the system counts pages by processor and adds up now and then
    const std::uint64_t before = resident_bytes();
    EXPECT_GE(explain::plan(method("occlusion"), request).bytes + kSlack, before + kScratch);
}

TEST(Plan, BoundsIntegratedGradientsByTheRoundsThatTheyMayMake) {
    const TemporaryFolder folder;
    const Model model = load_network(testing::two_layer_network("relu"), folder);
    const Input input = sample({1, 4}, {0.5F, -1.0F, 2.0F, 4.0F});
    const MethodRow& row = method("integrated-gradients");
    for (const char* rule : {"adaptive", "midpoint", "riemann-left"}) {
        for (const char* most : {"1", "13", "20", "56", "64", "100"}) {
            Request request;
            request.model = &model;
            request.input = &input;
            request.targets = {Target::index(1)};
            // Kinks on the way, and a tolerance that no sum of floats meets: every round is made.
            request.options = {
                {"rule", rule}, {"baseline", "-2,-3"}, {"n_steps", "7"}, {"max_steps", most}, {"tolerance", "1e-14"}};
            const Explanation explained = run(row, request).front();
            const Evaluations made = explained.evaluations;
            // Of each of two baselines. The first round is made whatever max_steps says; the adaptive rule has both ends.
            const double allowed = std::max(7.0, std::stod(most) + (std::string(rule) == "adaptive" ? 1.0 : 0.0));
            EXPECT_LE(explained.measures.at("nodes"), 2.0 * allowed) << rule << ", " << most;
            EXPECT_EQ(row.cost(request).forward, made.forward) << rule << ", " << most;
            EXPECT_EQ(row.cost(request).backward, made.backward) << rule << ", " << most;
        }
    }
}

/// What a shorter run gave.
std::vector<Explanation> probe_of(double samples, double error) {
    Explanation explanation;
    explanation.measures = {{"samples", samples}, {"relative_standard_error", error}, {"nodes", samples}};
    explanation.completeness = Completeness{1.0, 1.0, error};
    return {explanation};
}

TEST(Plan, ExpectsSamplesUntilTheErrorHasFallenWithTheirRoot) {
    EXPECT_EQ(explain::samples_until_stable(probe_of(100, 0.1), 0.05, 100000), 400);
    EXPECT_EQ(explain::samples_until_stable(probe_of(100, 0.1), 0.05, 300), 300);
    EXPECT_EQ(explain::samples_until_stable(probe_of(100, 0.1), 0.0, 5000), 5000);
}

TEST(Plan, ExpectsRoundsUntilTheErrorHasFallenWithTheNodes) {
    const MethodRow& row = method("integrated-gradients");
    Request request;
    request.targets = {Target::index(0)};
    const auto nodes = [&](double error) { return row.expected(request, probe_of(32, error)).backward; };
    EXPECT_EQ(nodes(0.005), 32);    // within the tolerance of 1 %
    EXPECT_EQ(nodes(0.02), 65);     // 51 would do; the rounds are 32, 65, 129, 257, 513
    EXPECT_EQ(nodes(0.05), 129);   // 5 to the power of 2/3 is 2.9: 94 would do
    EXPECT_EQ(nodes(9.0), 513);
    EXPECT_EQ(row.expected(request, probe_of(32, 0.05)).forward, 129 + 9 + 1);  // 8 steps place 32 nodes
}

}  // namespace
}  // namespace pellucid
