// Ops that move whole elements, copy them, or put them in another order.
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

/// The parts side by side, zeros for those from which nothing flows.
Cotangents split(const Node& node, const Cotangents& outputs, Tape& tape) {
    const auto axis = normalise_axes(Tape::integers_of(*node, 1, "its axis"), rank_of(*node, node->input_value(0)))[0];
    ov::OutputVector parts;
    for (std::size_t port = 0; port < outputs.size(); ++port) {
        parts.push_back(outputs[port].empty() ? tape.fill_like(node->output(port), 0.0).value : outputs[port].value);
    }
    return {tape.make<op::v0::Concat>(parts, axis)};
}

/// Explicit broadcasting says which output axis each input axis becomes; the others are summed.
Cotangents broadcast(const Node& node, const Cotangents& outputs, Tape& tape) {
    const auto x = node->input_value(0);
    auto g = tape.expr(outputs[0].value);
    const auto kind =
        ov::is_type<op::v3::Broadcast>(node) ? ov::as_type_ptr<op::v3::Broadcast>(node)->get_broadcast_spec().m_type
        : ov::as_type_ptr<op::v1::Broadcast>(node)->get_broadcast_spec().m_type == op::AutoBroadcastType::NUMPY
            ? op::BroadcastType::NUMPY
            : op::BroadcastType::EXPLICIT;
    if (kind == op::BroadcastType::PDPD) refuse(*node, "it broadcasts by PaddlePaddle's rule");
    if (kind == op::BroadcastType::EXPLICIT) {
        const auto kept = Tape::integers_of(*node, 2, "its map of axes");
        std::vector<std::int64_t> others;
        for (std::int64_t axis = 0; axis < rank_of(*node, g.value); ++axis) {
            if (std::find(kept.begin(), kept.end(), axis) == kept.end()) others.push_back(axis);
        }
        g = tape.sum(g.value, others, false);
    }
    return {tape.sum_to(g.value, x)};
}

/// g as [r0, x0, r1, x1, …], summed over the repeats.
Cotangents tile(const Node& node, const Cotangents& outputs, Tape& tape) {
    const auto x = node->input_value(0);
    auto repeats = Tape::integers_of(*node, 1, "how often it repeats");
    const auto rank = static_cast<std::size_t>(rank_of(*node, x));
    if (repeats.size() < rank) repeats.insert(repeats.begin(), rank - repeats.size(), 1);
    const auto lead = repeats.size() - rank;
    ov::OutputVector shape;
    std::vector<std::int64_t> axes;
    for (std::size_t axis = 0; axis < repeats.size(); ++axis) {
        if (repeats[axis] != 1 || axis < lead) {
            axes.push_back(static_cast<std::int64_t>(shape.size()));
            shape.push_back(tape.integers({repeats[axis]}).value);
        }
        if (axis >= lead) shape.push_back(tape.extent(x, static_cast<std::int64_t>(axis - lead)).value);
    }
    const auto split = tape.make<op::v1::Reshape>(outputs[0].value, tape.make<op::v0::Concat>(shape, 0).value, false);
    return {tape.reshape_like(tape.sum(split.value, axes, false).value, x)};
}

Cotangents select_rule(const Node& node, const Cotangents& outputs, Tape& tape) {
    const auto g = tape.expr(outputs[0].value);
    const auto mask = tape.in(*node, 0);
    const auto zero = tape.scalar(g.value, 0.0);
    Cotangents made(3);
    if (tape.wants(*node, 1)) made[1] = tape.sum_to(select(mask, g, zero).value, node->input_value(1));
    if (tape.wants(*node, 2)) made[2] = tape.sum_to(select(mask, zero, g).value, node->input_value(2));
    return made;
}

/// The same op once more: it is its own inverse.
Cotangents involution(const Node& node, const Cotangents& outputs, Tape& tape) {
    auto inputs = node->input_values();
    inputs[0] = outputs[0].value;
    const auto made = node->clone_with_new_inputs(inputs);
    tape.name(*made);
    return {{made->output(0), false}};
}

Cotangents roll(const Node& node, const Cotangents& outputs, Tape& tape) {
    const auto back = tape.make<op::v0::Negative>(node->input_value(1));
    return {tape.make<op::v7::Roll>(outputs[0].value, back.value, node->input_value(2))};
}

/// [g, C/g] turned over to [C/g, g]: shuffling in C/g groups turns it back.
Cotangents shuffle_channels(const Node& node, const Cotangents& outputs, Tape& tape) {
    const auto shuffle = ov::as_type_ptr<op::v0::ShuffleChannels>(node);
    const auto axis = normalise_axes({shuffle->get_axis()}, rank_of(*node, node->input_value(0)))[0];
    const auto& channels = node->get_input_partial_shape(0)[static_cast<std::size_t>(axis)];
    if (channels.is_dynamic()) refuse(*node, "how many channels it shuffles is known only while the model runs");
    return {tape.make<op::v0::ShuffleChannels>(outputs[0].value, axis, channels.get_length() / shuffle->get_group())};
}

Cotangents depth_to_space(const Node& node, const Cotangents& outputs, Tape& tape) {
    const auto typed = ov::as_type_ptr<op::v0::DepthToSpace>(node);
    const bool blocks_first = typed->get_mode() == op::v0::DepthToSpace::DepthToSpaceMode::BLOCKS_FIRST;
    using Mode = op::v0::SpaceToDepth::SpaceToDepthMode;
    return {tape.make<op::v0::SpaceToDepth>(outputs[0].value, blocks_first ? Mode::BLOCKS_FIRST : Mode::DEPTH_FIRST,
                                            typed->get_block_size())};
}

Cotangents space_to_depth(const Node& node, const Cotangents& outputs, Tape& tape) {
    const auto typed = ov::as_type_ptr<op::v0::SpaceToDepth>(node);
    const bool blocks_first = typed->get_mode() == op::v0::SpaceToDepth::SpaceToDepthMode::BLOCKS_FIRST;
    using Mode = op::v0::DepthToSpace::DepthToSpaceMode;
    return {tape.make<op::v0::DepthToSpace>(outputs[0].value, blocks_first ? Mode::BLOCKS_FIRST : Mode::DEPTH_FIRST,
                                            typed->get_block_size())};
}

template <class Inverse>
Cotangents blocks(const Node& node, const Cotangents& outputs, Tape& tape) {
    return {tape.make<Inverse>(outputs[0].value, node->input_value(1), node->input_value(2), node->input_value(3))};
}

}  // namespace

std::span<const OpFacts> movement() {
    constexpr auto kMove = Law::kMovement;
    static const std::array kRows{
        row<op::v1::Reshape>(kMove, reshape),
        row<op::v0::Squeeze>(kMove, reshape),
        row<op::v15::Squeeze>(kMove, reshape),
        row<op::v0::Unsqueeze>(kMove, reshape),
        row<op::v1::Transpose>(kMove, transpose),
        row<op::v0::Concat>(kMove, concat),
        row<op::v1::Split>(kMove, split),
        row<op::v1::VariadicSplit>(kMove, split),
        row<op::v1::Broadcast>(kMove, broadcast),
        row<op::v3::Broadcast>(kMove, broadcast),
        row<op::v0::Tile>(kMove, tile),
        row<op::v1::Select>(kMove, select_rule),
        row<op::v0::ReverseSequence>(kMove, involution),
        row<op::v1::Reverse>(kMove, involution),
        row<op::v7::Roll>(kMove, roll),
        row<op::v0::ShuffleChannels>(kMove, shuffle_channels),
        row<op::v0::DepthToSpace>(kMove, depth_to_space),
        row<op::v0::SpaceToDepth>(kMove, space_to_depth),
        row<op::v1::BatchToSpace>(kMove, blocks<op::v1::SpaceToBatch>),
        row<op::v1::SpaceToBatch>(kMove, blocks<op::v1::BatchToSpace>),
    };
    return kRows;
}

}  // namespace pellucid::graph::facts
