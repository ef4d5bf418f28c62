// Regions of interest: bins of a box, each the mean, or the largest, of samples between elements of the map.
#include "graph/facts/table.hpp"

namespace pellucid::graph::facts {
namespace {

namespace op = ov::op;
using Node = std::shared_ptr<ov::Node>;
using Cotangents = std::vector<Cotangent>;

Expr reshape(const Expr& x, const std::vector<Expr>& extents) {
    return x.tape->make<op::v1::Reshape>(x.value, concat(extents, 0).value, false);
}
Expr transpose(const Expr& x, const std::vector<std::int64_t>& order) {
    return x.tape->make<op::v1::Transpose>(x.value, x.tape->integers(order).value);
}
Expr higher(const Expr& a, double b) {
    return a.tape->make<op::v1::Maximum>(a.value, a.tape->scalar(a.value, b).value);
}
Expr lower(const Expr& a, const Expr& b) { return a.tape->make<op::v1::Minimum>(a.value, b.value); }

/// 0, 1, 2, … below `stop` (a scalar), in the type of `like`.
Expr counting(const Expr& stop, const Value& like) {
    auto& tape = *stop.tape;
    return tape.make<op::v4::Range>(tape.scalar(stop.value, 0.0).value, stop.value, tape.scalar(stop.value, 1.0).value,
                                    like.get_element_type());
}

/// What the two versions of the op say in different ways.
struct Pooling {
    bool aligned = false;        ///< boxes are taken half an element back, and may be smaller than one
    double before_scale = 0.0;   ///< added to the corners before they are scaled
    bool largest = false;
    double scale = 1.0;
    int samples = 0;             ///< of a bin along each axis; 0: as many as the bin has elements
    std::array<std::int64_t, 2> bins{};
};

template <class Op>
Pooling pooling_of(const Op& op) {
    Pooling made;
    made.largest = op.get_mode() == Op::PoolingMode::MAX;
    made.scale = static_cast<double>(op.get_spatial_scale());
    made.samples = op.get_sampling_ratio();
    made.bins = {op.get_pooled_h(), op.get_pooled_w()};
    if constexpr (std::is_same_v<Op, op::v9::ROIAlign>) {
        made.aligned = op.get_aligned_mode() != Op::AlignedMode::ASYMMETRIC;
        if (op.get_aligned_mode() == Op::AlignedMode::HALF_PIXEL) made.before_scale = 0.5;
    }
    return made;
}

/// Along one axis of the map, the samples of every bin of every box, [boxes, bins, samples].
struct Samples {
    Expr place;   ///< within the map
    Expr weight;  ///< 1 / samples of the bin; 0 for a sample that lies outside
    Expr live;    ///< boolean: whether it is one, and lies within the map
    Expr length;  ///< of the map along the axis, as a vector of one
};

/// @param axis  0: rows, 1: columns
Samples samples_of(const ov::Node& node, const Pooling& pooling, std::size_t axis, Tape& tape) {
    const auto boxes = tape.in(node, 1);
    const auto corner = [&](std::size_t which) {
        const auto picked = tape.make<op::v8::Gather>(
            boxes.value, tape.integers({static_cast<std::int64_t>(which)}).value, tape.integer(1).value);
        return (picked + pooling.before_scale) * pooling.scale - (pooling.aligned ? 0.5 : 0.0);
    };
    const auto begin = corner(1 - axis);  // x before y
    auto size = corner(3 - axis) - begin;
    if (!pooling.aligned) size = higher(size, 1.0);
    const auto bin = size / static_cast<double>(pooling.bins[axis]);
    const auto one = bin * 0.0 + 1.0;
    const auto count =
        pooling.samples > 0 ? one * static_cast<double>(pooling.samples) : Expr{tape.make<op::v0::Ceiling>(bin.value)};
    const auto most = higher(tape.make<op::v1::ReduceMax>(count.value, tape.integers({0, 1}).value, false), 1.0);
    const auto sample = counting(most, boxes.value);  // [samples]
    const auto wide = [&](const Expr& of_box) { return unsqueeze(of_box, {2}); };  // [boxes, 1, 1]
    const auto bins = counting(tape.scalar(boxes.value, static_cast<double>(pooling.bins[axis])), boxes.value);
    const auto held = higher(count, 1.0);
    const auto place = wide(begin) + unsqueeze(bins, {1}) * wide(bin) + (sample + 0.5) * wide(bin / held);
    Samples made;
    made.length = tape.make<op::v0::Convert>(
        tape.extent(node.input_value(0), static_cast<std::int64_t>(axis) + 2).value, boxes.value.get_element_type());
    // A sample may lie up to one element outside, where it reads the border.
    const auto outside = [](const Expr& mask) { return mask.tape->make<op::v1::LogicalNot>(mask.value); };
    made.live = both(both(outside(less(place, -1.0)), outside(greater(place, made.length))), less(sample, wide(count)));
    made.place = lower(higher(place, 0.0), made.length - 1.0);
    made.weight = indicator(made.live, place) / wide(held);
    return made;
}

/// Means: each bin is rows · map · columns with interpolating weights on both sides, [boxes, bins, length].
Expr interpolation(const Samples& samples) {
    auto& tape = *samples.place.tape;
    const auto stop = tape.make<op::v0::Squeeze>(samples.length.value, tape.integers({0}).value);
    const auto distance = abs(unsqueeze(samples.place, {3}) - counting(stop, samples.place.value));
    return tape.sum((higher(1.0 - distance, 0.0) * unsqueeze(samples.weight, {3})).value, {2}, false);
}

/// [batch, boxes]: 1 where the box is of that picture.
Expr pictures_of(const ov::Node& node, Tape& tape) {
    const auto batch = tape.make<op::v0::Squeeze>(tape.extent(node.input_value(0), 0).value, tape.integers({0}).value);
    const auto of = tape.make<op::v0::Convert>(node.input_value(2), ov::element::i64);
    const auto numbers = unsqueeze(counting(batch, of.value), {1});
    return indicator(equal(numbers, of), tape.in(node, 1));
}

/// columns first, box by box; then the rows of all boxes at once: the largest tensor has bins · length elements a box.
Expr by_means(const ov::Node& node, const Expr& g, const Pooling& pooling, Tape& tape) {
    const auto x = node.input_value(0);
    const auto rows = interpolation(samples_of(node, pooling, 0, tape));
    const auto columns = interpolation(samples_of(node, pooling, 1, tape));
    const auto extent = [&](std::int64_t axis) { return tape.extent(x, axis); };
    const auto boxes = tape.extent(g.value, 0);
    const auto bins = tape.integers({pooling.bins[0]});
    const auto spread = tape.make<op::v0::MatMul>(g.value, unsqueeze(columns, {1}).value, false, false);
    const auto right = reshape(transpose(spread, {0, 2, 1, 3}), {boxes * bins, extent(1) * extent(3)});
    const auto of_picture = unsqueeze(pictures_of(node, tape), {1, 3}) * unsqueeze(transpose(rows, {2, 0, 1}), {0});
    const auto left = reshape(of_picture, {extent(0) * extent(2), boxes * bins});
    const auto product = tape.make<op::v0::MatMul>(left.value, right.value, false, false);
    return transpose(reshape(product, {extent(0), extent(2), extent(1), extent(3)}), {0, 2, 1, 3});
}

/// The elements on both sides of every sample, each [boxes, bins, samples].
struct Neighbour {
    Expr index, weight;
};
std::array<Neighbour, 2> neighbours_of(const Samples& samples) {
    auto& tape = *samples.place.tape;
    const auto first = tape.make<op::v0::Floor>(samples.place.value);
    const auto second = lower(first + 1.0, samples.length - 1.0);
    const auto rest = samples.place - first;
    const auto live = indicator(samples.live, rest);
    const auto index = [&](const Expr& at) { return Expr{tape.make<op::v0::Convert>(at.value, ov::element::i64)}; };
    return {Neighbour{index(first), (1.0 - rest) * live}, Neighbour{index(second), rest * live}};
}

/// The four elements around every sample: rows of [batch · height · width, channels], and weights, both
/// [boxes, bins down, bins across, samples].
std::vector<Neighbour> corners_of(const ov::Node& node, const Pooling& pooling, Tape& tape) {
    const auto height = tape.extent(node.input_value(0), 2), width = tape.extent(node.input_value(0), 3);
    const auto of = tape.make<op::v0::Convert>(node.input_value(2), ov::element::i64);
    const auto flat = tape.integers({0, 0, 0, -1});
    const auto joined = [&](const Expr& all) { return tape.make<op::v1::Reshape>(all.value, flat.value, true); };
    const auto rows = neighbours_of(samples_of(node, pooling, 0, tape));
    const auto columns = neighbours_of(samples_of(node, pooling, 1, tape));
    std::vector<Neighbour> corners;
    for (const auto& down : rows) {
        for (const auto& across : columns) {
            const auto row = unsqueeze(of, {1, 2, 3, 4}) * height + unsqueeze(down.index, {2, 4});
            corners.push_back({joined(row * width + unsqueeze(across.index, {1, 3})),
                               joined(unsqueeze(down.weight, {2, 4}) * unsqueeze(across.weight, {1, 3}))});
        }
    }
    return corners;
}

/// The largest sample of a bin, or 0 where that is larger (as this engine has it): of equal ones each gets its share.
Expr by_largest(const ov::Node& node, const Expr& g, const Pooling& pooling, Tape& tape) {
    tape.note(
        "ROIAlign: of samples that tie for the largest of a bin each gets an equal share, none where it is below 0");
    const auto x = tape.in(node, 0);
    const auto corners = corners_of(node, pooling, tape);
    const auto extent = [&](std::int64_t axis) { return tape.extent(x.value, axis); };
    const auto pixels = reshape(transpose(x, {0, 2, 3, 1}), {extent(0) * extent(2) * extent(3), extent(1)});
    Expr value;
    for (const auto& corner : corners) {
        const auto read = tape.make<op::v8::Gather>(pixels.value, corner.index.value, tape.integer(0).value);
        const auto part = read * unsqueeze(corner.weight, {4});
        value = value.tape == nullptr ? part : value + part;
    }
    const auto best = tape.make<op::v1::ReduceMax>(value.value, tape.integers({3}).value, true);
    const auto hit = indicator(both(equal(value, best), greater(value, 0.0)), g);
    const auto wide = unsqueeze(transpose(g, {0, 2, 3, 1}), {3});
    const auto share = hit * (wide / higher(tape.sum(hit.value, {3}), 1.0));
    auto sum = tape.fill_like(pixels.value, 0.0);
    for (const auto& corner : corners) {
        sum = tape.make<op::v15::ScatterNDUpdate>(sum.value, unsqueeze(corner.index, {4}).value,
                                                  (share * unsqueeze(corner.weight, {4})).value,
                                                  op::v15::ScatterNDUpdate::Reduction::SUM);
    }
    return transpose(reshape(sum, {extent(0), extent(2), extent(3), extent(1)}), {0, 3, 1, 2});
}

/// Boxes are held fixed, as torchvision holds them.
template <class Op>
Cotangents roi_align(const Node& node, const Cotangents& outputs, Tape& tape) {
    Cotangents made{{}, tape.blocked(*node, 1, "the boxes are held fixed"), {}};
    if (!tape.wants(*node, 0)) return made;
    const auto pooling = pooling_of(*ov::as_type_ptr<Op>(node));
    const auto g = tape.expr(outputs[0].value);
    made[0] = pooling.largest ? by_largest(*node, g, pooling, tape) : by_means(*node, g, pooling, tape);
    return made;
}

}  // namespace

std::span<const OpFacts> regions() {
    static const std::array kRows{
        row<op::v3::ROIAlign>(Law::kSelecting, roi_align<op::v3::ROIAlign>),
        row<op::v9::ROIAlign>(Law::kSelecting, roi_align<op::v9::ROIAlign>),
    };
    return kRows;
}

}  // namespace pellucid::graph::facts
