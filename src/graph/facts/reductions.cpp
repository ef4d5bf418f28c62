// Sums, means, extremes and norms along axes; softmax.
#include "openvino/op/util/arithmetic_reductions_keep_dims.hpp"

#include "graph/facts/table.hpp"

namespace pellucid::graph::facts {
namespace {

namespace op = ov::op;
using Node = std::shared_ptr<ov::Node>;
using Cotangents = std::vector<Cotangent>;

struct Reduction {
    Expr x, y, g;                    ///< y and g with the reduced axes kept as 1
    std::vector<std::int64_t> axes;
};

Reduction reduction(const Node& node, const Cotangents& outputs, Tape& tape) {
    const auto kept = ov::as_type_ptr<op::util::ArithmeticReductionKeepDims>(node)->get_keep_dims();
    Reduction made{tape.in(*node, 0), tape.out(node), tape.expr(outputs[0].value), {}};
    made.axes = normalise_axes(Tape::integers_of(*node, 1, "the list of axes"), rank_of(*node, made.x.value));
    if (!kept && !made.axes.empty()) {
        const auto axes = tape.integers(made.axes);
        made.g = tape.make<op::v0::Unsqueeze>(made.g.value, axes.value);
        made.y = tape.make<op::v0::Unsqueeze>(made.y.value, axes.value);
    }
    return made;
}

/// How many elements are reduced to one, as a scalar of x's type.
Expr count_of(const Reduction& r, Tape& tape) {
    std::int64_t known = 1;
    Expr count;
    for (const auto axis : r.axes) {
        const auto& extent = r.x.value.get_partial_shape()[static_cast<std::size_t>(axis)];
        if (extent.is_static()) {
            known *= extent.get_length();
            continue;
        }
        const auto length =
            tape.make<op::v0::Convert>(tape.extent(r.x.value, axis).value, r.x.value.get_element_type());
        count = count.tape == nullptr ? length : count * length;
    }
    const auto constant = tape.scalar(r.x.value, static_cast<double>(known));
    return count.tape == nullptr ? constant : count * constant;
}

Cotangents reduce_sum(const Node& node, const Cotangents& outputs, Tape& tape) {
    const auto r = reduction(node, outputs, tape);
    return {tape.broadcast_like(r.g.value, r.x.value)};
}
Cotangents reduce_mean(const Node& node, const Cotangents& outputs, Tape& tape) {
    const auto r = reduction(node, outputs, tape);
    return {tape.broadcast_like((r.g / count_of(r, tape)).value, r.x.value)};
}
Cotangents reduce_l1(const Node& node, const Cotangents& outputs, Tape& tape) {
    const auto r = reduction(node, outputs, tape);
    return {sign(r.x) * r.g};
}
/// x / |x|, and 0 where the norm is 0.
Cotangents reduce_l2(const Node& node, const Cotangents& outputs, Tape& tape) {
    const auto r = reduction(node, outputs, tape);
    const auto norm = select(greater(r.y, 0.0), r.y, 1.0);
    return {r.x * (r.g / norm)};
}
/// Shared evenly by the elements that reach the extreme.
Cotangents reduce_extreme(const Node& node, const Cotangents& outputs, Tape& tape) {
    const auto r = reduction(node, outputs, tape);
    const auto reached = indicator(equal(r.x, r.y), r.x);
    return {reached * (r.g / tape.sum(reached.value, r.axes))};
}

/// The product of all other elements, right with zeros among them: with one zero it is that of the rest, with two it
/// is 0 everywhere.
Cotangents reduce_product(const Node& node, const Cotangents& outputs, Tape& tape) {
    const auto r = reduction(node, outputs, tape);
    const auto zero = equal(r.x, r.x * 0.0);
    const auto filled = select(zero, tape.scalar(r.x.value, 1.0), r.x);
    const auto rest = tape.make<op::v1::ReduceProd>(filled.value, tape.integers(r.axes).value, true);
    const auto zeros = tape.sum(indicator(zero, r.x).value, r.axes);
    const auto none = indicator(less(zeros, 0.5), r.x);
    const auto single = indicator(both(greater(zeros, 0.5), less(zeros, 1.5)), r.x);
    const auto of_zero = single * rest;
    const auto of_other = none * rest / filled;
    return {r.g * select(zero, tape.broadcast_like(of_zero.value, r.x.value), of_other)};
}

std::vector<std::int64_t> softmax_axis(const ov::Node& node, std::int64_t axis) {
    return normalise_axes({axis}, rank_of(node, node.input_value(0)));
}

/// y (g - sum g y)
Expr softmax_rule(const Expr& g, const Expr& y, const std::vector<std::int64_t>& axes, Tape& tape) {
    return y * (g - tape.sum((g * y).value, axes));
}
/// What softmax answers. A row that is masked whole has no answer (0 / 0), and a network that knows such rows replaces it;
/// then nothing may flow through it, where 0 times no number would be none.
Expr answer_of(const Node& node, Tape& tape) {
    const auto y = tape.out(node);
    const auto readers = y.value.get_target_inputs();
    const bool guarded = std::any_of(readers.begin(), readers.end(), [](const ov::Input<ov::Node>& reader) {
        return ov::is_type<op::v10::IsNaN>(reader.get_node());
    });
    if (!guarded) return y;
    return select(tape.make<op::v10::IsNaN>(y.value), tape.scalar(y.value, 0.0), y);
}

Cotangents softmax_v8(const Node& node, const Cotangents& outputs, Tape& tape) {
    const auto axes = softmax_axis(*node, ov::as_type_ptr<op::v8::Softmax>(node)->get_axis());
    return {softmax_rule(tape.expr(outputs[0].value), answer_of(node, tape), axes, tape)};
}
Cotangents softmax_v1(const Node& node, const Cotangents& outputs, Tape& tape) {
    const auto axes =
        softmax_axis(*node, static_cast<std::int64_t>(ov::as_type_ptr<op::v1::Softmax>(node)->get_axis()));
    return {softmax_rule(tape.expr(outputs[0].value), answer_of(node, tape), axes, tape)};
}
/// g - e^y sum g
Cotangents log_softmax(const Node& node, const Cotangents& outputs, Tape& tape) {
    const auto axes = softmax_axis(*node, ov::as_type_ptr<op::v5::LogSoftmax>(node)->get_axis());
    const auto g = tape.expr(outputs[0].value);
    return {g - exp(tape.out(node)) * tape.sum(g.value, axes)};
}

/// The sums from the other end.
Cotangents cumulative_sum(const Node& node, const Cotangents& outputs, Tape& tape) {
    const auto sums = ov::as_type_ptr<op::v0::CumSum>(node);
    return {
        tape.make<op::v0::CumSum>(outputs[0].value, node->input_value(1), sums->is_exclusive(), !sums->is_reverse())};
}

constexpr std::string_view kTies = "elements that tie for the extreme share the gradient evenly";
constexpr std::string_view kAtZero = "the gradient at 0 is taken as 0";

}  // namespace

std::span<const OpFacts> reductions() {
    static const std::array kRows{
        row<op::v1::ReduceSum>(Law::kLinear, reduce_sum),
        row<op::v1::ReduceMean>(Law::kLinear, reduce_mean),
        row<op::v4::ReduceL1>(Law::kElementwise, reduce_l1, kAtZero),
        row<op::v4::ReduceL2>(Law::kElementwise, reduce_l2, kAtZero),
        row<op::v1::ReduceMax>(Law::kSelecting, reduce_extreme, kTies),
        row<op::v1::ReduceMin>(Law::kSelecting, reduce_extreme, kTies),
        row<op::v1::ReduceProd>(Law::kElementwise, reduce_product),
        row<op::v0::CumSum>(Law::kLinear, cumulative_sum),
        row<op::v1::Softmax>(Law::kNormalising, softmax_v1),
        row<op::v8::Softmax>(Law::kNormalising, softmax_v8),
        row<op::v5::LogSoftmax>(Law::kNormalising, log_softmax),
    };
    return kRows;
}

}  // namespace pellucid::graph::facts
