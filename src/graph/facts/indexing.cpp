// Elements picked by indices.
#include "graph/facts/slicing.hpp"
#include "graph/facts/table.hpp"

namespace pellucid::graph::facts {
namespace {

namespace op = ov::op;
using Node = std::shared_ptr<ov::Node>;
using Cotangents = std::vector<Cotangent>;
using Sum = op::v12::ScatterElementsUpdate::Reduction;

/// The product of extents [from, to) of a tensor, as a vector of one element.
Expr product(Tape& tape, const Value& x, std::size_t from, std::size_t to) {
    auto total = tape.integers({1});
    for (auto axis = from; axis < to; ++axis) total = total * tape.extent(x, static_cast<std::int64_t>(axis));
    return total;
}

/// Data [batch, before, axis, after], indices [batch, picks]: any Gather, its axes joined.
Expr scatter_picks(const ov::Node& node, const Value& g, std::size_t axis, std::size_t batch, Tape& tape) {
    const auto x = node.input_value(0);
    const auto indices = node.input_value(1);
    const auto rank = x.get_partial_shape().size();
    const auto batches = product(tape, x, 0, batch);
    const auto before = product(tape, x, batch, axis);
    const auto after = product(tape, x, axis + 1, rank);
    const auto picks = product(tape, indices, batch, indices.get_partial_shape().size());
    const auto length = tape.extent(x, static_cast<std::int64_t>(axis));
    const auto data_shape = concat({batches, before, length, after}, 0);
    const auto pick_shape = concat({batches, before, picks, after}, 0);
    const auto one = tape.integers({1});
    const auto rows = tape.make<op::v1::Reshape>(indices, concat({batches, one, picks, one}, 0).value, false);
    const auto at = tape.make<op::v3::Broadcast>(rows.value, pick_shape.value);
    const auto flat = tape.make<op::v1::Reshape>(g, pick_shape.value, false);
    const auto zeros = tape.make<op::v3::Broadcast>(tape.scalar(g, 0.0).value, data_shape.value);
    const auto sum =
        tape.make<op::v12::ScatterElementsUpdate>(zeros.value, at.value, flat.value, tape.integer(2).value, Sum::SUM);
    return tape.reshape_like(sum.value, x);
}

/// Constant indices that take one run of neighbours, in order: a cut. The class token of a transformer is one.
std::optional<Cut> as_cut(const ov::Node& node, std::size_t axis, Tape& tape) {
    const auto indices = Tape::constant_of(node.input_value(1));
    const auto& extent = node.get_input_partial_shape(0)[axis];
    if (!indices || extent.is_dynamic() || indices->get_shape().size() > 1) return {};
    auto places = indices->cast_vector<std::int64_t>();
    if (places.empty()) return {};
    for (auto& place : places) place += place < 0 ? extent.get_length() : 0;
    for (std::size_t i = 1; i < places.size(); ++i) {
        if (places[i] != places[i - 1] + 1) return {};
    }
    return Cut{axis, tape.integers({places.front()}).value, tape.integers({places.back() + 1}).value,
               tape.integers({1}).value};
}

template <class Op>
Cotangents gather(const Node& node, const Cotangents& outputs, Tape& tape) {
    const auto typed = ov::as_type_ptr<Op>(node);
    const auto rank = rank_of(*node, node->input_value(0));
    auto axis = Tape::integers_of(*node, 2, "its axis").at(0);
    axis += axis < 0 ? rank : 0;
    const auto at = static_cast<std::size_t>(axis);
    const auto index_rank = rank_of(*node, node->input_value(1));
    std::int64_t batch = 0;
    if constexpr (!std::is_same_v<Op, op::v1::Gather>) {
        batch = typed->get_batch_dims();
        batch += batch < 0 ? index_rank : 0;
    }
    if (batch == 0) {
        if (const auto cut = as_cut(*node, at, tape)) {
            auto g = tape.expr(outputs[0].value);
            if (index_rank == 0) g = tape.make<op::v0::Unsqueeze>(g.value, tape.integers({axis}).value);
            return {uncut(tape, g.value, node->input_value(0), {*cut})};
        }
    }
    return {scatter_picks(*node, outputs[0].value, at, static_cast<std::size_t>(batch), tape)};
}

Expr scatter_elements(Tape& tape, const Value& like, const Value& indices, const Value& g, std::int64_t axis) {
    const auto zeros = tape.fill_like(like, 0.0);
    return tape.make<op::v12::ScatterElementsUpdate>(zeros.value, indices, g, tape.integer(axis).value, Sum::SUM);
}

Cotangents gather_elements(const Node& node, const Cotangents& outputs, Tape& tape) {
    const auto axis = ov::as_type_ptr<op::v6::GatherElements>(node)->get_axis();
    return {scatter_elements(tape, node->input_value(0), node->input_value(1), outputs[0].value, axis)};
}

/// Indices within batch axes, with the place in these axes before them.
Value full_indices(const ov::Node& node, std::size_t batch, Tape& tape) {
    const auto indices = node.input_value(1);
    const auto rank = indices.get_partial_shape().size();
    std::vector<Expr> shape;
    for (std::size_t axis = 0; axis + 1 < rank; ++axis) {
        shape.push_back(tape.extent(indices, static_cast<std::int64_t>(axis)));
    }
    shape.push_back(tape.integers({1}));
    const auto wide = concat(shape, 0);
    std::vector<Expr> parts;
    for (std::size_t axis = 0; axis < batch; ++axis) {
        const auto count = tape.make<op::v0::Squeeze>(shape[axis].value, tape.integers({0}).value);
        const auto places = tape.make<op::v4::Range>(tape.integer(0).value, count.value, tape.integer(1).value,
                                                     indices.get_element_type());
        std::vector<std::int64_t> others;
        for (std::size_t other = 0; other < rank; ++other) {
            if (other != axis) others.push_back(static_cast<std::int64_t>(other));
        }
        parts.push_back(tape.make<op::v3::Broadcast>(unsqueeze(places, others).value, wide.value));
    }
    parts.push_back(tape.expr(indices));
    return concat(parts, -1).value;
}

Cotangents gather_nd(const Node& node, const Cotangents& outputs, Tape& tape) {
    const auto batch = ov::as_type_ptr<op::util::GatherNDBase>(node)->get_batch_dims();
    const auto x = node->input_value(0);
    auto indices = node->input_value(1);
    auto g = tape.expr(outputs[0].value);
    if (batch > 0) {
        const auto rank = static_cast<std::size_t>(rank_of(*node, x));
        const auto index_rank = static_cast<std::size_t>(rank_of(*node, indices));
        const auto& depth = indices.get_partial_shape()[index_rank - 1];
        if (depth.is_dynamic()) refuse(*node, "how many axes it indexes is known only while the model runs");
        // The first form joins batch axes to one in its output.
        std::vector<Expr> shape;
        for (std::size_t axis = 0; axis + 1 < index_rank; ++axis) {
            shape.push_back(tape.extent(indices, static_cast<std::int64_t>(axis)));
        }
        for (auto axis = batch + static_cast<std::size_t>(depth.get_length()); axis < rank; ++axis) {
            shape.push_back(tape.extent(x, static_cast<std::int64_t>(axis)));
        }
        g = tape.make<op::v1::Reshape>(g.value, concat(shape, 0).value, false);
        indices = full_indices(*node, batch, tape);
    }
    const auto zeros = tape.fill_like(x, 0.0);
    return {
        tape.make<op::v15::ScatterNDUpdate>(zeros.value, indices, g.value, op::v15::ScatterNDUpdate::Reduction::SUM)};
}

template <class Op>
Cotangents top_k(const Node& node, const Cotangents& outputs, Tape& tape) {
    if (outputs[0].empty()) return {};
    const auto axis = static_cast<std::int64_t>(ov::as_type_ptr<Op>(node)->get_axis());
    return {scatter_elements(tape, node->input_value(0), node->output(1), outputs[0].value, axis)};
}

/// Values are copies of the first of equal elements.
Cotangents unique(const Node& node, const Cotangents& outputs, Tape& tape) {
    if (outputs[0].empty()) return {};
    if (node->get_input_size() == 1 && !ov::as_type_ptr<op::v10::Unique>(node)->get_sorted()) {
        refuse(*node, "it does not sort, and the engine then finds its places wrong", "sort what is unique");
    }
    const auto x = node->input_value(0);
    // Its own output of places may be i64, which the CPU plugin has no kernel for here.
    const auto places = tape.make<op::v0::Convert>(node->output(1), ov::element::i32);
    const auto zeros = tape.fill_like(x, 0.0);
    if (node->get_input_size() > 1) {
        const auto axis = tape.integer(Tape::integers_of(*node, 1, "its axis").at(0));
        return {tape.make<op::v3::ScatterUpdate>(zeros.value, places.value, outputs[0].value, axis.value)};
    }
    const auto flat = tape.make<op::v1::Reshape>(zeros.value, tape.integers({-1}).value, false);
    const auto put =
        tape.make<op::v3::ScatterUpdate>(flat.value, places.value, outputs[0].value, tape.integer(0).value);
    return {tape.reshape_like(put.value, x)};
}

/// The places that are on, as 0 and 1: the same op once more.
Cotangents one_hot(const Node& node, const Cotangents& outputs, Tape& tape) {
    const auto g = tape.expr(outputs[0].value);
    auto inputs = node->input_values();
    inputs[2] = tape.scalar(g.value, 1.0).value;
    inputs[3] = tape.scalar(g.value, 0.0).value;
    const auto again = node->clone_with_new_inputs(inputs);
    tape.name(*again);
    const auto on = tape.expr(again->output(0));
    Cotangents made(node->get_input_size());
    if (tape.wants(*node, 2)) made[2] = tape.sum_to((g * on).value, node->input_value(2));
    if (tape.wants(*node, 3)) made[3] = tape.sum_to((g * (1.0 - on)).value, node->input_value(3));
    return made;
}

}  // namespace

std::span<const OpFacts> indexing() {
    static const std::array kRows{
        row<op::v1::Gather>(Law::kMovement, gather<op::v1::Gather>),
        row<op::v7::Gather>(Law::kMovement, gather<op::v7::Gather>),
        row<op::v8::Gather>(Law::kMovement, gather<op::v8::Gather>),
        row<op::v6::GatherElements>(Law::kMovement, gather_elements),
        row<op::v5::GatherND>(Law::kMovement, gather_nd),
        row<op::v8::GatherND>(Law::kMovement, gather_nd),
        row<op::v1::TopK>(Law::kSelecting, top_k<op::v1::TopK>),
        row<op::v3::TopK>(Law::kSelecting, top_k<op::v3::TopK>),
        row<op::v11::TopK>(Law::kSelecting, top_k<op::v11::TopK>),
        row<op::v10::Unique>(Law::kSelecting, unique, "of equal elements the first takes the gradient"),
        row<op::v1::OneHot>(Law::kLinear, one_hot),
        row<op::v16::OneHot>(Law::kLinear, one_hot),
    };
    return kRows;
}

}  // namespace pellucid::graph::facts
