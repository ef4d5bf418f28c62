// Matrix products, and what is made of them.
#include "graph/facts/table.hpp"
#include "graph/weights.hpp"

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

/// The other operand, as the reverse pass reads it. Weights are read negated, as a transposed convolution's are: the CPU
/// plugin takes the packing of a square matrix for that of its transpose (docs/decisions/0002).
Cotangent reversed(const ov::Node& node, std::size_t port, const Value& matrix, Tape& tape) {
    if (tape.wants(node, port) || !is_weights(matrix)) return {matrix, false};
    return {tape.negative_weights(matrix), true};
}

struct Turns {
    bool left, right;
};
Expr multiply(Tape& tape, const Value& left, const Value& right, Turns turns) {
    return tape.make<op::v0::MatMul>(left, right, turns.left, turns.right);
}

Cotangents matmul(const Node& node, const Cotangents& outputs, Tape& tape) {
    const auto product = ov::as_type_ptr<op::v0::MatMul>(node);
    const auto a = operand(*node, 0, product->get_transpose_a(), tape);
    const auto b = operand(*node, 1, product->get_transpose_b(), tape);
    auto g = tape.expr(outputs[0].value);
    if (b.vector) g = unsqueeze(g, {-1});
    if (a.vector) g = unsqueeze(g, {-2});
    Cotangents made(2);
    if (tape.wants(*node, 0)) {
        const auto w = reversed(*node, 1, b.matrix, tape);
        const auto da = a.transposed ? multiply(tape, w.value, g.value, {b.transposed, true})
                                     : multiply(tape, g.value, w.value, {false, !b.transposed});
        made[0] = {tape.reshape_like(tape.sum_to(da.value, a.matrix).value, node->input_value(0)).value, w.negated};
    }
    if (tape.wants(*node, 1)) {
        const auto w = reversed(*node, 0, a.matrix, tape);
        const auto db = b.transposed ? multiply(tape, g.value, w.value, {true, a.transposed})
                                     : multiply(tape, w.value, g.value, {!a.transposed, false});
        made[1] = {tape.reshape_like(tape.sum_to(db.value, b.matrix).value, node->input_value(1)).value, w.negated};
    }
    return made;
}

std::int64_t matmul_macs(const ov::Node& node) {
    const auto& a = node.get_input_partial_shape(0);
    if (a.is_dynamic() || a.size() == 0) return 0;
    const bool turned = ov::as_type<const op::v0::MatMul>(&node)->get_transpose_a() && a.size() > 1;
    return elements(node.get_output_partial_shape(0)) * a[turned ? a.size() - 2 : a.size() - 1].get_length();
}

struct Equation {
    std::vector<std::string> inputs;
    std::string output;
};

char unused_label(const std::string& used) {
    for (const char label : std::string("zyxwvutsrqponmlkjihgfedcbaZYXWVUTSRQPONMLKJIHGFEDCBA")) {
        if (used.find(label) == std::string::npos) return label;
    }
    return '\0';  // more axes than letters: the engine refuses such an equation itself
}

/// "...ab" of a tensor with four axes as "yzab": the axes of an ellipsis are counted from the last.
void name_ellipsis(const ov::Node& node, Equation& equation) {
    constexpr std::string_view kEllipsis = "...";
    std::string used = equation.output;
    std::size_t most = 0;
    std::vector<std::size_t> counts(equation.inputs.size(), 0);
    for (std::size_t port = 0; port < equation.inputs.size(); ++port) {
        const auto& labels = equation.inputs[port];
        used += labels;
        if (labels.find(kEllipsis) == std::string::npos) continue;
        const auto rank = static_cast<std::size_t>(rank_of(node, node.input_value(port)));
        counts[port] = rank + kEllipsis.size() - labels.size();
        most = std::max(most, counts[port]);
    }
    std::string names;
    for (std::size_t axis = 0; axis < most; ++axis) names += unused_label(used + names);
    for (std::size_t port = 0; port < equation.inputs.size(); ++port) {
        auto& labels = equation.inputs[port];
        const auto at = labels.find(kEllipsis);
        if (at != std::string::npos) labels.replace(at, kEllipsis.size(), names.substr(most - counts[port]));
    }
    const auto at = equation.output.find(kEllipsis);
    if (at != std::string::npos) equation.output.replace(at, kEllipsis.size(), names);
}

/// Axes of one name have one extent; where one is, or may be, stretched from 1 to another's, there is no rule.
void check_extents(const ov::Node& node, const Equation& equation) {
    std::map<char, ov::Dimension> extents;
    const auto stretches = [](const ov::Dimension& a, const ov::Dimension& b) {
        return !a.compatible(b) || ((a == 1) != (b == 1) && (a.is_dynamic() || b.is_dynamic()));
    };
    for (std::size_t port = 0; port < equation.inputs.size(); ++port) {
        const auto& shape = node.get_input_partial_shape(port);
        for (std::size_t axis = 0; axis < equation.inputs[port].size(); ++axis) {
            const auto [known, first] = extents.emplace(equation.inputs[port][axis], shape[axis]);
            if (!first && stretches(known->second, shape[axis]))
                refuse(node, "it stretches an axis of extent 1, or may");
        }
    }
}

/// "ab,bc->ac"; a missing right side means the ellipsis, if there is one, and the labels that occur once, in
/// alphabetical order.
Equation parse(const ov::Node& node) {
    auto text = ov::as_type<const op::v7::Einsum>(&node)->get_equation();
    std::erase(text, ' ');
    const auto arrow = text.find("->");
    const auto left = text.substr(0, arrow);
    Equation made;
    for (std::size_t from = 0; from <= left.size();) {
        const auto comma = std::min(left.find(',', from), left.size());
        made.inputs.push_back(left.substr(from, comma - from));
        from = comma + 1;
    }
    std::map<char, int> occurs;
    for (const auto& labels : made.inputs) {
        for (const char label : labels) ++occurs[label];
    }
    if (arrow != std::string::npos) {
        made.output = text.substr(arrow + 2);
    } else {
        if (occurs.erase('.') > 0) made.output = "...";
        for (const auto& [label, times] : occurs) {
            if (times == 1) made.output += label;
        }
    }
    name_ellipsis(node, made);
    check_extents(node, made);
    return made;
}

/// The identity along an axis, n x n.
Value identity(const ov::Node& node, const ov::Dimension& extent, const Value& like, Tape& tape) {
    if (extent.is_dynamic()) refuse(node, "it takes a diagonal whose extent is known only while the model runs");
    const auto n = static_cast<std::size_t>(extent.get_length());
    std::vector<double> values(n * n, 0.0);
    for (std::size_t i = 0; i < n; ++i) values[i * n + i] = 1.0;
    return tape.make<op::v0::Constant>(like.get_element_type(), ov::Shape{n, n}, values).value;
}

/// The cotangent takes its operand's place in the equation. Labels that only this operand has were summed over: the
/// cotangent is the same all along them. A label that repeats took a diagonal: the cotangent lies on it.
Expr einsum_operand(const Node& node, const Equation& equation, std::size_t port, const Value& g, Tape& tape) {
    std::string text = equation.output;
    ov::OutputVector operands{g};
    std::string known = equation.output;
    for (std::size_t other = 0; other < equation.inputs.size(); ++other) {
        if (other == port) continue;
        text += "," + equation.inputs[other];
        known += equation.inputs[other];
        operands.push_back(node->input_value(other));
    }
    auto wanted = equation.inputs[port];
    for (std::size_t axis = 1; axis < wanted.size(); ++axis) {
        if (wanted.find(wanted[axis]) == axis) continue;
        const char other = unused_label(wanted + known);
        text += std::string(",") + wanted[axis] + other;
        known += std::string() + wanted[axis] + other;
        operands.push_back(identity(*node, node->get_input_partial_shape(port)[axis], g, tape));
        wanted[axis] = other;
    }
    std::string found;
    std::vector<std::int64_t> missing;
    for (std::size_t axis = 0; axis < wanted.size(); ++axis) {
        if (known.find(wanted[axis]) != std::string::npos) {
            found += wanted[axis];
        } else {
            missing.push_back(static_cast<std::int64_t>(axis));
        }
    }
    auto made = tape.make<op::v7::Einsum>(operands, text + "->" + found);
    if (missing.empty()) return made;
    made = unsqueeze(made, missing);
    return tape.broadcast_like(made.value, node->input_value(port));
}

Cotangents einsum(const Node& node, const Cotangents& outputs, Tape& tape) {
    const auto equation = parse(*node);
    Cotangents made(node->get_input_size());
    for (std::size_t port = 0; port < made.size(); ++port) {
        if (tape.wants(*node, port)) made[port] = einsum_operand(node, equation, port, outputs[0].value, tape);
    }
    return made;
}

/// softmax(q k^T scale + mask), written out from the inputs of an attention op.
struct Attention {
    Expr q, k, v, scale;
    Expr weights;  ///< of the keys
    Expr lost;     ///< what the sink takes of each row of weights; null where there is no sink
};

Expr causal_mask(const Expr& logits, std::int64_t rank) {
    auto& tape = *logits.tape;
    const auto places = [&](std::int64_t axis) {
        const auto count = tape.make<op::v0::Squeeze>(tape.extent(logits.value, axis).value, tape.integers({0}).value);
        return tape.make<op::v4::Range>(tape.integer(0).value, count.value, tape.integer(1).value, ov::element::i64);
    };
    const auto row = unsqueeze(places(rank - 2), {1});
    const auto column = unsqueeze(places(rank - 1), {0});
    return tape.make<op::v1::LessEqual>(column.value, row.value);
}

/// The most negative number that the type holds: what a hidden key's logit is taken as.
double lowest(const Expr& like) {
    return like.value.get_element_type() == ov::element::f16 ? -65504.0 : -3.402823466e38;
}

/// Logits under a mask, and which of them it lets through; null where it lets all.
std::pair<Expr, Expr> masked(const op::v13::ScaledDotProductAttention& node, const Expr& logits, std::int64_t rank,
                             Tape& tape) {
    auto seen = logits;
    Expr visible;
    if (node.get_causal()) {
        visible = causal_mask(logits, rank);
    } else if (node.get_input_size() > 3) {
        const auto mask = tape.in(node, 3);
        const bool hides = mask.value.get_element_type() == ov::element::boolean;
        if (!hides) seen = logits + mask;
        visible = mask;
        if (!hides) {
            const auto never = tape.make<op::v10::IsInf>(seen.value, op::v10::IsInf::Attributes{true, false});
            visible = tape.make<op::v1::LogicalNot>(never.value);
        }
    }
    if (visible.tape == nullptr) return {seen, visible};
    return {select(visible, seen, tape.scalar(seen.value, lowest(seen))), visible};
}

/// Where a mask hides every key the weights are 0, and so are their derivatives (torch 2.5 on); the engine itself
/// answers with no number there.
Attention attention_of(const Node& node, Tape& tape) {
    const auto typed = ov::as_type_ptr<op::v13::ScaledDotProductAttention>(node);
    Attention a{tape.in(*node, 0), tape.in(*node, 1), tape.in(*node, 2), {}, {}, {}};
    const auto rank = rank_of(*node, a.q.value);
    if (node->get_input_size() > 4) {
        a.scale = tape.in(*node, 4);
    } else {
        const auto width =
            tape.make<op::v0::Convert>(tape.extent(a.q.value, rank - 1).value, a.q.value.get_element_type());
        a.scale = 1.0 / sqrt(width);
    }
    const auto product = tape.make<op::v0::MatMul>((a.q * a.scale).value, a.k.value, false, true);
    const auto [logits, visible] = masked(*typed, product, rank, tape);
    if (node->get_input_size() > 5) {
        // One more key, whose value is nothing.
        const auto rows = tape.sum((logits * 0.0).value, {rank - 1});
        const ov::OutputVector with_sink{logits.value, (rows + tape.in(*node, 5)).value};
        const auto joined = tape.make<op::v0::Concat>(with_sink, -1);
        const auto all = tape.make<op::v8::Softmax>(joined.value, -1);
        const auto keys = tape.extent(logits.value, rank - 1);
        const auto one = tape.integers({1});
        const ov::OutputVector lengths{keys.value, one.value};
        const auto parts = tape.node<op::v1::VariadicSplit>(all.value, tape.integer(-1).value,
                                                            tape.make<op::v0::Concat>(lengths, 0).value);
        a.weights = tape.expr(parts->output(0));
        a.lost = tape.expr(parts->output(1));
    } else {
        a.weights = tape.make<op::v8::Softmax>(logits.value, -1);
    }
    if (visible.tape != nullptr) a.weights = select(visible, a.weights, 0.0);
    return a;
}

Cotangents attention(const Node& node, const Cotangents& outputs, Tape& tape) {
    const auto a = attention_of(node, tape);
    const auto g = tape.expr(outputs[0].value);
    const auto product = [&](const Expr& left, const Expr& right, bool turn_left, bool turn_right) {
        return tape.make<op::v0::MatMul>(left.value, right.value, turn_left, turn_right);
    };
    const auto by_weights = product(g, a.v, false, true);
    const auto held = tape.sum((by_weights * a.weights).value, {-1});
    const auto by_logits = a.weights * (by_weights - held);
    Cotangents made(node->get_input_size());
    if (tape.wants(*node, 0)) {
        made[0] = tape.sum_to((product(by_logits, a.k, false, false) * a.scale).value, a.q.value);
    }
    if (tape.wants(*node, 1)) {
        made[1] = tape.sum_to((product(by_logits, a.q, true, false) * a.scale).value, a.k.value);
    }
    if (tape.wants(*node, 2)) made[2] = tape.sum_to(product(a.weights, g, true, false).value, a.v.value);
    if (made.size() > 3 && tape.wants(*node, 3)) made[3] = tape.sum_to(by_logits.value, node->input_value(3));
    if (made.size() > 4 && tape.wants(*node, 4)) {
        made[4] = tape.sum_to((by_logits * product(a.q, a.k, false, true)).value, node->input_value(4));
    }
    if (made.size() > 5 && tape.wants(*node, 5)) made[5] = tape.sum_to((-(a.lost * held)).value, node->input_value(5));
    return made;
}

/// Y = X^-1: dX = -Y^T g Y^T. The adjoint is the transpose of the inverse.
Cotangents inverse(const Node& node, const Cotangents& outputs, Tape& tape) {
    const bool turned = ov::as_type_ptr<op::v14::Inverse>(node)->get_adjoint();
    const auto y = node->output(0);
    const auto g = outputs[0].value;
    const auto left = tape.make<op::v0::MatMul>(y, g, !turned, turned);
    return {{tape.make<op::v0::MatMul>(left.value, y, false, !turned).value, true}};
}

/// Two products, of every query with every key and with every value.
std::int64_t attention_macs(const ov::Node& node) {
    const auto& q = node.get_input_partial_shape(0);
    const auto& k = node.get_input_partial_shape(1);
    if (q.is_dynamic() || k.is_dynamic() || k.size() < 2) return 0;
    return (elements(q) + elements(node.get_output_partial_shape(0))) * k[k.size() - 2].get_length();
}

}  // namespace

std::span<const OpFacts> products() {
    static const std::array kRows{
        row<op::v0::MatMul>(Law::kBilinear, matmul, {}, matmul_macs),
        row<op::v7::Einsum>(Law::kBilinear, einsum),
        row<op::v14::Inverse>(Law::kNormalising, inverse),
        row<op::v13::ScaledDotProductAttention>(Law::kNormalising, attention, {}, attention_macs),
    };
    return kRows;
}

}  // namespace pellucid::graph::facts
