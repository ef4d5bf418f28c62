// Ops that reduce, or sum along an axis: one line a case.
#include <gtest/gtest.h>

#include <limits>

#include "graph/differentiate/cases.hpp"
#include "openvino/opsets/opset16.hpp"

namespace pellucid::graph::testing {
namespace {

namespace op = ov::op;

template <class Op>
Build reduce(const std::vector<std::int64_t>& axes, bool keep) {
    return [=](const Values& in) -> Value { return std::make_shared<Op>(in[0], ints(axes), keep); };
}

std::vector<Case> reductions() {
    return {
        linear("ReduceSum", {3, 4, 5}, reduce<op::v1::ReduceSum>({1, 3}, true)),
        linear("ReduceSum, axes dropped", {3, 4, 5}, reduce<op::v1::ReduceSum>({-1, 1}, false)),
        linear("ReduceMean", {3, 4, 5}, reduce<op::v1::ReduceMean>({2, 3}, false)),
        linear("ReduceMean, every extent unknown", {3, 4, 5}, reduce<op::v1::ReduceMean>({2, 3}, false), true),
        linear("ReduceMean over the batch", {3}, reduce<op::v1::ReduceMean>({0}, true)),
        smooth("ReduceL2", {3, 4}, reduce<op::v4::ReduceL2>({1}, false)),
        largest("ReduceL1", {3, 4}, reduce<op::v4::ReduceL1>({1}, true)),
        largest("ReduceMax", {3, 7}, reduce<op::v1::ReduceMax>({2}, false)),
        largest("ReduceMin", {3, 7}, reduce<op::v1::ReduceMin>({1, 2}, true)),
        smooth("ReduceProd", {3, 4}, reduce<op::v1::ReduceProd>({2}, false)),
        smooth("Softmax", {3, 4},
               [](const Values& in) -> Value { return std::make_shared<op::v8::Softmax>(in[0], -1); }),
        smooth("Softmax (first form)", {3, 4},
               [](const Values& in) -> Value { return std::make_shared<op::v1::Softmax>(in[0], 1); }),
        smooth("LogSoftmax", {3, 4},
               [](const Values& in) -> Value { return std::make_shared<op::v5::LogSoftmax>(in[0], 2); }),
        linear("CumSum", {3, 4},
               [](const Values& in) -> Value { return std::make_shared<op::v0::CumSum>(in[0], integer(1)); }),
        linear(
            "CumSum, exclusive and reversed", {5},
            [](const Values& in) -> Value { return std::make_shared<op::v0::CumSum>(in[0], integer(-1), true, true); }),
    };
}

TEST(DifferentiateReductions, FirstDerivatives) { check_first_orders(reductions()); }
TEST(DifferentiateReductions, DerivativesOfDerivatives) { check_second_orders(reductions()); }

/// As exporters guard attention: the row that is masked whole is replaced, and its inputs have derivative 0.
TEST(DifferentiateReductions, NothingFlowsThroughASoftmaxOfAMaskedRow) {
    const auto x = std::make_shared<op::v0::Parameter>(ov::element::f32, ov::PartialShape{2, 3});
    constexpr float kNever = -std::numeric_limits<float>::infinity();
    const auto mask = op::v0::Constant::create(ov::element::f32, {2, 3}, {0.0F, 0.0F, kNever, kNever, kNever, kNever});
    const auto weights = std::make_shared<op::v8::Softmax>(std::make_shared<op::v1::Add>(x, mask), -1);
    const auto lost = std::make_shared<op::v10::IsNaN>(weights);
    const auto zero = op::v0::Constant::create(ov::element::f32, {}, {0.0F});
    const auto y = std::make_shared<op::v1::Select>(lost, zero, weights);
    const auto model = std::make_shared<ov::Model>(ov::OutputVector{y}, ov::ParameterVector{x});
    auto compiled = compile(differentiate(model, {x}, model->get_results()[0]->input_value(0)).model);
    Random random(3);
    const auto gradient = run(compiled, {random_tensor({2, 3}, random), random_tensor({2, 3}, random)})[1];
    const auto* values = gradient.data<float>();
    EXPECT_NE(values[0], 0.0F);
    EXPECT_NEAR(double{values[0]}, -double{values[1]}, 1e-6);  // two weights that sum to 1
    for (std::size_t at = 2; at < 6; ++at) EXPECT_EQ(values[at], 0.0F) << at;
}

}  // namespace

std::vector<Case> reduction_cases() { return reductions(); }

}  // namespace pellucid::graph::testing
