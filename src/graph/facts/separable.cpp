#include "graph/facts/separable.hpp"

#include <numeric>

namespace pellucid::graph::facts {

namespace op = ov::op;

Expr adjoint_along(Tape& tape, const Value& g, const AxisMap& map, std::size_t axis) {
    const auto rank = g.get_partial_shape().size();
    const auto type = g.get_element_type();
    const auto matrix = tape.make<op::v0::Constant>(type, ov::Shape{map.in, map.out}, map.weights);
    if (axis + 2 == rank) return tape.make<op::v0::MatMul>(matrix.value, g, false, false);
    if (axis + 1 == rank) return tape.make<op::v0::MatMul>(g, matrix.value, false, true);
    // Swapping the axis with the last is its own inverse.
    std::vector<std::int64_t> order(rank);
    std::iota(order.begin(), order.end(), 0);
    std::swap(order[axis], order[rank - 1]);
    const auto swap = tape.integers(order);
    const auto turned = tape.make<op::v1::Transpose>(g, swap.value);
    const auto mapped = tape.make<op::v0::MatMul>(turned.value, matrix.value, false, true);
    return tape.make<op::v1::Transpose>(mapped.value, swap.value);
}

}  // namespace pellucid::graph::facts
