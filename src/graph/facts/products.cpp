// Matrix products.
#include "graph/facts/table.hpp"

namespace pellucid::graph::facts {
namespace {

namespace op = ov::op;
using Node = std::shared_ptr<ov::Node>;
using Cotangents = std::vector<Cotangent>;

/// One operand as a matrix: a vector becomes a row (left) or a column (right).
struct Operand {
    Value matrix;
    bool transposed;
    bool vector;
};

Operand operand(const ov::Node& node, std::size_t port, bool transposed, Tape& tape) {
    const auto x = node.input_value(port);
    if (rank_of(node, x) > 1) return {x, transposed, false};
    const auto axis = tape.integers({port == 0 ? 0 : 1});
    return {tape.make<op::v0::Unsqueeze>(x, axis.value).value, false, true};
}

Cotangents matmul(const Node& node, const Cotangents& outputs, Tape& tape) {
    const auto product = ov::as_type_ptr<op::v0::MatMul>(node);
    const auto a = operand(*node, 0, product->get_transpose_a(), tape);
    const auto b = operand(*node, 1, product->get_transpose_b(), tape);
    auto g = tape.expr(outputs[0].value);
    if (b.vector) g = tape.make<op::v0::Unsqueeze>(g.value, tape.integers({-1}).value);
    if (a.vector) g = tape.make<op::v0::Unsqueeze>(g.value, tape.integers({-2}).value);
    const auto multiply = [&](const Value& left, const Value& right, bool turn_left, bool turn_right) {
        return tape.make<op::v0::MatMul>(left, right, turn_left, turn_right);
    };
    Cotangents made(2);
    if (tape.wants(*node, 0)) {
        const auto da = a.transposed ? multiply(b.matrix, g.value, b.transposed, true)
                                     : multiply(g.value, b.matrix, false, !b.transposed);
        made[0] = tape.reshape_like(tape.sum_to(da.value, a.matrix).value, node->input_value(0));
    }
    if (tape.wants(*node, 1)) {
        const auto db = b.transposed ? multiply(g.value, a.matrix, true, a.transposed)
                                     : multiply(a.matrix, g.value, !a.transposed, false);
        made[1] = tape.reshape_like(tape.sum_to(db.value, b.matrix).value, node->input_value(1));
    }
    return made;
}

std::int64_t matmul_macs(const ov::Node& node) {
    const auto& a = node.get_input_partial_shape(0);
    if (a.is_dynamic() || a.size() == 0) return 0;
    const bool turned = ov::as_type<const op::v0::MatMul>(&node)->get_transpose_a() && a.size() > 1;
    return elements(node.get_output_partial_shape(0)) * a[turned ? a.size() - 2 : a.size() - 1].get_length();
}

}  // namespace

std::span<const OpFacts> products() {
    static const std::array kRows{
        row<op::v0::MatMul>(Law::kBilinear, matmul, {}, matmul_macs),
    };
    return kRows;
}

}  // namespace pellucid::graph::facts
