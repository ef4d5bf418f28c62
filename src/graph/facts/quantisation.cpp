// Values rounded to a few levels inside a network of floating-point numbers. Their derivative is 0 almost everywhere;
// what a user wants to know is that of the network that was quantised, so the rounding is passed straight through.
#include "graph/facts/table.hpp"

namespace pellucid::graph::facts {
namespace {

namespace op = ov::op;
using Node = std::shared_ptr<ov::Node>;
using Cotangents = std::vector<Cotangent>;

Expr at_least(const Expr& a, const Expr& b) { return a.tape->make<op::v1::GreaterEqual>(a.value, b.value); }

/// Levels between two bounds, mapped to those between two others: the slope of the map within the bounds (the bounds
/// themselves among it), 0 beyond.
Cotangents fake_quantize(const Node& node, const Cotangents& outputs, Tape& tape) {
    const auto kind = ov::as_type_ptr<op::v0::FakeQuantize>(node)->get_auto_broadcast().m_type;
    if (kind != op::AutoBroadcastType::NUMPY && kind != op::AutoBroadcastType::NONE) {
        refuse(*node, "it broadcasts by PaddlePaddle's rule", "export the model with equal ranks");
    }
    Cotangents made(5);
    for (std::size_t port = 1; port < made.size(); ++port) {
        made[port] = tape.blocked(*node, port, "the range of the levels is held fixed");
    }
    if (!tape.wants(*node, 0)) return made;
    const auto g = tape.expr(outputs[0].value);
    const auto x = tape.in(*node, 0);
    const auto low = tape.in(*node, 1), high = tape.in(*node, 2);
    const auto width = high - low;
    const auto open = greater(abs(width), 0.0);  // both bounds may be one: a step, whose slope is 0
    const auto slope = select(open, (tape.in(*node, 4) - tape.in(*node, 3)) / select(open, width, 1.0), 0.0);
    const auto bottom = tape.make<op::v1::Minimum>(low.value, high.value);
    const auto top = tape.make<op::v1::Maximum>(low.value, high.value);
    const auto inside = indicator(both(at_least(x, bottom), at_least(top, x)), g);
    made[0] = tape.sum_to((g * slope * inside).value, x.value);
    return made;
}

/// (round(x scale - shift) + shift) / scale, rounded to a float of 8 bits: 1 where that type holds the value, 0 where
/// it is cut to the type's largest.
Cotangents fake_convert(const Node& node, const Cotangents& outputs, Tape& tape) {
    Cotangents made(node->get_input_size());
    for (std::size_t port = 1; port < made.size(); ++port) {
        made[port] = tape.blocked(*node, port, "the scale and shift of the type are held fixed");
    }
    if (!tape.wants(*node, 0)) return made;
    const auto type = ov::as_type_ptr<op::v13::FakeConvert>(node)->get_destination_element_type();
    const double largest = type == ov::element::f8e4m3 ? 448.0 : 57344.0;
    const auto g = tape.expr(outputs[0].value);
    auto scaled = tape.in(*node, 0) * tape.in(*node, 1);
    if (node->get_input_size() > 2) scaled = scaled - tape.in(*node, 2);
    const auto limit = tape.scalar(scaled.value, largest);
    made[0] = tape.sum_to((g * indicator(at_least(limit, abs(scaled)), g)).value, node->input_value(0));
    return made;
}

constexpr std::string_view kStraight =
    "straight-through: the gradient is that of the values before rounding, 0 where they lie beyond the range";

}  // namespace

std::span<const OpFacts> quantisation() {
    static const std::array kRows{
        row<op::v0::FakeQuantize>(Law::kElementwise, fake_quantize, kStraight),
        row<op::v13::FakeConvert>(Law::kElementwise, fake_convert, kStraight),
    };
    return kRows;
}

}  // namespace pellucid::graph::facts
