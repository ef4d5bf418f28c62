// Ops that reduce, or sum along an axis: one line a case.
#include <gtest/gtest.h>

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

}  // namespace

std::vector<Case> reduction_cases() { return reductions(); }

}  // namespace pellucid::graph::testing
