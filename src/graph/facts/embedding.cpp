// Bags of rows of a table: each row times its weight, summed (or averaged) over the bag.
#include "openvino/op/util/embeddingbag_offsets_base.hpp"
#include "openvino/op/util/embeddingbag_packed_base.hpp"

#include "graph/facts/table.hpp"

namespace pellucid::graph::facts {
namespace {

namespace op = ov::op;
using Node = std::shared_ptr<ov::Node>;
using Cotangents = std::vector<Cotangent>;

/// One op's bags, whichever way it lists them.
struct Bags {
    Expr rows;      ///< of the table, [rows]
    Expr of;        ///< the bag of each row, [rows]
    Expr filled;    ///< the row that stands in for an empty bag, a scalar; null where there is none
    std::size_t weights_port = 0;  ///< 0: every row counts once
    bool mean = false;
};

Expr as_i64(const Expr& x) { return as_type(x, ov::element::i64); }
Expr scalar_of(const Expr& x) { return x.tape->make<op::v0::Squeeze>(x.value, x.tape->integers({0}).value); }
Expr counting(const Expr& stop) {
    auto& tape = *stop.tape;
    return tape.make<op::v4::Range>(tape.integer(0).value, stop.value, tape.integer(1).value, ov::element::i64);
}

/// The row for empty bags of an input, unless it is known to be -1: none.
Expr default_row(const ov::Node& node, std::size_t port, Tape& tape) {
    if (node.get_input_size() <= port) return {};
    const auto known = Tape::constant_of(node.input_value(port));
    if (known && known->cast_vector<std::int64_t>().at(0) == -1) return {};
    return tape.make<op::v1::Reshape>(as_i64(tape.in(node, port)).value, tape.integers({}).value, false);
}

/// The last bag that begins at or before the row.
Bags by_offsets(const ov::Node& node, Tape& tape) {
    Bags bags;
    bags.rows = as_i64(tape.in(node, 1));
    const auto place = counting(scalar_of(tape.extent(node.input_value(1), 0)));
    const auto begun = tape.make<op::v1::GreaterEqual>(unsqueeze(place, {1}).value, as_i64(tape.in(node, 2)).value);
    bags.of = tape.sum(as_i64(begun).value, {1}, false) - 1.0;
    bags.filled = default_row(node, 3, tape);
    bags.weights_port = node.get_input_size() > 4 ? 4 : 0;
    return bags;
}

/// The cotangent of each bag at each of its rows, divided by their count for means.
Expr at_rows(const Bags& bags, const Expr& g) {
    auto& tape = *g.tape;
    auto share = g;
    if (bags.mean) {
        const auto hits = indicator(equal(unsqueeze(counting(scalar_of(tape.extent(g.value, 0))), {1}), bags.of), g);
        const auto count = tape.make<op::v1::Maximum>(tape.sum(hits.value, {1}, true).value,
                                                      tape.scalar(g.value, 1.0).value);  // an empty bag has none
        const auto rank = static_cast<std::int64_t>(g.value.get_partial_shape().size());
        auto wide = count;  // [bags, 1, …]
        for (std::int64_t axis = 2; axis < rank; ++axis) wide = unsqueeze(wide, {axis});
        share = g / wide;
    }
    return tape.make<op::v8::Gather>(share.value, bags.of.value, tape.integer(0).value);
}

Expr add_rows(const Expr& table, const Expr& rows, const Expr& updates) {
    return table.tape->make<op::v15::ScatterNDUpdate>(table.value, unsqueeze(rows, {1}).value, updates.value,
                                                      op::v15::ScatterNDUpdate::Reduction::SUM);
}

/// Empty bags copy one row: it takes their cotangents.
Expr add_empty(const Expr& table, const Bags& bags, const Expr& g) {
    auto& tape = *g.tape;
    const auto bag = counting(scalar_of(tape.extent(g.value, 0)));
    const auto held = as_i64(equal(unsqueeze(bag, {1}), bags.of));
    const auto empty = indicator(less(tape.sum(held.value, {1}, false), 1.0), g);
    const auto rank = static_cast<std::int64_t>(g.value.get_partial_shape().size());
    auto mask = empty;
    for (std::int64_t axis = 1; axis < rank; ++axis) mask = unsqueeze(mask, {axis});
    const auto row = tape.sum((g * mask).value, {0}, true);
    const auto at = tape.make<op::v1::Reshape>(bags.filled.value, tape.integers({1}).value, false);
    // -1, known only while the model runs, stands for none.
    const auto none = less(at, 0.0);
    const auto safe = tape.make<op::v1::Select>(none.value, tape.integers({0}).value, at.value);
    const auto kept = select(none, row * 0.0, row);
    return add_rows(table, safe, kept);
}

Cotangents bagged(const Node& node, const Expr& g, const Bags& bags, Tape& tape) {
    const auto table = node->input_value(0);
    const auto rank = rank_of(*node, table);
    const auto shares = at_rows(bags, g);
    Cotangents made(node->get_input_size());
    const auto widened = [&](Expr weights) {
        for (std::int64_t axis = 1; axis < rank; ++axis) weights = unsqueeze(weights, {axis});
        return weights;
    };
    const auto flat = [&](const Value& v) { return tape.make<op::v1::Reshape>(v, tape.integers({-1}).value, false); };
    if (tape.wants(*node, 0)) {
        const auto weighted =
            bags.weights_port == 0 ? shares : shares * widened(flat(node->input_value(bags.weights_port)));
        auto sum = add_rows(tape.fill_like(table, 0.0), bags.rows, weighted);
        if (bags.filled.tape != nullptr) sum = add_empty(sum, bags, g);
        made[0] = sum;
    }
    if (bags.weights_port != 0 && tape.wants(*node, bags.weights_port)) {
        const auto taken = tape.make<op::v8::Gather>(table, bags.rows.value, tape.integer(0).value);
        std::vector<std::int64_t> axes;
        for (std::int64_t axis = 1; axis < rank; ++axis) axes.push_back(axis);
        const auto by_weight = tape.sum((shares * taken).value, axes, false);
        made[bags.weights_port] = tape.reshape_like(by_weight.value, node->input_value(bags.weights_port));
    }
    return made;
}

Cotangents offsets(const Node& node, const Cotangents& outputs, Tape& tape) {
    auto bags = by_offsets(*node, tape);
    using Base = op::util::EmbeddingBagOffsetsBase;
    bags.mean = ov::as_type_ptr<Base>(node)->get_reduction() == Base::Reduction::MEAN;
    return bagged(node, tape.expr(outputs[0].value), bags, tape);
}

/// [bags, rows of each]
Cotangents packed(const Node& node, const Cotangents& outputs, Tape& tape) {
    const auto indices = as_i64(tape.in(*node, 1));
    const auto bag = unsqueeze(counting(scalar_of(tape.extent(indices.value, 0))), {1});
    const auto flat = [&](const Expr& x) {
        return tape.make<op::v1::Reshape>(x.value, tape.integers({-1}).value, false);
    };
    Bags bags;
    bags.rows = flat(indices);
    bags.of = flat(tape.broadcast_like(bag.value, indices.value));
    bags.weights_port = node->get_input_size() > 2 ? 2 : 0;
    using Base = op::util::EmbeddingBagPackedBase;
    if (const auto typed = ov::as_type_ptr<Base>(node)) bags.mean = typed->get_reduction() == Base::Reduction::MEAN;
    return bagged(node, tape.expr(outputs[0].value), bags, tape);
}

Cotangents segments(const Node& node, const Cotangents& outputs, Tape& tape) {
    Bags bags;
    bags.rows = as_i64(tape.in(*node, 1));
    bags.of = as_i64(tape.in(*node, 2));
    bags.filled = default_row(*node, 4, tape);
    bags.weights_port = node->get_input_size() > 5 ? 5 : 0;
    return bagged(node, tape.expr(outputs[0].value), bags, tape);
}

}  // namespace

std::span<const OpFacts> embedding() {
    static const std::array kRows{
        row<op::v3::EmbeddingBagOffsetsSum>(Law::kBilinear, offsets),
        row<op::v15::EmbeddingBagOffsets>(Law::kBilinear, offsets),
        row<op::v3::EmbeddingBagPackedSum>(Law::kBilinear, packed),
        row<op::v15::EmbeddingBagPacked>(Law::kBilinear, packed),
        row<op::v3::EmbeddingSegmentsSum>(Law::kBilinear, segments),
    };
    return kRows;
}

}  // namespace pellucid::graph::facts
