// Linear maps that act on each axis alone: interpolation, adaptive means, reflected borders. Each is written down as a
// matrix per axis, whose transpose is the adjoint.
#include "graph/facts/separable.hpp"
#include "graph/facts/table.hpp"

namespace pellucid::graph::facts {
namespace {

namespace op = ov::op;
using Node = std::shared_ptr<ov::Node>;
using Cotangents = std::vector<Cotangent>;
using Attributes = op::util::InterpolateBase::InterpolateAttrs;

std::pair<std::size_t, std::size_t> extents(const ov::Node& node, std::size_t axis) {
    const auto& in = node.get_input_partial_shape(0)[axis];
    const auto& out = node.get_output_partial_shape(0)[axis];
    if (in.is_dynamic() || out.is_dynamic()) {
        refuse(node, "a size along axis " + std::to_string(axis) + " is known only while the model runs",
               "give the model's input a fixed size");
    }
    return {static_cast<std::size_t>(in.get_length()), static_cast<std::size_t>(out.get_length())};
}

/// The matrix of an interpolation along one axis: what it makes of the rows of the identity.
AxisMap interpolation_map(const ov::Node& node, Attributes attributes, std::size_t axis, float scale) {
    const auto [in, out] = extents(node, axis);
    std::vector<float> identity(in * in, 0.0F);
    for (std::size_t i = 0; i < in; ++i) identity[i * in + i] = 1.0F;
    attributes.pads_begin = attributes.pads_end = std::vector<std::size_t>(4, 0);
    const auto rows = static_cast<std::int64_t>(in);
    const auto made = static_cast<std::int64_t>(out);
    const auto image = std::make_shared<op::v0::Constant>(ov::element::f32, ov::Shape{1, 1, in, in}, identity);
    const auto sizes = op::v0::Constant::create(ov::element::i64, ov::Shape{2}, {rows, made});
    const auto scales = op::v0::Constant::create(ov::element::f32, ov::Shape{2}, {1.0F, scale});
    const auto axes = op::v0::Constant::create(ov::element::i64, ov::Shape{2}, {2, 3});
    const auto map = std::make_shared<op::v4::Interpolate>(image, sizes, scales, axes, attributes);
    ov::OutputVector folded(1);
    if (!map->constant_fold(folded, map->input_values())) refuse(node, "its kind of interpolation cannot be evaluated");
    return {in, out, ov::as_type_ptr<op::v0::Constant>(folded[0].get_node_shared_ptr())->cast_vector<float>()};
}

struct Resize {
    std::vector<std::int64_t> axes;
    std::vector<float> scales;  ///< empty: worked out from the sizes
};

std::vector<std::int64_t> resized_axes(const ov::Node& node, std::size_t port) {
    const auto rank = rank_of(node, node.input_value(0));
    if (node.get_input_size() > port) {
        auto axes = Tape::integers_of(node, port, "the list of its axes");
        for (auto& axis : axes) axis += axis < 0 ? rank : 0;
        return axes;
    }
    std::vector<std::int64_t> all;
    for (std::int64_t axis = 0; axis < rank; ++axis) all.push_back(axis);
    return all;
}

std::vector<float> scales_of(const ov::Node& node, std::size_t port) {
    const auto constant = Tape::constant_of(node.input_value(port));
    if (!constant) refuse(node, "its scales are computed while the model runs");
    return constant->cast_vector<float>();
}

/// Sizes and scales decide the shape of what is made: no gradient flows to them.
Cotangents without_sizes(const Node& node, Cotangent data, Tape& tape) {
    Cotangents made{std::move(data)};
    for (std::size_t port = 1; port < node->get_input_size(); ++port) {
        made.push_back(tape.blocked(*node, port, "sizes do not vary"));
    }
    return made;
}

Cotangents interpolate(const Node& node, const Cotangents& outputs, Tape& tape, const Resize& resize,
                       const Attributes& attributes) {
    const auto padded = [](const std::vector<std::size_t>& pads) {
        return std::any_of(pads.begin(), pads.end(), [](std::size_t pad) { return pad != 0; });
    };
    if (padded(attributes.pads_begin) || padded(attributes.pads_end)) refuse(*node, "it pads while it interpolates");
    auto g = tape.expr(outputs[0].value);
    for (std::size_t i = 0; i < resize.axes.size(); ++i) {
        const auto axis = static_cast<std::size_t>(resize.axes[i]);
        const auto& in = node->get_input_partial_shape(0)[axis];
        if (same_extent(in, node->get_output_partial_shape(0)[axis])) continue;
        const auto [from, to] = extents(*node, axis);
        const auto scale = resize.scales.empty() ? static_cast<float>(to) / static_cast<float>(from) : resize.scales[i];
        g = adjoint_along(tape, g.value, interpolation_map(*node, attributes, axis, scale), axis);
    }
    return without_sizes(node, g, tape);
}

Cotangents interpolate_v4(const Node& node, const Cotangents& outputs, Tape& tape) {
    if (!tape.wants(*node, 0)) return without_sizes(node, {}, tape);
    const auto attributes = ov::as_type_ptr<op::v4::Interpolate>(node)->get_attrs();
    Resize resize{resized_axes(*node, 3), {}};
    if (attributes.shape_calculation_mode == Attributes().shape_calculation_mode) {
        return interpolate(node, outputs, tape, resize, attributes);
    }
    resize.scales = scales_of(*node, 2);
    return interpolate(node, outputs, tape, resize, attributes);
}

Cotangents interpolate_v11(const Node& node, const Cotangents& outputs, Tape& tape) {
    if (!tape.wants(*node, 0)) return without_sizes(node, {}, tape);
    const auto attributes = ov::as_type_ptr<op::v11::Interpolate>(node)->get_attrs();
    Resize resize{resized_axes(*node, 2), {}};
    if (attributes.shape_calculation_mode != Attributes().shape_calculation_mode) resize.scales = scales_of(*node, 1);
    return interpolate(node, outputs, tape, resize, attributes);
}

/// Means over windows floor(o in / out) to ceil((o + 1) in / out).
AxisMap adaptive_map(std::size_t in, std::size_t out) {
    AxisMap map{in, out, std::vector<float>(in * out, 0.0F)};
    for (std::size_t o = 0; o < out; ++o) {
        const auto first = o * in / out;
        const auto last = ((o + 1) * in + out - 1) / out;
        for (auto i = first; i < last; ++i) map.weights[i * out + o] = 1.0F / static_cast<float>(last - first);
    }
    return map;
}

Cotangents adaptive_avg_pool(const Node& node, const Cotangents& outputs, Tape& tape) {
    auto g = tape.expr(outputs[0].value);
    const auto rank = static_cast<std::size_t>(rank_of(*node, node->input_value(0)));
    for (std::size_t axis = 2; axis < rank; ++axis) {
        const auto [in, out] = extents(*node, axis);
        g = adjoint_along(tape, g.value, adaptive_map(in, out), axis);
    }
    return {g};
}

/// Which element of the data stands at place `o` of the padded axis.
std::int64_t border_source(op::PadMode mode, std::int64_t o, std::int64_t in) {
    if (mode == op::PadMode::EDGE) return std::clamp<std::int64_t>(o, 0, in - 1);
    const std::int64_t twice = mode == op::PadMode::REFLECT ? 0 : 1;  // symmetric repeats the border itself
    if (o < 0) return -o - twice;
    if (o >= in) return 2 * (in - 1) - o + twice;
    return o;
}

AxisMap border_map(op::PadMode mode, std::int64_t begin, std::size_t in, std::size_t out) {
    AxisMap map{in, out, std::vector<float>(in * out, 0.0F)};
    for (std::size_t o = 0; o < out; ++o) {
        const auto source = border_source(mode, static_cast<std::int64_t>(o) - begin, static_cast<std::int64_t>(in));
        map.weights[static_cast<std::size_t>(source) * out + o] = 1.0F;
    }
    return map;
}

/// A constant border is cut off (negative pads); other borders go back to where they were copied from.
Cotangents pad(const Node& node, const Cotangents& outputs, Tape& tape) {
    const auto mode = ov::as_type_ptr<op::util::PadBase>(node)->get_pad_mode();
    const auto g = outputs[0].value;
    Cotangents made(node->get_input_size());
    if (mode == op::PadMode::CONSTANT) {
        const auto begin = tape.make<op::v0::Negative>(node->input_value(1));
        const auto end = tape.make<op::v0::Negative>(node->input_value(2));
        const auto zero = tape.scalar(g, 0.0);
        made[0] = tape.make<op::v12::Pad>(g, begin.value, end.value, zero.value, op::PadMode::CONSTANT);
        if (made.size() > 3 && tape.wants(*node, 3)) {
            std::vector<std::int64_t> axes;
            for (std::int64_t axis = 0; axis < rank_of(*node, g); ++axis) axes.push_back(axis);
            const auto rest = tape.sum(g, axes, false) - tape.sum(made[0].value, axes, false);
            made[3] = tape.reshape_like(rest.value, node->input_value(3));
        }
        return made;
    }
    const auto begin = Tape::integers_of(*node, 1, "its padding");
    const auto end = Tape::integers_of(*node, 2, "its padding");
    auto back = tape.expr(g);
    for (std::size_t axis = 0; axis < begin.size(); ++axis) {
        if (begin[axis] == 0 && end[axis] == 0) continue;
        const auto [in, out] = extents(*node, axis);
        back = adjoint_along(tape, back.value, border_map(mode, begin[axis], in, out), axis);
    }
    made[0] = back;
    return made;
}

}  // namespace

std::span<const OpFacts> resampling() {
    static const std::array kRows{
        row<op::v4::Interpolate>(Law::kLinear, interpolate_v4),
        row<op::v11::Interpolate>(Law::kLinear, interpolate_v11),
        row<op::v8::AdaptiveAvgPool>(Law::kLinear, adaptive_avg_pool),
        row<op::v1::Pad>(Law::kMovement, pad),
        row<op::v12::Pad>(Law::kMovement, pad),
    };
    return kRows;
}

}  // namespace pellucid::graph::facts
