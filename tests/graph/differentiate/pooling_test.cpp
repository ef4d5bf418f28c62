// Pools over windows: one line a case.
#include <gtest/gtest.h>

#include "graph/differentiate/cases.hpp"
#include "openvino/opsets/opset16.hpp"

namespace pellucid::graph::testing {
namespace {

namespace op = ov::op;

template <class Op>
Build max_pool(const ov::Strides& strides, const ov::Shape& begin, const ov::Shape& end, const ov::Shape& kernel,
               op::RoundingType rounding = op::RoundingType::FLOOR, op::PadType pad = op::PadType::EXPLICIT) {
    return [=](const Values& in) -> Value {
        if constexpr (std::is_same_v<Op, op::v1::MaxPool>) {
            return std::make_shared<Op>(in[0], strides, begin, end, kernel, rounding, pad);
        } else {
            return std::make_shared<Op>(in[0], strides, ov::Strides(kernel.size(), 1), begin, end, kernel, rounding,
                                        pad)
                ->output(0);
        }
    };
}
template <class Op>
Build avg_pool(const ov::Strides& strides, const ov::Shape& begin, const ov::Shape& end, const ov::Shape& kernel,
               bool exclude, op::RoundingType rounding = op::RoundingType::FLOOR,
               op::PadType pad = op::PadType::EXPLICIT) {
    return [=](const Values& in) -> Value {
        if constexpr (std::is_same_v<Op, op::v16::AvgPool>) {
            return std::make_shared<Op>(in[0], strides, ov::Strides(kernel.size(), 1), begin, end, kernel, exclude,
                                        rounding, pad);
        } else {
            return std::make_shared<Op>(in[0], strides, begin, end, kernel, exclude, rounding, pad);
        }
    };
}

std::vector<Case> pools() {
    using op::RoundingType;
    return {
        largest("MaxPool 2x2", {3, 6, 6}, max_pool<op::v1::MaxPool>({2, 2}, {0, 0}, {0, 0}, {2, 2})),
        largest("MaxPool 3x3 padded", {2, 7, 8}, max_pool<op::v8::MaxPool>({2, 2}, {1, 1}, {1, 1}, {3, 3})),
        largest("MaxPool overlapping", {2, 7, 8}, max_pool<op::v14::MaxPool>({1, 1}, {0, 0}, {0, 0}, {3, 3})),
        largest("MaxPool rounded up", {2, 8, 8},
                max_pool<op::v8::MaxPool>({2, 2}, {0, 0}, {0, 0}, {3, 3}, RoundingType::CEIL)),
        largest(
            "MaxPool same", {2, 8, 7},
            max_pool<op::v8::MaxPool>({2, 2}, {0, 0}, {0, 0}, {3, 3}, RoundingType::FLOOR, op::PadType::SAME_UPPER)),
        largest("MaxPool 1d", {2, 9}, max_pool<op::v8::MaxPool>({2}, {1}, {0}, {3})),
        largest("MaxPool 3d", {2, 4, 5, 6}, max_pool<op::v8::MaxPool>({2, 2, 2}, {0, 1, 0}, {0, 1, 0}, {2, 3, 2})),
        largest("MaxPool, every extent unknown", {2, 7, 8}, max_pool<op::v8::MaxPool>({2, 2}, {1, 1}, {1, 1}, {3, 3}),
                true),
        linear("AvgPool 2x2", {3, 6, 6}, avg_pool<op::v1::AvgPool>({2, 2}, {0, 0}, {0, 0}, {2, 2}, true)),
        linear("AvgPool counts no padding", {2, 7, 8}, avg_pool<op::v1::AvgPool>({2, 2}, {1, 1}, {1, 1}, {3, 3}, true)),
        linear("AvgPool counts padding", {2, 7, 8}, avg_pool<op::v1::AvgPool>({2, 2}, {1, 1}, {1, 1}, {3, 3}, false)),
        linear("AvgPool leaves a rest", {2, 8, 9}, avg_pool<op::v16::AvgPool>({3, 3}, {0, 0}, {0, 0}, {2, 2}, true)),
        linear("AvgPool rounded up", {2, 8, 8},
               avg_pool<op::v1::AvgPool>({2, 2}, {0, 0}, {0, 0}, {3, 3}, true, RoundingType::CEIL)),
        linear("AvgPool rounded up, counts padding", {2, 8, 8},
               avg_pool<op::v1::AvgPool>({2, 2}, {1, 1}, {1, 1}, {3, 3}, false, RoundingType::CEIL)),
        linear("AvgPool same", {2, 8, 7},
               avg_pool<op::v1::AvgPool>({2, 2}, {0, 0}, {0, 0}, {3, 3}, true, RoundingType::FLOOR,
                                         op::PadType::SAME_UPPER)),
        linear("AvgPool over all", {3, 5, 4}, avg_pool<op::v14::AvgPool>({1, 1}, {0, 0}, {0, 0}, {5, 4}, true)),
        linear("AvgPool 1d", {3, 9}, avg_pool<op::v1::AvgPool>({2}, {1}, {1}, {3}, true)),
        linear("AvgPool 3d", {2, 4, 5, 6}, avg_pool<op::v1::AvgPool>({2, 2, 2}, {0, 0, 0}, {0, 0, 0}, {2, 2, 2}, true)),
        linear(
            "AdaptiveAvgPool", {2, 7, 5},
            [](const Values& in) -> Value { return std::make_shared<op::v8::AdaptiveAvgPool>(in[0], ints({3, 2})); }),
        largest("AdaptiveMaxPool", {2, 7, 5},
                [](const Values& in) -> Value {
                    return std::make_shared<op::v8::AdaptiveMaxPool>(in[0], ints({3, 2}), ov::element::i32)->output(0);
                }),
    };
}

TEST(DifferentiatePooling, FirstDerivatives) { check_first_orders(pools()); }
TEST(DifferentiatePooling, DerivativesOfDerivatives) { check_second_orders(pools()); }

}  // namespace

std::vector<Case> pooling_cases() { return pools(); }

}  // namespace pellucid::graph::testing
