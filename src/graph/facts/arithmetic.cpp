// Element by element, with numpy broadcasting: sums, products, powers, comparisons by size, and their kin.
#include "graph/facts/table.hpp"

namespace pellucid::graph::facts {
namespace {

namespace op = ov::op;
using Node = std::shared_ptr<ov::Node>;
using Cotangents = std::vector<Cotangent>;

void check_broadcast(const ov::Node& node) {
    const auto kind = node.get_autob().m_type;
    if (kind != op::AutoBroadcastType::NUMPY && kind != op::AutoBroadcastType::NONE) {
        refuse(node, "it broadcasts by PaddlePaddle's rule", "export the model with equal ranks");
    }
}

/// g * d(x0, x1, y) for each side that is asked for, summed down to the side's shape.
template <auto Left, auto Right>
Cotangents binary(const Node& node, const Cotangents& outputs, Tape& tape) {
    check_broadcast(*node);
    const auto g = tape.expr(outputs[0].value);
    const auto a = tape.in(*node, 0);
    const auto b = tape.in(*node, 1);
    const auto y = tape.out(node);
    Cotangents made(2);
    if (tape.wants(*node, 0)) made[0] = tape.sum_to(Left(g, a, b, y), a.value);
    if (tape.wants(*node, 1)) made[1] = tape.sum_to(Right(g, a, b, y), b.value);
    return made;
}

using E = const Expr&;

constexpr auto kPass = [](E g, E, E, E) { return g; };

/// -g: carried as a sign where nothing else happens to it.
Cotangents subtract(const Node& node, const Cotangents& outputs, Tape& tape) {
    auto made = binary<kPass, kPass>(node, outputs, tape);
    if (!made[1].empty()) made[1].negated = true;
    return made;
}

constexpr auto kTimesRight = [](E g, E, E b, E) { return g * b; };
constexpr auto kTimesLeft = [](E g, E a, E, E) { return g * a; };
constexpr auto kOverRight = [](E g, E, E b, E) { return g / b; };
constexpr auto kQuotientRight = [](E g, E, E b, E y) { return -(g * y / b); };

/// The constant that a tensor is everywhere, if it is.
std::optional<double> uniform(const Value& v) {
    const auto constant = Tape::constant_of(v);
    if (!constant || constant->get_byte_size() == 0 || !constant->get_all_data_elements_bitwise_identical()) return {};
    return constant->cast_vector<double>()[0];
}

/// b x^(b-1). Constant exponents are written out, which is exact at x = 0 and for negative x.
Expr power_by_base(E g, E a, E b, E) {
    const auto exponent = uniform(b.value);
    if (exponent == 1.0) return g;
    if (exponent == 2.0) return g * a * 2.0;
    if (exponent == 3.0) return g * a * a * 3.0;
    if (exponent == 0.5) return g * 0.5 / sqrt(a);
    if (exponent == -1.0) return -(g / (a * a));
    if (exponent) return g * pow(a, *exponent - 1.0) * *exponent;
    return g * select(equal(b, b * 0.0), b * 0.0, b * pow(a, b - 1.0));
}

/// y log x, and 0 where x <= 0 (as torch at x = 0; the derivative does not exist below).
Expr power_by_exponent(E g, E a, E, E y) {
    const auto safe = select(greater(a, 0.0), a, 1.0);
    return g * y * log(safe);
}

/// 1 where the side is the larger (smaller), 1/2 at ties of two varying sides. With a constant side, as exporters spell
/// a clip, 0 at the bound: ReLU6's convention, and it reads the output only, so that the clip stays fused.
template <bool Larger>
Cotangents extremum(const Node& node, const Cotangents& outputs, Tape& tape) {
    check_broadcast(*node);
    const auto g = tape.expr(outputs[0].value);
    const auto y = tape.out(node);
    Cotangents made(2);
    for (const std::size_t port : {0U, 1U}) {
        if (!tape.wants(*node, port)) continue;
        const auto mine = tape.in(*node, port);
        const auto other = tape.in(*node, 1 - port);
        Expr flowing;
        if (Tape::constant_of(other.value)) {
            flowing = select(Larger ? greater(y, other) : less(y, other), g, 0.0);
        } else {
            const auto wins = indicator(Larger ? greater(mine, other) : less(mine, other), g);
            flowing = g * (wins + indicator(equal(mine, other), g) * 0.5);
        }
        made[port] = tape.sum_to(flowing, mine.value);
    }
    return made;
}

constexpr auto kTwiceDifference = [](E g, E a, E b, E) { return g * (a - b) * 2.0; };
constexpr auto kTwiceDifferenceNegative = [](E g, E a, E b, E) { return g * (b - a) * 2.0; };

constexpr auto kMinusFloor = [](E g, E a, E b, E) { return -(g * g.tape->make<op::v0::Floor>((a / b).value)); };
/// Truncation towards zero, for Mod.
constexpr auto kMinusTruncated = [](E g, E a, E b, E) {
    const auto ratio = a / b;
    return -(g * sign(ratio) * g.tape->make<op::v0::Floor>(abs(ratio).value));
};

/// Numbers in even steps: y[i] = first + i * step.
Cotangents range(const Node& node, const Cotangents& outputs, Tape& tape) {
    const auto g = tape.expr(outputs[0].value);
    Cotangents made{{}, tape.blocked(*node, 1, "where it stops decides only how many numbers there are"), {}};
    if (tape.wants(*node, 0)) made[0] = tape.reshape_like(tape.sum(g.value, {0}, false).value, node->input_value(0));
    if (tape.wants(*node, 2)) {
        const auto count = tape.make<op::v0::Squeeze>(tape.shape_of(g.value).value, tape.integers({0}).value);
        const auto places = tape.make<op::v4::Range>(tape.integer(0).value, count.value, tape.integer(1).value,
                                                     g.value.get_element_type());
        made[2] = tape.reshape_like(tape.sum((g * places).value, {0}, false).value, node->input_value(2));
    }
    return made;
}

constexpr std::string_view kTies =
    "where two varying inputs are equal each gets half; at a constant bound the gradient is 0, as ReLU6";

}  // namespace

std::span<const OpFacts> arithmetic() {
    static const std::array kRows{
        row<op::v1::Add>(Law::kLinear, binary<kPass, kPass>),
        row<op::v1::Subtract>(Law::kLinear, subtract),
        row<op::v1::Multiply>(Law::kBilinear, binary<kTimesRight, kTimesLeft>),
        row<op::v1::Divide>(Law::kBilinear, binary<kOverRight, kQuotientRight>),
        row<op::v1::Power>(Law::kElementwise, binary<power_by_base, power_by_exponent>),
        row<op::v1::Maximum>(Law::kSelecting, extremum<true>, kTies),
        row<op::v1::Minimum>(Law::kSelecting, extremum<false>, kTies),
        row<op::v0::SquaredDifference>(Law::kElementwise, binary<kTwiceDifference, kTwiceDifferenceNegative>),
        row<op::v1::FloorMod>(Law::kElementwise, binary<kPass, kMinusFloor>),
        row<op::v0::Range>(Law::kLinear, range),
        row<op::v4::Range>(Law::kLinear, range),
        row<op::v1::Mod>(Law::kElementwise, binary<kPass, kMinusTruncated>),
    };
    return kRows;
}

}  // namespace pellucid::graph::facts
