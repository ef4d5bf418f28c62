// Pools: windows that take the largest element, or the mean.
#include "graph/facts/table.hpp"
#include "ops/max_pool_backward/max_pool_backward.hpp"

namespace pellucid::graph::facts {
namespace {

namespace op = ov::op;
using Node = std::shared_ptr<ov::Node>;
using Cotangents = std::vector<Cotangent>;

template <class Op>
ops::MaxPoolWindow window_of(const Op& pool) {
    ops::MaxPoolWindow window{pool.get_kernel(),     pool.get_strides(),  ov::Strides(pool.get_kernel().size(), 1),
                              pool.get_pads_begin(), pool.get_pads_end(), pool.get_rounding_type(),
                              pool.get_auto_pad()};
    if constexpr (!std::is_same_v<Op, op::v1::MaxPool>) window.dilations = pool.get_dilations();
    return window;
}

template <class Op>
Cotangents max_pool(const Node& node, const Cotangents& outputs, Tape& tape) {
    if (outputs[0].empty()) return {};
    const auto window = window_of(*ov::as_type_ptr<Op>(node));
    return {tape.make<ops::MaxPoolBackward>(node->input_value(0), outputs[0].value, window)};
}

/// Linear in g, whose cotangent is gathered from where g went. Where the largest elements lie does not vary.
Cotangents max_pool_backward(const Node& node, const Cotangents& outputs, Tape& tape) {
    const auto pool = ov::as_type_ptr<ops::MaxPoolBackward>(node);
    const auto x = node->input_value(0);
    const auto g = node->input_value(1);
    Cotangents made{tape.blocked(*node, 0, "which element is the largest does not vary"), {}};
    if (!tape.wants(*node, 1)) return made;
    const auto flat = tape.integers({0, 0, -1});
    const auto places = ops::MaxPoolBackward::indices(x, pool->window());
    tape.name(*places.get_node());
    const auto from = tape.make<op::v1::Reshape>(outputs[0].value, flat.value, true);
    const auto at = tape.make<op::v1::Reshape>(places, flat.value, true);
    made[1] = tape.reshape_like(tape.make<op::v6::GatherElements>(from.value, at.value, 2).value, g);
    return made;
}

/// An average pool along one axis.
struct MeanAxis {
    std::int64_t in, out, kernel, stride, dilation, begin, end;
    [[nodiscard]] std::int64_t reach() const { return dilation * (kernel - 1) + 1; }
};

template <class Op>
MeanAxis mean_axis(const ov::Node& node, const Op& pool, std::size_t axis) {
    const auto& in = node.get_input_partial_shape(0)[axis + 2];
    const auto& out = node.get_output_partial_shape(0)[axis + 2];
    if (in.is_dynamic() || out.is_dynamic()) {
        refuse(node, "a size of what it pools is known only while the model runs",
               "give the model's input a fixed size");
    }
    MeanAxis made{in.get_length(),
                  out.get_length(),
                  static_cast<std::int64_t>(pool.get_kernel()[axis]),
                  static_cast<std::int64_t>(pool.get_strides()[axis]),
                  1,
                  static_cast<std::int64_t>(pool.get_pads_begin()[axis]),
                  static_cast<std::int64_t>(pool.get_pads_end()[axis])};
    if constexpr (std::is_same_v<Op, op::v16::AvgPool>) {
        made.dilation = static_cast<std::int64_t>(pool.get_dilations()[axis]);
    }
    const auto kind = pool.get_auto_pad();
    if (kind == op::PadType::VALID) made.begin = made.end = 0;
    if (kind == op::PadType::SAME_UPPER || kind == op::PadType::SAME_LOWER) {
        const auto total = std::max<std::int64_t>((made.out - 1) * made.stride + made.reach() - made.in, 0);
        made.begin = kind == op::PadType::SAME_UPPER ? total / 2 : total - total / 2;
        made.end = total - made.begin;
    }
    return made;
}

/// Along one axis, how many elements of the data each window holds.
std::vector<std::int64_t> counted(const MeanAxis& axis) {
    std::vector<std::int64_t> counts;
    for (std::int64_t o = 0; o < axis.out; ++o) {
        std::int64_t count = 0;
        for (std::int64_t k = 0; k < axis.kernel; ++k) {
            const auto at = o * axis.stride - axis.begin + k * axis.dilation;
            count += at >= 0 && at < axis.in;
        }
        counts.push_back(std::max<std::int64_t>(count, 1));
    }
    return counts;
}

/// 1 / (elements in the window), [1, 1, out…]; a scalar where all windows count the same. Padding counts when asked for,
/// and then (as the engine has it) so does what a rounding up lets stick out; without any padding it never does.
Expr inverse_counts(const std::vector<MeanAxis>& axes, bool exclude_pad, const Value& like, Tape& tape) {
    const bool padded = std::any_of(axes.begin(), axes.end(), [](const MeanAxis& a) { return a.begin + a.end > 0; });
    std::vector<double> values{1.0};
    ov::Shape shape{1, 1};
    for (const auto& axis : axes) {
        const std::vector<std::int64_t> all(static_cast<std::size_t>(axis.out), axis.kernel);
        std::vector<double> next;
        for (const auto value : values) {
            for (const auto count : padded && !exclude_pad ? all : counted(axis)) {
                next.push_back(value / static_cast<double>(count));
            }
        }
        values = std::move(next);
        shape.push_back(static_cast<std::size_t>(axis.out));
    }
    const bool uniform = std::all_of(values.begin(), values.end(), [&](double v) { return v == values[0]; });
    if (uniform) return tape.scalar(like, values[0]);
    return tape.make<op::v0::Constant>(like.get_element_type(), shape, values);
}

/// Each window's share to each of its elements: a transposed convolution with ones, one channel at a time. One window
/// over all of the data is a broadcast.
template <class Op>
Cotangents avg_pool(const Node& node, const Cotangents& outputs, Tape& tape) {
    const auto pool = ov::as_type_ptr<Op>(node);
    const auto x = node->input_value(0);
    std::vector<MeanAxis> axes;
    for (std::size_t axis = 0; axis < pool->get_kernel().size(); ++axis) axes.push_back(mean_axis(*node, *pool, axis));
    const auto g = tape.expr(outputs[0].value);
    const auto share = g * inverse_counts(axes, pool->get_exclude_pad(), g.value, tape);
    const bool whole = std::all_of(axes.begin(), axes.end(), [](const MeanAxis& axis) {
        return axis.out == 1 && axis.begin == 0 && axis.kernel >= axis.in && axis.dilation == 1;
    });
    if (whole) return {tape.broadcast_like(share.value, x)};
    ov::Shape kernel{1, 1};
    ov::Strides strides, dilations;
    ov::CoordinateDiff begin, end, extra;
    std::vector<std::int64_t> single{-1, 1};
    for (const auto& axis : axes) {
        kernel.push_back(static_cast<std::size_t>(axis.kernel));
        strides.push_back(static_cast<std::size_t>(axis.stride));
        dilations.push_back(static_cast<std::size_t>(axis.dilation));
        begin.push_back(axis.begin);
        single.push_back(axis.out);
        const auto rest = axis.in - ((axis.out - 1) * axis.stride - axis.begin + axis.reach());
        end.push_back(std::max<std::int64_t>(-rest, 0));
        extra.push_back(std::max<std::int64_t>(rest, 0));
    }
    const auto channels = tape.make<op::v1::Reshape>(share.value, tape.integers(single).value, false);
    const std::vector<double> ones(ov::shape_size(kernel), 1.0);
    const auto weights = tape.make<op::v0::Constant>(g.value.get_element_type(), kernel, ones);
    const auto spread = tape.make<op::v1::ConvolutionBackpropData>(channels.value, weights.value, strides, begin, end,
                                                                   dilations, op::PadType::EXPLICIT, extra);
    return {tape.reshape_like(spread.value, x)};
}

/// As max-pools, the places of the largest elements being an output of the op.
Cotangents adaptive_max_pool(const Node& node, const Cotangents& outputs, Tape& tape) {
    if (outputs[0].empty()) return {};
    const auto x = node->input_value(0);
    const auto flat = [&](const Value& v) {
        return tape.make<op::v1::Reshape>(v, tape.integers({0, 0, -1}).value, true);
    };
    const auto zeros = flat(tape.fill_like(x, 0.0).value);
    // Its own output of places is i64, which the CPU plugin refuses here.
    const auto places = tape.node<op::v8::AdaptiveMaxPool>(x, node->input_value(1), ov::element::i32);
    const auto scattered = tape.make<op::v12::ScatterElementsUpdate>(
        zeros.value, flat(places->output(1)).value, flat(outputs[0].value).value, tape.integer(2).value,
        op::v12::ScatterElementsUpdate::Reduction::SUM);
    return {tape.reshape_like(scattered.value, x)};
}

constexpr std::string_view kFirst = "of equal elements the first in the window takes the gradient";

}  // namespace

std::span<const OpFacts> pooling() {
    static const std::array kRows{
        row<op::v1::MaxPool>(Law::kSelecting, max_pool<op::v1::MaxPool>, kFirst),
        row<op::v8::MaxPool>(Law::kSelecting, max_pool<op::v8::MaxPool>, kFirst),
        row<op::v14::MaxPool>(Law::kSelecting, max_pool<op::v14::MaxPool>, kFirst),
        row<op::v1::AvgPool>(Law::kLinear, avg_pool<op::v1::AvgPool>),
        row<op::v14::AvgPool>(Law::kLinear, avg_pool<op::v14::AvgPool>),
        row<op::v16::AvgPool>(Law::kLinear, avg_pool<op::v16::AvgPool>),
        row<op::v8::AdaptiveMaxPool>(Law::kSelecting, adaptive_max_pool, kFirst),
        row<ops::MaxPoolBackward>(Law::kLinear, max_pool_backward),
    };
    return kRows;
}

}  // namespace pellucid::graph::facts
