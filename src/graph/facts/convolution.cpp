// Convolutions and their transposes, dense and in groups, over any number of spatial axes.
//
// Two traps of the CPU plugin decide how these are written (docs/decisions/0002): a transposed convolution never reads
// the weights of a forward one, but their negative, whose sign the cotangent carries; and its size is said by
// `output_padding`, never by `output_shape`, which would move asymmetric pads.
#include "graph/facts/convolution.hpp"
#include "graph/facts/table.hpp"

namespace pellucid::graph::facts {
namespace {

namespace op = ov::op;
using Node = std::shared_ptr<ov::Node>;
using Cotangents = std::vector<Cotangent>;

template <class Op>
Walk walk_of(const Op& node) {
    Walk walk{node.get_strides(), node.get_dilations(), node.get_pads_begin(), node.get_pads_end(), {}, false};
    const auto& weights = node.get_input_partial_shape(1);
    const auto axes = walk.strides.size();
    if (weights.rank().is_dynamic()) refuse(node, "the rank of its weights is not known");
    for (std::size_t axis = weights.size() - axes; axis < weights.size(); ++axis) {
        if (weights[axis].is_dynamic()) refuse(node, "the size of its kernel is not known");
        walk.kernel.push_back(static_cast<std::size_t>(weights[axis].get_length()));
    }
    walk.grouped = weights.size() == axes + 3;
    return walk;
}

/// SAME pads, which depend on the size of the input. With dynamic sizes only stride 1 has them known beforehand.
void resolve_same(const ov::Node& node, op::PadType kind, const ov::PartialShape& input, Walk& walk) {
    for (std::size_t axis = 0; axis < walk.axes(); ++axis) {
        const auto& extent = input[axis + 2];
        const auto stride = static_cast<std::int64_t>(walk.strides[axis]);
        std::int64_t total = walk.reach(axis) - 1;
        if (stride != 1) {
            if (extent.is_dynamic()) {
                refuse(node,
                       "its padding (SAME, stride " + std::to_string(stride) +
                           ") depends on a size that is known only while the model runs",
                       "give the model's input a fixed size");
            }
            const auto length = extent.get_length();
            const auto out = (length + stride - 1) / stride;
            total = std::max<std::int64_t>((out - 1) * stride + walk.reach(axis) - length, 0);
        }
        const auto less = total / 2;
        walk.begin[axis] = kind == op::PadType::SAME_UPPER ? less : total - less;
        walk.end[axis] = total - walk.begin[axis];
    }
}

template <class Op>
Walk forward_walk(const Op& node) {
    auto walk = walk_of(node);
    const auto kind = node.get_auto_pad();
    if (kind == op::PadType::VALID) {
        std::fill(walk.begin.begin(), walk.begin.end(), 0);
        std::fill(walk.end.begin(), walk.end.end(), 0);
    } else if (kind != op::PadType::EXPLICIT) {
        resolve_same(node, kind, node.get_input_partial_shape(0), walk);
    }
    return walk;
}

Expr transposed(const Walk& walk, Tape& tape, const Value& g, const Value& w, const ov::CoordinateDiff& extra) {
    const auto pad = op::PadType::EXPLICIT;
    if (walk.grouped) {
        return tape.make<op::v1::GroupConvolutionBackpropData>(g, w, walk.strides, walk.begin, walk.end, walk.dilations,
                                                               pad, extra);
    }
    return tape.make<op::v1::ConvolutionBackpropData>(g, w, walk.strides, walk.begin, walk.end, walk.dilations, pad,
                                                      extra);
}

Expr straight(const Walk& walk, Tape& tape, const Value& x, const Value& w) {
    if (walk.grouped) {
        return tape.make<op::v1::GroupConvolution>(x, w, walk.strides, walk.begin, walk.end, walk.dilations);
    }
    return tape.make<op::v1::Convolution>(x, w, walk.strides, walk.begin, walk.end, walk.dilations);
}

ov::OutputVector spatial_extents(Tape& tape, const Value& v, std::size_t axes) {
    ov::OutputVector extents;
    for (std::size_t axis = 0; axis < axes; ++axis) {
        extents.push_back(tape.extent(v, static_cast<std::int64_t>(axis + 2)).value);
    }
    return extents;
}

/// The first elements of each spatial axis, as many as `like` has.
Expr crop(Tape& tape, const Value& v, const Value& like, std::size_t axes) {
    std::vector<std::int64_t> zeros(axes, 0), ones(axes, 1), which;
    for (std::size_t axis = 0; axis < axes; ++axis) which.push_back(static_cast<std::int64_t>(axis + 2));
    const auto stops = spatial_extents(tape, like, axes);
    const auto stop = stops.size() == 1 ? stops[0] : tape.make<op::v0::Concat>(stops, 0).value;
    return tape.make<op::v8::Slice>(v, tape.integers(zeros).value, stop, tape.integers(ones).value,
                                    tape.integers(which).value);
}

/// The adjoint of a convolution in its data, in the shape of x.
Cotangent data_gradient(const Walk& walk, Tape& tape, const Value& g, const Value& w, const Value& x) {
    if (const auto made = by_subpixels(walk, tape, {g, w, x})) return *made;
    const auto weights = tape.negative_weights(w);
    ov::CoordinateDiff extra(walk.axes(), 0);
    bool crops = false;
    for (std::size_t axis = 0; axis < walk.axes(); ++axis) {
        const auto stride = static_cast<std::int64_t>(walk.strides[axis]);
        const auto& in = x.get_partial_shape()[axis + 2];
        const auto& out = g.get_partial_shape()[axis + 2];
        if (in.is_static() && out.is_static()) {
            extra[axis] = in.get_length() -
                          ((out.get_length() - 1) * stride - walk.begin[axis] - walk.end[axis] + walk.reach(axis));
        } else if (stride > 1) {
            // What a stride leaves over is known only at run time: make the longest, and cut.
            extra[axis] = stride - 1;
            crops = true;
        }
    }
    auto made = transposed(walk, tape, g, weights, extra);
    if (crops) made = crop(tape, made.value, x, walk.axes());
    return {made.value, true};
}

/// [N, C, spatial…] as [N, groups, C / groups, all].
Expr in_groups(Tape& tape, const Value& v, std::int64_t groups, std::int64_t channels) {
    return tape.make<op::v1::Reshape>(v, tape.integers({0, groups, channels / groups, -1}).value, true);
}

/// The elements of the padded data that meet one tap of the kernel: as many as the windows.
Expr under_tap(const Walk& walk, Tape& tape, const Value& padded, const ov::OutputVector& windows, std::size_t tap) {
    std::vector<std::int64_t> starts(walk.axes()), steps(walk.strides.begin(), walk.strides.end()), which;
    const auto places = places_of(tap, walk.kernel);
    for (std::size_t axis = 0; axis < walk.axes(); ++axis) {
        starts[axis] = static_cast<std::int64_t>(places[axis] * walk.dilations[axis]);
        which.push_back(static_cast<std::int64_t>(axis + 2));
    }
    const auto start = tape.integers(starts);
    const auto step = tape.integers(steps);
    const auto count = windows.size() == 1 ? tape.expr(windows[0]) : tape.make<op::v0::Concat>(windows, 0);
    const auto stop = start + (count - 1) * step + 1;
    return tape.make<op::v8::Slice>(padded, start.value, stop.value, step.value, tape.integers(which).value);
}

/// The gradient in the weights, tap by tap: g [N, C_out, windows] times what lies under the tap [N, C_in, windows],
/// summed over the batch. (One convolution would do, the batch taken for channels, but the CPU plugin refuses weights
/// of dynamic shape.)
Expr weight_gradient(const Walk& walk, Tape& tape, const Value& x, const Value& g, const Value& w) {
    const auto& shape = w.get_partial_shape();
    const auto groups = walk.grouped ? shape[0].get_length() : 1;
    const auto out = groups * shape[walk.grouped ? 1 : 0].get_length();
    const auto in = groups * shape[walk.grouped ? 2 : 1].get_length();
    std::vector<std::int64_t> begin(2, 0), end(2, 0);
    begin.insert(begin.end(), walk.begin.begin(), walk.begin.end());
    end.insert(end.end(), walk.end.begin(), walk.end.end());
    const auto padded = tape.make<op::v12::Pad>(x, tape.integers(begin).value, tape.integers(end).value,
                                                tape.scalar(x, 0.0).value, op::PadMode::CONSTANT);
    const auto windows = spatial_extents(tape, g, walk.axes());
    const auto cotangent = in_groups(tape, g, groups, out);
    ov::OutputVector taps;
    for (std::size_t tap = 0; tap < ov::shape_size(walk.kernel); ++tap) {
        const auto data = in_groups(tape, under_tap(walk, tape, padded.value, windows, tap).value, groups, in);
        const auto product = tape.make<op::v0::MatMul>(cotangent.value, data.value, false, true);
        taps.push_back(unsqueeze(tape.sum(product.value, {0}, false), {-1}).value);
    }
    return tape.reshape_like(tape.make<op::v0::Concat>(taps, -1).value, w);  // [groups, C_out, C_in, taps]
}

template <class Op>
Cotangents convolution(const Node& node, const Cotangents& outputs, Tape& tape) {
    const auto walk = forward_walk(*ov::as_type_ptr<Op>(node));
    const auto& g = outputs[0].value;
    const auto x = node->input_value(0);
    const auto w = node->input_value(1);
    Cotangents made(2);
    if (tape.wants(*node, 0)) made[0] = data_gradient(walk, tape, g, w, x);
    if (tape.wants(*node, 1)) made[1] = weight_gradient(walk, tape, x, g, w);
    return made;
}

/// Pads of a transposed convolution as the engine takes them: from `output_shape` or SAME where given.
template <class Op>
Walk transposed_walk(const Op& node) {
    auto walk = walk_of(node);
    const bool shaped = node.get_input_size() > 2;
    const auto kind = node.get_auto_pad();
    if (kind == op::PadType::VALID && !shaped) {
        std::fill(walk.begin.begin(), walk.begin.end(), 0);
        std::fill(walk.end.begin(), walk.end.end(), 0);
    }
    const bool same = kind == op::PadType::SAME_UPPER || kind == op::PadType::SAME_LOWER;
    if (!shaped && !same) return walk;
    for (std::size_t axis = 0; axis < walk.axes(); ++axis) {
        const auto& in = node.get_input_partial_shape(0)[axis + 2];
        const auto& out = node.get_output_partial_shape(0)[axis + 2];
        if (in.is_dynamic() || out.is_dynamic()) {
            refuse(node, "its padding depends on a size that is known only while the model runs",
                   "give the model's input a fixed size");
        }
        const auto total =
            std::max<std::int64_t>((in.get_length() - 1) * static_cast<std::int64_t>(walk.strides[axis]) +
                                       walk.reach(axis) + node.get_output_padding()[axis] - out.get_length(),
                                   0);
        walk.begin[axis] = kind == op::PadType::SAME_UPPER ? total / 2 : total - total / 2;
        walk.end[axis] = total - walk.begin[axis];
    }
    return walk;
}

template <class Op>
Cotangents transposed_convolution(const Node& node, const Cotangents& outputs, Tape& tape) {
    const auto typed = ov::as_type_ptr<Op>(node);
    const auto walk = transposed_walk(*typed);
    const auto& g = outputs[0].value;
    const auto x = node->input_value(0);
    const auto w = node->input_value(1);
    Cotangents made(2);
    if (tape.wants(*node, 0)) {
        auto back = straight(walk, tape, g, tape.negative_weights(w));
        const auto& padding = typed->get_output_padding();
        bool longer = false;
        for (std::size_t axis = 0; axis < padding.size(); ++axis) {
            longer |= padding[axis] >= static_cast<std::int64_t>(walk.strides[axis]);
        }
        if (longer) back = crop(tape, back.value, x, walk.axes());
        made[0] = {back.value, true};
    }
    if (tape.wants(*node, 1)) made[1] = weight_gradient(walk, tape, g, x, w);
    return made;
}

/// Multiply-accumulates a weight element makes, times the elements it is applied at.
std::int64_t macs(const ov::Node& node, const ov::PartialShape& applied, std::size_t channel_axis) {
    const auto& w = node.get_input_partial_shape(1);
    if (w.is_dynamic()) return 0;
    const auto shape = w.to_shape();
    std::int64_t per = 1;
    for (std::size_t axis = channel_axis; axis < shape.size(); ++axis) per *= static_cast<std::int64_t>(shape[axis]);
    return per * elements(applied);
}
std::int64_t dense_macs(const ov::Node& node) { return macs(node, node.get_output_partial_shape(0), 1); }
std::int64_t group_macs(const ov::Node& node) { return macs(node, node.get_output_partial_shape(0), 2); }
std::int64_t dense_back_macs(const ov::Node& node) { return macs(node, node.get_input_partial_shape(0), 1); }
std::int64_t group_back_macs(const ov::Node& node) { return macs(node, node.get_input_partial_shape(0), 2); }

}  // namespace

std::span<const OpFacts> convolutions() {
    static const std::array kRows{
        row<op::v1::Convolution>(Law::kLinear, convolution<op::v1::Convolution>, {}, dense_macs),
        row<op::v1::GroupConvolution>(Law::kLinear, convolution<op::v1::GroupConvolution>, {}, group_macs),
        row<op::v1::ConvolutionBackpropData>(Law::kLinear, transposed_convolution<op::v1::ConvolutionBackpropData>, {},
                                             dense_back_macs),
        row<op::v1::GroupConvolutionBackpropData>(
            Law::kLinear, transposed_convolution<op::v1::GroupConvolutionBackpropData>, {}, group_back_macs),
    };
    return kRows;
}

}  // namespace pellucid::graph::facts
