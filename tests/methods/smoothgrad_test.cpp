// SmoothGrad's estimate against its formula, sample by sample: y_k = <c_k, a> + sum over b of d_k b^3, whose gradients are
// c_k for every a and 3 d_k b^2.

#include <gtest/gtest.h>

#include <cmath>

#include "core/random.hpp"
#include "methods/small_models.hpp"
#include "openvino/core/model.hpp"
#include "openvino/op/add.hpp"
#include "openvino/op/constant.hpp"
#include "openvino/op/matmul.hpp"
#include "openvino/op/multiply.hpp"
#include "openvino/op/parameter.hpp"
#include "pellucid/methods.hpp"

namespace pellucid {
namespace {

using testing::load_network;
using testing::TemporaryFolder;

const std::vector<std::vector<float>> kLinear{{1.0F, -2.0F}, {0.5F, 3.0F}};
const std::vector<std::vector<float>> kCubic{{0.5F, 1.0F, -1.0F}, {-0.25F, 2.0F, 0.75F}};

std::shared_ptr<ov::op::v0::Constant> matrix(const std::vector<std::vector<float>>& rows) {
    std::vector<float> values;
    for (const auto& row : rows) {
        values.insert(values.end(), row.begin(), row.end());
    }
    return ov::op::v0::Constant::create(ov::element::f32, ov::Shape{rows.size(), rows.front().size()}, values);
}

std::shared_ptr<ov::op::v0::Parameter> parameter(const std::string& name, std::int64_t values) {
    const auto made = std::make_shared<ov::op::v0::Parameter>(ov::element::f32, ov::PartialShape{-1, values});
    made->set_friendly_name(name);
    made->output(0).set_names({name});
    return made;
}

std::shared_ptr<ov::Model> network() {
    const auto a = parameter("a", 2);
    const auto b = parameter("b", 3);
    const auto square = std::make_shared<ov::op::v1::Multiply>(b, b);
    const auto cube = std::make_shared<ov::op::v1::Multiply>(square, b);
    const auto y =
        std::make_shared<ov::op::v1::Add>(std::make_shared<ov::op::v0::MatMul>(a, matrix(kLinear), false, true),
                                          std::make_shared<ov::op::v0::MatMul>(cube, matrix(kCubic), false, true));
    y->output(0).set_names({"y"});
    return std::make_shared<ov::Model>(ov::OutputVector{y}, ov::ParameterVector{a, b}, "cubic");
}

class SmoothGradRuns : public ::testing::Test {
protected:
    SmoothGradRuns() : model(load_network(network(), folder)) {
        input.source = "sample.npz";
        input.tensors.emplace("a", Array(Shape{1, 2}, {1.0F, 2.0F}));
        input.tensors.emplace("b", Array(Shape{1, 3}, kB));
        request.model = &model;
        request.input = &input;
        request.targets = {Target::index(0), Target::index(1)};
        request.score = Score::kLogit;
        request.options = {{"num_samples", "50"}, {"noise_level", "0.25"}};
    }
    /// The gradients of a target for b, a row a sample.
    static std::vector<std::vector<double>> gradients(std::size_t target, int samples) {
        std::vector<std::vector<double>> rows;
        for (int sample = 0; sample < samples; ++sample) {
            core::RandomStream random(0, 1, static_cast<std::uint64_t>(sample));  // of input 1
            rows.emplace_back();
            for (std::size_t at = 0; at < kB.size(); ++at) {
                const double b = double{kB[at]} + 0.25 * 3.0 * static_cast<double>(static_cast<float>(random.normal()));
                rows.back().push_back(3.0 * double{kCubic[target][at]} * b * b);
            }
        }
        return rows;
    }
    static void expect_formula(const Explanation& got, std::size_t target, int samples) {
        const auto rows = gradients(target, samples);
        double errors = 0.0, squares = 0.0;
        for (const float weight : kLinear[target]) {
            squares += double{weight} * double{weight};  // their gradient is the same in every sample
        }
        for (std::size_t at = 0; at < kB.size(); ++at) {
            double mean = 0.0, deviation = 0.0;
            for (const auto& row : rows) {
                mean += row[at] / samples;
            }
            for (const auto& row : rows) {
                deviation += (row[at] - mean) * (row[at] - mean);
            }
            errors += deviation / (samples - 1) / samples;
            squares += mean * mean;
            // squares of values up to 5, in float32
            EXPECT_NEAR(double{got.further_inputs.at("b")[at]}, mean, 1e-5 * std::max(1.0, std::abs(mean))) << at;
        }
        EXPECT_EQ(got.measures.at("samples"), double(samples));
        EXPECT_NEAR(got.measures.at("relative_standard_error"), std::sqrt(errors / squares), 1e-5);
    }

    static inline const std::vector<float> kB{0.5F, -1.0F, 2.0F};  // 3 from the least to the greatest
    const TemporaryFolder folder;
    const Model model;
    Input input;
    Request request;
};

TEST_F(SmoothGradRuns, IsTheMeanOverItsSamplesAndErrsByAllInputs) {
    const auto got = run(method("smoothgrad"), request);
    expect_formula(got[0], 0, 50);
    expect_formula(got[1], 1, 50);
}

TEST_F(SmoothGradRuns, CutBetweenTwoTargetsCountsTheSamplesOfEach) {
    // One evaluation for the targets, two a sample and target: five rows, three of them of the first target.
    request.run.budget.evaluations = 11;
    const auto got = run(method("smoothgrad"), request);
    expect_formula(got[0], 0, 3);
    expect_formula(got[1], 1, 2);
}

TEST_F(SmoothGradRuns, StandardErrorsAreOfTheSamplesOfTheirTarget) {
    // Standard errors are written of the first input: here b is the only one.
    const auto b = parameter("b", 3);
    const auto square = std::make_shared<ov::op::v1::Multiply>(b, b);
    const auto cube = std::make_shared<ov::op::v1::Multiply>(square, b);
    const auto y = std::make_shared<ov::op::v0::MatMul>(cube, matrix(kCubic), false, true);
    y->output(0).set_names({"y"});
    const Model alone =
        load_network(std::make_shared<ov::Model>(ov::OutputVector{y}, ov::ParameterVector{b}, "alone"), folder);
    request.model = &alone;
    request.run.budget.evaluations = 11;
    const auto got = run(method("smoothgrad"), request);
    for (std::size_t target = 0; target < 2; ++target) {
        const int samples = target == 0 ? 3 : 2;
        for (std::size_t at = 0; at < kB.size(); ++at) {
            std::vector<double> values;
            double mean = 0.0, deviation = 0.0;
            for (int sample = 0; sample < samples; ++sample) {
                core::RandomStream random(0, 0, static_cast<std::uint64_t>(sample));
                double noise = 0.0;
                for (std::size_t draw = 0; draw <= at; ++draw) {
                    noise = random.normal();
                }
                const double moved = double{kB[at]} + 0.75 * noise;
                values.push_back(3.0 * double{kCubic[target][at]} * moved * moved);
                mean += values.back() / samples;
            }
            for (const double value : values) {
                deviation += (value - mean) * (value - mean);
            }
            const double error = std::sqrt(deviation / (samples - 1) / samples);
            EXPECT_NEAR(double{got[target].standard_error.value()[at]}, error, 1e-5 * std::max(1.0, error)) << at;
        }
    }
}

}  // namespace
}  // namespace pellucid
