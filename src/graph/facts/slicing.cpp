// Cuts of a tensor along its axes: what was cut out goes back to its place, among zeros.
#include <limits>

#include "graph/facts/slicing.hpp"
#include "graph/facts/table.hpp"

namespace pellucid::graph::facts {
namespace {

namespace op = ov::op;
using Node = std::shared_ptr<ov::Node>;
using Cotangents = std::vector<Cotangent>;

constexpr auto kFar = static_cast<std::int64_t>(std::numeric_limits<std::int32_t>::max());

/// One element of a vector of indices, as i64 and a vector.
Value element_of(Tape& tape, const Value& vector, std::size_t at) {
    if (const auto constant = Tape::constant_of(vector)) {
        return tape.integers({constant->cast_vector<std::int64_t>()[at]}).value;
    }
    const auto picked =
        tape.make<op::v8::Gather>(vector, tape.integers({static_cast<std::int64_t>(at)}).value, tape.integer(0).value);
    return tape.make<op::v0::Convert>(picked.value, ov::element::i64).value;
}

std::optional<std::int64_t> known(const Value& index) {
    const auto constant = Tape::constant_of(index);
    if (!constant) return {};
    return constant->cast_vector<std::int64_t>()[0];
}

/// Zeros before and after, where all cuts have step 1 and known ends; else nothing.
std::optional<Expr> by_padding(Tape& tape, const Value& g, const Value& x, const std::vector<Cut>& cuts) {
    const auto rank = x.get_partial_shape().size();
    std::vector<std::int64_t> before(rank, 0), after(rank, 0);
    for (const auto& cut : cuts) {
        const auto& extent = x.get_partial_shape()[cut.axis];
        const auto start = known(cut.start);
        const auto stop = known(cut.stop);
        if (extent.is_dynamic() || !start || !stop || known(cut.step) != 1) return {};
        const auto length = extent.get_length();
        const auto place = [&](std::int64_t at) {
            return std::clamp<std::int64_t>(at < 0 ? at + length : at, 0, length);
        };
        before[cut.axis] = place(*start);
        after[cut.axis] = length - std::max(place(*stop), place(*start));
    }
    return tape.make<op::v12::Pad>(g, tape.integers(before).value, tape.integers(after).value,
                                   tape.scalar(g, 0.0).value, op::PadMode::CONSTANT);
}

/// The general case, one axis: g set among zeros at the indices that the cut takes from 0, 1, 2, …
Expr by_scatter(Tape& tape, const Value& g, const Value& x, const Cut& cut) {
    const auto axis = static_cast<std::int64_t>(cut.axis);
    const auto length = tape.extent(x, axis);
    const auto scalar_length = tape.make<op::v0::Squeeze>(length.value, tape.integers({0}).value);
    const auto all =
        tape.make<op::v4::Range>(tape.integer(0).value, scalar_length.value, tape.integer(1).value, ov::element::i64);
    const auto taken = tape.make<op::v8::Slice>(all.value, cut.start, cut.stop, cut.step, tape.integers({0}).value);
    ov::OutputVector shape;
    for (std::size_t other = 0; other < x.get_partial_shape().size(); ++other) {
        shape.push_back(other == cut.axis ? length.value : tape.extent(g, static_cast<std::int64_t>(other)).value);
    }
    const auto zeros =
        tape.make<op::v3::Broadcast>(tape.scalar(g, 0.0).value, tape.make<op::v0::Concat>(shape, 0).value);
    return tape.make<op::v3::ScatterUpdate>(zeros.value, taken.value, g, tape.integer(axis).value);
}

Cotangents slice(const Node& node, const Cotangents& outputs, Tape& tape) {
    const auto rank = rank_of(*node, node->input_value(0));
    const auto& starts = node->get_input_partial_shape(1);
    if (starts.is_dynamic()) refuse(*node, "how many axes it cuts is known only while the model runs");
    std::vector<std::int64_t> axes;
    if (node->get_input_size() > 4) axes = Tape::integers_of(*node, 4, "the list of its axes");
    std::vector<Cut> cuts;
    for (std::size_t i = 0; i < static_cast<std::size_t>(starts[0].get_length()); ++i) {
        const auto axis = axes.empty() ? static_cast<std::int64_t>(i) : axes[i];
        cuts.push_back({static_cast<std::size_t>(axis < 0 ? axis + rank : axis),
                        element_of(tape, node->input_value(1), i), element_of(tape, node->input_value(2), i),
                        element_of(tape, node->input_value(3), i)});
    }
    return {uncut(tape, outputs[0].value, node->input_value(0), cuts)};
}

/// A StridedSlice read as cuts, and the axes by which its output differs from them.
struct Strided {
    std::vector<Cut> cuts;
    std::vector<std::int64_t> added;    ///< axes of the output that the input lacks
    std::vector<std::int64_t> dropped;  ///< axes of the input that the output lacks
};

bool masked(const std::vector<std::int64_t>& mask, std::size_t at) { return at < mask.size() && mask[at] == 1; }

Cut strided_cut(const ov::Node& node, std::size_t at, std::size_t axis, Tape& tape) {
    const auto& slice = *ov::as_type<const op::v1::StridedSlice>(&node);
    const auto step = node.get_input_size() > 3 ? element_of(tape, node.input_value(3), at) : tape.integers({1}).value;
    const auto stride = known(step);
    if (!stride) refuse(node, "its strides are computed while the model runs");
    Cut cut{axis, {}, {}, step};
    if (masked(slice.get_shrink_axis_mask(), at)) {
        const auto begin = known(element_of(tape, node.input_value(1), at));
        if (!begin) refuse(node, "which element it takes is computed while the model runs");
        return {axis, tape.integers({*begin}).value, tape.integers({*begin == -1 ? kFar : *begin + 1}).value,
                tape.integers({1}).value};
    }
    const bool forward = *stride > 0;
    cut.start = masked(slice.get_begin_mask(), at) ? tape.integers({forward ? 0 : kFar}).value
                                                   : element_of(tape, node.input_value(1), at);
    cut.stop = masked(slice.get_end_mask(), at) ? tape.integers({forward ? kFar : -kFar}).value
                                                : element_of(tape, node.input_value(2), at);
    return cut;
}

Strided read_strided(const ov::Node& node, Tape& tape) {
    const auto& slice = *ov::as_type<const op::v1::StridedSlice>(&node);
    const auto rank = static_cast<std::size_t>(rank_of(node, node.input_value(0)));
    if (node.get_input_partial_shape(1).is_dynamic()) {
        refuse(node, "how many axes it cuts is known only while the model runs");
    }
    const auto length = static_cast<std::size_t>(node.get_input_partial_shape(1)[0].get_length());
    std::size_t consumed = 0;  // axes of the input that the specification names
    for (std::size_t at = 0; at < length; ++at) {
        consumed += !masked(slice.get_ellipsis_mask(), at) && !masked(slice.get_new_axis_mask(), at);
    }
    Strided made;
    std::size_t axis = 0;
    std::int64_t out = 0;
    for (std::size_t at = 0; at < length; ++at) {
        if (masked(slice.get_ellipsis_mask(), at)) {
            axis += rank - consumed;
            out += static_cast<std::int64_t>(rank - consumed);
        } else if (masked(slice.get_new_axis_mask(), at)) {
            made.added.push_back(out++);
        } else {
            if (masked(slice.get_shrink_axis_mask(), at)) {
                made.dropped.push_back(static_cast<std::int64_t>(axis));
            } else {
                ++out;
            }
            made.cuts.push_back(strided_cut(node, at, axis++, tape));
        }
    }
    return made;
}

Cotangents strided_slice(const Node& node, const Cotangents& outputs, Tape& tape) {
    const auto strided = read_strided(*node, tape);
    auto g = tape.expr(outputs[0].value);
    if (!strided.added.empty()) g = tape.make<op::v0::Squeeze>(g.value, tape.integers(strided.added).value);
    if (!strided.dropped.empty()) g = tape.make<op::v0::Unsqueeze>(g.value, tape.integers(strided.dropped).value);
    return {uncut(tape, g.value, node->input_value(0), strided.cuts)};
}

}  // namespace

Expr uncut(Tape& tape, const Value& g, const Value& x, const std::vector<Cut>& cuts) {
    if (cuts.empty()) return tape.expr(g);
    if (const auto padded = by_padding(tape, g, x, cuts)) return *padded;
    auto back = tape.expr(g);
    for (const auto& cut : cuts) {
        const bool whole = known(cut.start) == 0 && known(cut.step) == 1 && known(cut.stop).value_or(0) >= kFar;
        if (!whole) back = by_scatter(tape, back.value, x, cut);
    }
    return back;
}

std::span<const OpFacts> slicing() {
    static const std::array kRows{
        row<op::v8::Slice>(Law::kMovement, slice),
        row<op::v1::StridedSlice>(Law::kMovement, strided_slice),
    };
    return kRows;
}

}  // namespace pellucid::graph::facts
