// Elements picked or placed by indices.
#include "graph/facts/slicing.hpp"
#include "graph/facts/table.hpp"

namespace pellucid::graph::facts {
namespace {

namespace op = ov::op;
using Node = std::shared_ptr<ov::Node>;
using Cotangents = std::vector<Cotangent>;
using Sum = op::v12::ScatterElementsUpdate::Reduction;

Expr concat(Tape& tape, const ov::OutputVector& pieces) { return tape.make<op::v0::Concat>(pieces, 0); }

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
    const auto data_shape = concat(tape, {batches.value, before.value, length.value, after.value});
    const auto pick_shape = concat(tape, {batches.value, before.value, picks.value, after.value});
    const auto one = tape.integers({1});
    const auto rows = tape.make<op::v1::Reshape>(
        indices, concat(tape, {batches.value, one.value, picks.value, one.value}).value, false);
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

Cotangents gather_nd(const Node& node, const Cotangents& outputs, Tape& tape) {
    if (ov::as_type_ptr<op::util::GatherNDBase>(node)->get_batch_dims() != 0) {
        refuse(*node, "it gathers within batch axes");
    }
    const auto zeros = tape.fill_like(node->input_value(0), 0.0);
    return {tape.make<op::v15::ScatterNDUpdate>(zeros.value, node->input_value(1), outputs[0].value,
                                                op::v15::ScatterNDUpdate::Reduction::SUM)};
}

template <class Op>
Cotangents top_k(const Node& node, const Cotangents& outputs, Tape& tape) {
    if (outputs[0].empty()) return {};
    const auto axis = static_cast<std::int64_t>(ov::as_type_ptr<Op>(node)->get_axis());
    return {scatter_elements(tape, node->input_value(0), node->output(1), outputs[0].value, axis)};
}

// What is placed replaces the data there (or is added to it): the data's cotangent is 0 there (or whole), and what was
// placed takes the cotangent at its place.

Cotangents scatter_elements_update(const Node& node, const Cotangents& outputs, Tape& tape) {
    const auto g = tape.expr(outputs[0].value);
    bool adds = false;
    if (const auto v12 = ov::as_type_ptr<op::v12::ScatterElementsUpdate>(node)) {
        adds = v12->get_reduction() == Sum::SUM && v12->get_use_init_val();
        if (!adds && v12->get_reduction() != Sum::NONE) refuse(*node, "only plain and summing updates have a rule");
    }
    const auto axis = Tape::integers_of(*node, 3, "its axis").at(0);
    Cotangents made(node->get_input_size());
    const auto indices = node->input_value(1);
    if (tape.wants(*node, 0)) {
        const auto zeros = tape.fill_like(node->input_value(2), 0.0);
        made[0] =
            adds ? g : tape.make<op::v3::ScatterElementsUpdate>(g.value, indices, zeros.value, node->input_value(3));
    }
    if (tape.wants(*node, 2)) made[2] = tape.make<op::v6::GatherElements>(g.value, indices, axis);
    return made;
}

Cotangents scatter_nd_update(const Node& node, const Cotangents& outputs, Tape& tape) {
    const auto g = tape.expr(outputs[0].value);
    bool adds = false;
    if (const auto v15 = ov::as_type_ptr<op::v15::ScatterNDUpdate>(node)) {
        using Reduction = op::v15::ScatterNDUpdate::Reduction;
        adds = v15->get_reduction() == Reduction::SUM;
        if (!adds && v15->get_reduction() != Reduction::NONE) {
            refuse(*node, "only plain and summing updates have a rule");
        }
    }
    Cotangents made(node->get_input_size());
    const auto indices = node->input_value(1);
    if (tape.wants(*node, 0)) {
        const auto zeros = tape.fill_like(node->input_value(2), 0.0);
        made[0] = adds ? g : tape.make<op::v3::ScatterNDUpdate>(g.value, indices, zeros.value);
    }
    if (tape.wants(*node, 2)) made[2] = tape.make<op::v8::GatherND>(g.value, indices);
    return made;
}

Cotangents scatter_update(const Node& node, const Cotangents& outputs, Tape& tape) {
    const auto g = tape.expr(outputs[0].value);
    Cotangents made(node->get_input_size());
    const auto indices = node->input_value(1);
    const auto axis = node->input_value(3);
    if (tape.wants(*node, 0)) {
        const auto zeros = tape.fill_like(node->input_value(2), 0.0);
        made[0] = tape.make<op::v3::ScatterUpdate>(g.value, indices, zeros.value, axis);
    }
    if (tape.wants(*node, 2)) made[2] = tape.make<op::v8::Gather>(g.value, indices, axis);
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
        row<op::v3::ScatterElementsUpdate>(Law::kMovement, scatter_elements_update),
        row<op::v12::ScatterElementsUpdate>(Law::kMovement, scatter_elements_update),
        row<op::v3::ScatterNDUpdate>(Law::kMovement, scatter_nd_update),
        row<op::v15::ScatterNDUpdate>(Law::kMovement, scatter_nd_update),
        row<op::v3::ScatterUpdate>(Law::kMovement, scatter_update),
    };
    return kRows;
}

}  // namespace pellucid::graph::facts
