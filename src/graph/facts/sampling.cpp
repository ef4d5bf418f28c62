// Samples of a map at places that a grid computes, and columns of patches summed back to an image.
#include "graph/facts/table.hpp"

namespace pellucid::graph::facts {
namespace {

namespace op = ov::op;
using Node = std::shared_ptr<ov::Node>;
using Cotangents = std::vector<Cotangent>;
using Sampling = op::v9::GridSample;

/// Every axis from the third on as one.
Expr flattened(const Expr& map) {
    return map.tape->make<op::v1::Reshape>(map.value, map.tape->integers({0, 0, -1}).value, true);
}

/// One element of the data that a sample reads along one axis: its index, its weight and the derivative of the weight
/// by the place, all [batch, samples]. What padding makes 0 has weight 0.
struct Tap {
    Expr index, weight, slope;
};

/// An axis of the data, and where along it the samples lie.
struct GridAxis {
    Expr length;  ///< of the data, as the grid's type
    Expr first;   ///< the largest whole place that is not beyond the sample
    Expr rest;    ///< of the place, in [0, 1)
    Expr pace;    ///< derivative of the place by the grid's number
};

/// The grid's numbers run from -1 to 1: over the centres of the outermost elements, or over their outer edges.
GridAxis grid_axis(const ov::Node& node, std::size_t which, Tape& tape) {
    const auto attributes = ov::as_type<const Sampling>(&node)->get_attributes();
    const auto grid = tape.in(node, 1);
    const auto axis =
        static_cast<std::int64_t>(3 - which);  // x, y of the grid are the data's last axis and the one before
    const auto picked = tape.make<op::v8::Gather>(grid.value, tape.integer(static_cast<std::int64_t>(which)).value,
                                                  tape.integer(3).value);
    const auto number = tape.make<op::v1::Reshape>(picked.value, tape.integers({0, -1}).value, true);
    GridAxis made;
    made.length = as_type(tape.extent(node.input_value(0), axis), grid.value.get_element_type());
    made.pace = (attributes.align_corners ? made.length - 1.0 : made.length) * 0.5;
    const auto place =
        attributes.align_corners ? (number + 1.0) * made.pace : ((number + 1.0) * made.length - 1.0) * 0.5;
    made.first = tape.make<op::v0::Floor>(place.value);
    made.rest = place - made.first;
    return made;
}

/// Where the padding finds the element of place `at`: for zeros the place itself, which may lie outside.
Expr padded(const Expr& at, const Expr& length, const Sampling::Attributes& attributes) {
    auto& tape = *at.tape;
    const auto lower = [&](const Expr& a, const Expr& b) { return tape.make<op::v1::Minimum>(a.value, b.value); };
    const auto higher = [&](const Expr& a, const Expr& b) { return tape.make<op::v1::Maximum>(a.value, b.value); };
    if (attributes.padding_mode == Sampling::PaddingMode::ZEROS) return at;
    if (attributes.padding_mode == Sampling::PaddingMode::BORDER) {
        return higher(lower(at, length - 1.0), tape.scalar(at.value, 0.0));
    }
    if (attributes.align_corners) {
        const auto period = higher((length - 1.0) * 2.0, tape.scalar(at.value, 1.0));
        const auto within = tape.make<op::v1::FloorMod>(at.value, period.value);
        return lower(within, period - within);
    }
    const auto period = length * 2.0;
    const auto within = tape.make<op::v1::FloorMod>(at.value, period.value);
    return lower(within, period - within - 1.0);
}

/// Weights of the elements around a sample, and their derivatives, by its distance from the first (Keys 1981, eq. 15,
/// with a = -3/4 as torch and ONNX have it).
std::vector<std::pair<Expr, Expr>> weights_of(const Expr& t, Sampling::InterpolationMode mode) {
    if (mode == Sampling::InterpolationMode::BILINEAR) {
        const auto one = t * 0.0 + 1.0;
        return {{1.0 - t, -one}, {t, one}};
    }
    constexpr double kA = -0.75;
    const auto near = [](const Expr& d) { return (d * (kA + 2.0) - (kA + 3.0)) * d * d + 1.0; };
    const auto near_slope = [](const Expr& d) { return (d * (3.0 * (kA + 2.0)) - 2.0 * (kA + 3.0)) * d; };
    const auto far = [](const Expr& d) { return ((d * kA - 5.0 * kA) * d + 8.0 * kA) * d - 4.0 * kA; };
    const auto far_slope = [](const Expr& d) { return (d * (3.0 * kA) - 10.0 * kA) * d + 8.0 * kA; };
    const auto after = 1.0 - t;
    return {{far(t + 1.0), far_slope(t + 1.0)},
            {near(t), near_slope(t)},
            {near(after), -near_slope(after)},
            {far(after + 1.0), -far_slope(after + 1.0)}};
}

std::vector<Tap> taps_of(const GridAxis& axis, const Sampling::Attributes& attributes) {
    const bool cubic = attributes.mode == Sampling::InterpolationMode::BICUBIC;
    std::vector<Tap> taps;
    double offset = cubic ? -1.0 : 0.0;
    for (const auto& [weight, slope] : weights_of(axis.rest, attributes.mode)) {
        const auto at = padded(axis.first + offset, axis.length, attributes);
        // Also where a grid's number is not one at all: no index may lie outside.
        const auto inside = both(greater(at, -0.5), less(at, axis.length - 0.5));
        const auto index = as_type(select(inside, at, 0.0), ov::element::i64);
        taps.push_back({index, select(inside, weight, 0.0), select(inside, slope, 0.0)});
        offset += 1.0;
    }
    return taps;
}

/// Elements read by every sample, as indices into the flattened map and weights, [batch, samples].
struct Reading {
    Expr index, weight;
};

/// Which element is nearest: asked of the engine itself, over a map of the numbers 1, 2, 3, …, so that no rounding of
/// ours decides between two neighbours; whole numbers, as a float would lose count in a large map. 0 is outside.
Reading nearest(const ov::Node& node, Tape& tape) {
    const auto x = node.input_value(0);
    const auto area = tape.extent(x, 2) * tape.extent(x, 3);
    const auto past = tape.make<op::v0::Squeeze>((area + 1.0).value, tape.integers({0}).value);
    const auto count =
        tape.make<op::v4::Range>(tape.integer(1).value, past.value, tape.integer(1).value, ov::element::i32);
    const auto shaped = [&](const Expr& batch) {
        const ov::OutputVector extents{batch.value, tape.integers({1}).value, tape.extent(x, 2).value,
                                       tape.extent(x, 3).value};
        return tape.make<op::v0::Concat>(extents, 0);
    };
    const auto map = tape.make<op::v1::Reshape>(count.value, shaped(tape.integers({1})).value, false);
    const auto maps = tape.make<op::v3::Broadcast>(map.value, shaped(tape.extent(x, 0)).value);
    const auto sampled =
        tape.make<Sampling>(maps.value, node.input_value(1), ov::as_type<const Sampling>(&node)->get_attributes());
    const auto flat = tape.make<op::v1::Reshape>(sampled.value, tape.integers({0, -1}).value, true);
    const auto inside = greater(flat, 0.0);
    return {as_type(select(inside, flat - 1.0, 0.0), ov::element::i64), indicator(inside, tape.expr(x))};
}

/// What a reading takes, put back: summed into `map` [batch, channels, elements].
Expr put_back(const Expr& map, const Expr& g, const Reading& reading) {
    auto& tape = *map.tape;
    const auto weight = as_type(unsqueeze(reading.weight, {1}), g.value.get_element_type());
    const auto at = tape.broadcast_like(unsqueeze(reading.index, {1}).value, g.value);
    return tape.make<op::v12::ScatterElementsUpdate>(map.value, at.value, (g * weight).value, tape.integer(2).value,
                                                     op::v12::ScatterElementsUpdate::Reduction::SUM);
}

/// Bilinear and bicubic samples: products of the weights of two axes.
Cotangents by_taps(const Node& node, const Expr& g, Tape& tape) {
    const auto attributes = ov::as_type_ptr<Sampling>(node)->get_attributes();
    const auto axis_x = grid_axis(*node, 0, tape);
    const auto axis_y = grid_axis(*node, 1, tape);
    const auto taps_x = taps_of(axis_x, attributes);
    const auto taps_y = taps_of(axis_y, attributes);
    const auto x = flattened(tape.in(*node, 0));
    const auto width = tape.extent(node->input_value(0), 3);
    auto by_data = flattened(tape.fill_like(node->input_value(0), 0.0));
    Expr by_x, by_y;
    const auto add = [](Expr& sum, const Expr& term) { sum = sum.tape == nullptr ? term : sum + term; };
    for (const auto& row : taps_y) {
        for (const auto& column : taps_x) {
            const Reading reading{row.index * width + column.index, row.weight * column.weight};
            if (tape.wants(*node, 0)) by_data = put_back(by_data, g, reading);
            if (!tape.wants(*node, 1)) continue;
            const auto at = tape.broadcast_like(unsqueeze(reading.index, {1}).value, g.value);
            const auto read = tape.make<op::v6::GatherElements>(x.value, at.value, 2);
            const auto share = as_type(tape.sum((read * g).value, {1}, false), row.weight.value.get_element_type());
            add(by_x, share * row.weight * column.slope);
            add(by_y, share * row.slope * column.weight);
        }
    }
    Cotangents made(2);
    if (tape.wants(*node, 0)) made[0] = tape.reshape_like(by_data.value, node->input_value(0));
    if (tape.wants(*node, 1)) {
        tape.note("GridSample: by the grid, a sample exactly on an element takes the slope towards larger places");
        const auto both = concat({unsqueeze(by_x * axis_x.pace, {-1}), unsqueeze(by_y * axis_y.pace, {-1})}, -1);
        made[1] = tape.reshape_like(both.value, node->input_value(1));
    }
    return made;
}

Cotangents grid_sample(const Node& node, const Cotangents& outputs, Tape& tape) {
    const auto g = flattened(tape.expr(outputs[0].value));
    const auto mode = ov::as_type_ptr<Sampling>(node)->get_attributes().mode;
    if (mode != Sampling::InterpolationMode::NEAREST) return by_taps(node, g, tape);
    Cotangents made{{}, tape.blocked(*node, 1, "which element is the nearest does not vary")};
    if (!tape.wants(*node, 0)) return made;
    const auto zeros = flattened(tape.fill_like(node->input_value(0), 0.0));
    made[0] = tape.reshape_like(put_back(zeros, g, nearest(*node, tape)).value, node->input_value(0));
    return made;
}

/// Where the elements of columns lie in the padded image, [kernel, blocks] flattened.
std::vector<std::int64_t> places_of_columns(const op::v15::Col2Im& op, const std::vector<std::int64_t>& kernel,
                                            const std::vector<std::int64_t>& padded_size) {
    std::vector<std::int64_t> places;
    const auto signed_of = [](std::size_t v) { return static_cast<std::int64_t>(v); };
    const auto blocks = [&](std::size_t axis) {
        const auto reach = signed_of(op.get_dilations()[axis]) * (kernel[axis] - 1) + 1;
        return (padded_size[axis] - reach) / signed_of(op.get_strides()[axis]) + 1;
    };
    for (std::int64_t y = 0; y < kernel[0]; ++y) {
        for (std::int64_t x = 0; x < kernel[1]; ++x) {
            for (std::int64_t row = 0; row < blocks(0); ++row) {
                for (std::int64_t column = 0; column < blocks(1); ++column) {
                    const auto down = row * signed_of(op.get_strides()[0]) + y * signed_of(op.get_dilations()[0]);
                    const auto right = column * signed_of(op.get_strides()[1]) + x * signed_of(op.get_dilations()[1]);
                    places.push_back(down * padded_size[1] + right);
                }
            }
        }
    }
    return places;
}

/// Each element of a column from its place in the padded image.
Cotangents columns_to_image(const Node& node, const Cotangents& outputs, Tape& tape) {
    const auto typed = ov::as_type_ptr<op::v15::Col2Im>(node);
    auto size = Tape::integers_of(*node, 1, "the size of its image");
    const auto kernel = Tape::integers_of(*node, 2, "the size of its patches");
    const auto rank = static_cast<std::size_t>(rank_of(*node, outputs[0].value));
    std::vector<std::int64_t> begin(rank, 0), end(rank, 0), flat(rank - 1, 0);
    flat.back() = -1;
    for (std::size_t axis = 0; axis < 2; ++axis) {
        begin[rank - 2 + axis] = static_cast<std::int64_t>(typed->get_pads_begin()[axis]);
        end[rank - 2 + axis] = static_cast<std::int64_t>(typed->get_pads_end()[axis]);
        size[axis] += begin[rank - 2 + axis] + end[rank - 2 + axis];
    }
    const auto g = outputs[0].value;
    const auto image = tape.make<op::v12::Pad>(g, tape.integers(begin).value, tape.integers(end).value,
                                               tape.scalar(g, 0.0).value, op::PadMode::CONSTANT);
    const auto elements = tape.make<op::v1::Reshape>(image.value, tape.integers(flat).value, true);
    const auto places = tape.integers(places_of_columns(*typed, kernel, size));
    const auto last = tape.integer(static_cast<std::int64_t>(rank) - 2);
    const auto columns = tape.make<op::v8::Gather>(elements.value, places.value, last.value);
    return {tape.reshape_like(columns.value, node->input_value(0))};
}

}  // namespace

std::span<const OpFacts> sampling() {
    static const std::array kRows{
        row<Sampling>(Law::kSelecting, grid_sample),  // linear in the data, not so in the grid
        row<op::v15::Col2Im>(Law::kLinear, columns_to_image),
    };
    return kRows;
}

}  // namespace pellucid::graph::facts
