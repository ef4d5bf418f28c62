// Layers that normalise: batch (by running statistics), layer, instance and group, local response, and by a norm.
#include "graph/facts/table.hpp"

namespace pellucid::graph::facts {
namespace {

namespace op = ov::op;
using Node = std::shared_ptr<ov::Node>;
using Cotangents = std::vector<Cotangent>;

/// A vector of one element a channel, shaped to stand on axis 1 of a tensor of this rank.
Expr per_channel(const Expr& v, std::int64_t rank) {
    std::vector<std::int64_t> shape(static_cast<std::size_t>(rank), 1);
    shape[1] = -1;
    return v.tape->make<op::v1::Reshape>(v.value, v.tape->integers(shape).value, false);
}

std::vector<std::int64_t> all_but_channel(std::int64_t rank) {
    std::vector<std::int64_t> axes{0};
    for (std::int64_t axis = 2; axis < rank; ++axis) axes.push_back(axis);
    return axes;
}

/// y = gamma (x - mean) / sqrt(variance + epsilon) + beta, all four one a channel and computed elsewhere.
Cotangents batch_norm(const Node& node, const Cotangents& outputs, Tape& tape) {
    const auto layer = ov::as_type_ptr<op::v5::BatchNormInference>(node);
    const auto g = tape.expr(outputs[0].value);
    const auto x = tape.in(*node, 0);
    const auto rank = rank_of(*node, x.value);
    const auto gamma = tape.in(*node, 1);
    const auto mean = tape.in(*node, 3);
    const auto inverse = 1.0 / sqrt(tape.in(*node, 4) + layer->get_eps_value());
    const auto sum = [&](const Expr& v) { return tape.sum(v.value, all_but_channel(rank), false); };
    Cotangents made(5);
    if (tape.wants(*node, 0)) made[0] = g * per_channel(gamma * inverse, rank);
    const auto centred = [&] { return x - per_channel(mean, rank); };
    if (tape.wants(*node, 1)) made[1] = sum(g * centred()) * inverse;
    if (tape.wants(*node, 2)) made[2] = sum(g);
    if (tape.wants(*node, 3)) made[3] = -(sum(g) * gamma * inverse);
    if (tape.wants(*node, 4)) made[4] = sum(g * centred()) * gamma * inverse * inverse * inverse * -0.5;
    return made;
}

}  // namespace

std::span<const OpFacts> normalisation() {
    static const std::array kRows{
        row<op::v5::BatchNormInference>(Law::kLinear, batch_norm),
    };
    return kRows;
}

}  // namespace pellucid::graph::facts
