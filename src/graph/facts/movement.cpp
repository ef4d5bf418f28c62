// Ops that only move elements: shapes, orders, joins and cuts.
#include "graph/facts/table.hpp"

namespace pellucid::graph::facts {
namespace {

namespace op = ov::op;
using Node = std::shared_ptr<ov::Node>;
using Cotangents = std::vector<Cotangent>;

/// Same elements in another shape.
Cotangents reshape(const Node& node, const Cotangents& outputs, Tape& tape) {
    return {tape.reshape_like(outputs[0].value, node->input_value(0))};
}

Cotangents transpose(const Node& node, const Cotangents& outputs, Tape& tape) {
    auto order = Tape::integers_of(*node, 1, "the order of axes");
    const auto rank = static_cast<std::size_t>(rank_of(*node, node->input_value(0)));
    if (order.empty()) {
        for (std::size_t axis = rank; axis-- > 0;) order.push_back(static_cast<std::int64_t>(axis));
    }
    std::vector<std::int64_t> inverse(rank);
    for (std::size_t axis = 0; axis < rank; ++axis) {
        inverse[static_cast<std::size_t>(order[axis])] = static_cast<std::int64_t>(axis);
    }
    return {tape.make<op::v1::Transpose>(outputs[0].value, tape.integers(inverse).value)};
}

Cotangents concat(const Node& node, const Cotangents& outputs, Tape& tape) {
    const auto rank = rank_of(*node, node->output(0));
    const auto axis = normalise_axes({ov::as_type_ptr<op::v0::Concat>(node)->get_axis()}, rank)[0];
    ov::OutputVector lengths;
    for (const auto& input : node->input_values()) lengths.push_back(tape.extent(input, axis).value);
    const auto split = tape.node<op::v1::VariadicSplit>(outputs[0].value, tape.integer(axis).value,
                                                        tape.make<op::v0::Concat>(lengths, 0).value);
    Cotangents made;
    for (std::size_t port = 0; port < node->get_input_size(); ++port) made.push_back({split->output(port), false});
    return made;
}

}  // namespace

std::span<const OpFacts> movement() {
    static const std::array kRows{
        row<op::v1::Reshape>(Law::kMovement, reshape),
        row<op::v0::Squeeze>(Law::kMovement, reshape),
        row<op::v15::Squeeze>(Law::kMovement, reshape),
        row<op::v0::Unsqueeze>(Law::kMovement, reshape),
        row<op::v1::Transpose>(Law::kMovement, transpose),
        row<op::v0::Concat>(Law::kMovement, concat),
    };
    return kRows;
}

}  // namespace pellucid::graph::facts
