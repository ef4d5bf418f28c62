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

/// What a normalisation by mean and variance was made of: y = (x - mean) / sigma along `axes`.
struct Normalised {
    Expr centred, deviation, sigma;      ///< deviation: root of the variance (and epsilon); sigma: what divides
    std::vector<std::int64_t> axes;
};

Normalised normalise(const Expr& x, const std::vector<std::int64_t>& axes, double epsilon, bool inside) {
    auto& tape = *x.tape;
    Normalised made{x - tape.mean(x.value, axes), {}, {}, axes};
    const auto variance = tape.mean((made.centred * made.centred).value, axes);
    made.deviation = inside ? sqrt(variance + epsilon) : sqrt(variance);
    made.sigma = inside ? made.deviation : made.deviation + epsilon;
    return made;
}

/// (g - mean g) / sigma - c mean(g c) / (deviation sigma^2), the second term 0 where nothing deviates.
Expr through_mean_and_variance(const Expr& g, const Normalised& n) {
    auto& tape = *g.tape;
    const auto safe = select(greater(n.deviation, 0.0), n.deviation, 1.0);
    const auto projection = tape.mean((g * n.centred).value, n.axes) / (safe * n.sigma * n.sigma);
    return (g - tape.mean(g.value, n.axes)) / n.sigma - n.centred * projection;
}

/// What mean and variance go over, and how the variance is guarded.
struct MvnForm {
    std::vector<std::int64_t> axes;
    bool scales;
    double epsilon;
    bool inside;   ///< epsilon under the root
};

Cotangents mvn_along(const Node& node, const Cotangents& outputs, Tape& tape, const MvnForm& form) {
    const auto g = tape.expr(outputs[0].value);
    if (!form.scales) return {g - tape.mean(g.value, form.axes)};
    return {through_mean_and_variance(g, normalise(tape.in(*node, 0), form.axes, form.epsilon, form.inside))};
}

Cotangents mvn(const Node& node, const Cotangents& outputs, Tape& tape) {
    const auto layer = ov::as_type_ptr<op::v6::MVN>(node);
    const auto axes =
        normalise_axes(Tape::integers_of(*node, 1, "the list of axes"), rank_of(*node, node->input_value(0)));
    return mvn_along(node, outputs, tape,
                     {axes, layer->get_normalize_variance(), static_cast<double>(layer->get_eps()),
                      layer->get_eps_mode() == op::MVNEpsMode::INSIDE_SQRT});
}

Cotangents mvn_v0(const Node& node, const Cotangents& outputs, Tape& tape) {
    const auto layer = ov::as_type_ptr<op::v0::MVN>(node);
    const auto reduced = layer->get_reduction_axes();
    return mvn_along(node, outputs, tape,
                     {{reduced.begin(), reduced.end()}, layer->get_normalize_variance(), layer->get_eps(), true});
}

/// Scale and bias one a channel; mean and variance over groups of channels with all their places.
Cotangents group_normalisation(const Node& node, const Cotangents& outputs, Tape& tape) {
    const auto layer = ov::as_type_ptr<op::v12::GroupNormalization>(node);
    const auto g = tape.expr(outputs[0].value);
    const auto x = tape.in(*node, 0);
    const auto rank = rank_of(*node, x.value);
    const auto grouped = [&](const Expr& v) {
        const auto shape = tape.integers({0, layer->get_num_groups(), -1});
        return tape.make<op::v1::Reshape>(v.value, shape.value, true);
    };
    const auto normalised = normalise(grouped(x), {2}, layer->get_epsilon(), true);
    Cotangents made(3);
    if (tape.wants(*node, 0)) {
        const auto scaled = grouped(g * per_channel(tape.in(*node, 1), rank));
        made[0] = tape.reshape_like(through_mean_and_variance(scaled, normalised).value, x.value);
    }
    if (tape.wants(*node, 1)) {
        const auto y = tape.reshape_like((normalised.centred / normalised.sigma).value, x.value);
        made[1] = tape.sum((g * y).value, all_but_channel(rank), false);
    }
    if (tape.wants(*node, 2)) made[2] = tape.sum(g.value, all_but_channel(rank), false);
    return made;
}

/// y = x / d, d = sqrt(sum x^2 + epsilon), or the root of the larger of the two.
Cotangents normalize_l2(const Node& node, const Cotangents& outputs, Tape& tape) {
    const auto layer = ov::as_type_ptr<op::v0::NormalizeL2>(node);
    const auto g = tape.expr(outputs[0].value);
    const auto x = tape.in(*node, 0);
    const auto axes = normalise_axes(Tape::integers_of(*node, 1, "the list of axes"), rank_of(*node, x.value));
    if (axes.empty()) refuse(*node, "it normalises along no axis");
    const double epsilon = static_cast<double>(layer->get_eps());
    const auto square = tape.sum((x * x).value, axes);
    const bool adds = layer->get_eps_mode() == op::EpsMode::ADD;
    const auto held =
        adds ? square + epsilon : tape.make<op::v1::Maximum>(square.value, tape.scalar(x.value, epsilon).value);
    auto projection = tape.sum((g * x).value, axes) / held;
    if (!adds) projection = select(greater(square, epsilon), projection, 0.0);
    return {(g - x * projection) / sqrt(held)};
}

/// Windowed sums over channels as a band matrix [C, C]: row c holds ones at the channels that c's window covers.
Expr channel_windows(const Expr& v, std::int64_t channels, std::int64_t size, bool transposed) {
    auto& tape = *v.tape;
    std::vector<float> band(static_cast<std::size_t>(channels * channels), 0.0F);
    for (std::int64_t c = 0; c < channels; ++c) {
        const auto first = c - (size - 1) / 2;
        for (auto k = std::max<std::int64_t>(first, 0); k < std::min(first + size, channels); ++k) {
            band[static_cast<std::size_t>(c * channels + k)] = 1.0F;
        }
    }
    const auto type = v.value.get_element_type();
    const ov::Shape shape{static_cast<std::size_t>(channels), static_cast<std::size_t>(channels)};
    const auto matrix = tape.make<op::v0::Constant>(type, shape, band);
    const auto flat = tape.make<op::v1::Reshape>(v.value, tape.integers({0, channels, -1}).value, true);
    const auto sums = tape.make<op::v0::MatMul>(matrix.value, flat.value, transposed, false);
    return tape.reshape_like(sums.value, v.value);
}

/// y = x s^-b, s = k + a/n W(x^2), W the sum over a window of n channels: g s^-b - 2ab/n x W'(g x s^(-b-1)).
Cotangents local_response(const Node& node, const Cotangents& outputs, Tape& tape) {
    const auto layer = ov::as_type_ptr<op::v0::LRN>(node);
    const auto axes =
        normalise_axes(Tape::integers_of(*node, 1, "the list of axes"), rank_of(*node, node->input_value(0)));
    const auto& channels = node->get_input_partial_shape(0)[1];
    if (axes != std::vector<std::int64_t>{1} || channels.is_dynamic()) {
        refuse(*node, "only windows over a fixed number of channels have a rule");
    }
    const auto count = channels.get_length();
    const auto size = static_cast<std::int64_t>(layer->get_nsize());
    const double a = layer->get_alpha() / static_cast<double>(size);
    const double b = layer->get_beta();
    const auto g = tape.expr(outputs[0].value);
    const auto x = tape.in(*node, 0);
    const auto s = channel_windows(x * x, count, size, false) * a + layer->get_bias();
    const auto power = pow(s, -b);
    return {g * power - x * channel_windows(g * x * power / s, count, size, true) * (2.0 * a * b)};
}

/// y = x / s, s = sqrt(sum over channels of x^2, plus a bias): g / s - x sum(g x) / s^3.
Cotangents norm_over_channels(const Node& node, const Cotangents& outputs, Tape& tape) {
    const auto g = tape.expr(outputs[0].value);
    const auto x = tape.in(*node, 0);
    const double bias = ov::as_type_ptr<op::v0::GRN>(node)->get_bias();
    const auto s = sqrt(tape.sum((x * x).value, {1}) + bias);
    return {g / s - x * tape.sum((g * x).value, {1}) / (s * s * s)};
}

}  // namespace

std::span<const OpFacts> normalisation() {
    constexpr auto kNormalising = Law::kNormalising;
    static const std::array kRows{
        row<op::v5::BatchNormInference>(Law::kLinear, batch_norm),
        row<op::v0::MVN>(kNormalising, mvn_v0),
        row<op::v6::MVN>(kNormalising, mvn),
        row<op::v12::GroupNormalization>(kNormalising, group_normalisation),
        row<op::v0::NormalizeL2>(kNormalising, normalize_l2),
        row<op::v0::GRN>(kNormalising, norm_over_channels),
        row<op::v0::LRN>(kNormalising, local_response),
    };
    return kRows;
}

}  // namespace pellucid::graph::facts
