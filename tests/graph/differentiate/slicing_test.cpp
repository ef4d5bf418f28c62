// Ops that cut out a part, or pad around it: one line a case.
#include <gtest/gtest.h>

#include "graph/differentiate/cases.hpp"
#include "openvino/opsets/opset16.hpp"

namespace pellucid::graph::testing {
namespace {

namespace op = ov::op;

Value strided(const Value& x, const std::vector<std::int64_t>& begin, const std::vector<std::int64_t>& end,
              const std::vector<std::int64_t>& step, const std::vector<std::vector<std::int64_t>>& masks) {
    return std::make_shared<op::v1::StridedSlice>(x, ints(begin), ints(end), ints(step), masks[0], masks[1], masks[2],
                                                  masks[3], masks[4]);
}

std::vector<Case> cuts() {
    const auto slice = [](const std::vector<std::int64_t>& start, const std::vector<std::int64_t>& stop,
                          const std::vector<std::int64_t>& step, const std::vector<std::int64_t>& axes) {
        return [=](const Values& in) -> Value {
            return std::make_shared<op::v8::Slice>(in[0], ints(start), ints(stop), ints(step), ints(axes));
        };
    };
    const auto pad = [](op::PadMode mode, const std::vector<std::int64_t>& begin,
                        const std::vector<std::int64_t>& end) {
        return [=](const Values& in) -> Value {
            return std::make_shared<op::v12::Pad>(in[0], ints(begin), ints(end), floats({}, 1, 0, 0), mode);
        };
    };
    const auto masked = [](auto... arguments) {
        return [=](const Values& in) -> Value { return strided(in[0], arguments...); };
    };
    using Ints = std::vector<std::int64_t>;
    using Masks = std::vector<Ints>;
    return {
        linear("Slice", {4, 6}, slice({1, -4}, {3, 100}, {1, 1}, {1, 2})),
        linear("Slice with steps", {5, 7}, slice({1, 6}, {5, 0}, {2, -3}, {1, 2})),
        linear("Slice, every extent unknown", {5, 7}, slice({1, -2}, {-1, -6}, {2, -1}, {-2, 2}), true),
        linear("StridedSlice", {4, 6},
               masked(Ints{0, 1, 2}, Ints{0, 3, 0}, Ints{1, 1, 2}, Masks{{1, 0, 0}, {1, 0, 1}, {}, {}, {}})),
        linear("StridedSlice, last element taken", {4, 6},
               masked(Ints{0, -1}, Ints{0, 0}, Ints{1, 1}, Masks{{1, 0}, {1, 0}, {0, 0}, {0, 1}, {}})),
        linear("StridedSlice, axis added", {4, 6},
               masked(Ints{0, 0, 1}, Ints{0, 0, 3}, Ints{1, 1, 1}, Masks{{1, 0, 0}, {1, 0, 0}, {0, 1, 0}, {}, {}})),
        linear("StridedSlice, ellipsis", {4, 5, 6},
               masked(Ints{0, 0, 5}, Ints{0, 0, 1}, Ints{1, 1, -2}, Masks{{1, 0, 0}, {1, 0, 0}, {}, {}, {0, 1, 0}})),
        linear("Pad", {3, 4}, pad(op::PadMode::CONSTANT, {0, 1, 2}, {0, 0, 1})),
        linear("Pad (first form)", {3, 4},
               [](const Values& in) -> Value {
                   return std::make_shared<op::v1::Pad>(in[0], ints({0, 1, 2}), ints({0, 0, 1}), floats({}, 1, 0, 0),
                                                        op::PadMode::CONSTANT);
               }),
        linear("Pad that cuts", {3, 4}, pad(op::PadMode::CONSTANT, {0, 1, -1}, {0, -1, 1})),
        linear("Pad, every extent unknown", {3, 4}, pad(op::PadMode::CONSTANT, {0, 1, 2}, {0, 0, 1}), true),
        linear("Pad reflected", {3, 4, 5}, pad(op::PadMode::REFLECT, {0, 0, 2, 1}, {0, 0, 1, 3})),
        linear("Pad symmetric", {3, 4, 5}, pad(op::PadMode::SYMMETRIC, {0, 1, 2, 1}, {0, 0, 1, 3})),
        linear("Pad by the edge", {3, 4, 5}, pad(op::PadMode::EDGE, {0, 1, 2, 1}, {0, 2, 1, 3})),
    };
}

TEST(DifferentiateSlicing, FirstDerivatives) { check_first_orders(cuts()); }
TEST(DifferentiateSlicing, DerivativesOfDerivatives) { check_second_orders(cuts()); }

}  // namespace

std::vector<Case> slicing_cases() { return cuts(); }

}  // namespace pellucid::graph::testing
