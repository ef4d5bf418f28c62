// One tensor in, one out, element by element.
#include <limits>
#include <numbers>

#include "graph/facts/table.hpp"

namespace pellucid::graph::facts {
namespace {

namespace op = ov::op;
using Node = std::shared_ptr<ov::Node>;
using Cotangents = std::vector<Cotangent>;
using E = const Expr&;

/// Derivative(g, x, y) of y = f(x).
template <auto Derivative>
Cotangents unary(const Node& node, const Cotangents& outputs, Tape& tape) {
    return {Derivative(tape.expr(outputs[0].value), tape.in(*node, 0), tape.out(node))};
}

Cotangents pass(const Node&, const Cotangents& outputs, Tape&) { return {outputs[0]}; }
Cotangents negative(const Node&, const Cotangents& outputs, Tape&) { return {{outputs[0].value, !outputs[0].negated}}; }

Expr sigmoid(E x) { return x.tape->make<op::v0::Sigmoid>(x.value); }
Expr tanh(E x) { return x.tape->make<op::v0::Tanh>(x.value); }
template <class Op>
Expr apply(E x) {
    return x.tape->make<Op>(x.value);
}

// Masks read the output where that decides: the input of an activation is then free to fuse away.
constexpr auto kRelu = [](E g, E, E y) { return select(greater(y, 0.0), g, 0.0); };
constexpr auto kAbs = [](E g, E x, E) { return g * sign(x); };
constexpr auto kSqrt = [](E g, E, E y) { return g * 0.5 / y; };
constexpr auto kExp = [](E g, E, E y) { return g * y; };
constexpr auto kLog = [](E g, E x, E) { return g / x; };
constexpr auto kSigmoid = [](E g, E, E y) { return g * (y * (1.0 - y)); };
constexpr auto kTanh = [](E g, E, E y) { return g * (1.0 - y * y); };
constexpr auto kSin = [](E g, E x, E) { return g * apply<op::v0::Cos>(x); };
constexpr auto kCos = [](E g, E x, E) { return -(g * apply<op::v0::Sin>(x)); };
constexpr auto kTan = [](E g, E, E y) { return g * (1.0 + y * y); };
constexpr auto kAsin = [](E g, E x, E) { return g / sqrt(1.0 - x * x); };
constexpr auto kAcos = [](E g, E x, E) { return -(g / sqrt(1.0 - x * x)); };
constexpr auto kAtan = [](E g, E x, E) { return g / (1.0 + x * x); };
constexpr auto kSinh = [](E g, E x, E) { return g * apply<op::v0::Cosh>(x); };
constexpr auto kCosh = [](E g, E x, E) { return g * apply<op::v0::Sinh>(x); };
constexpr auto kAsinh = [](E g, E x, E) { return g / sqrt(1.0 + x * x); };
constexpr auto kAcosh = [](E g, E x, E) { return g / sqrt(x * x - 1.0); };
constexpr auto kAtanh = [](E g, E x, E) { return g / (1.0 - x * x); };
constexpr auto kErf = [](E g, E x, E) { return g * (exp(-(x * x)) * (2.0 * std::numbers::inv_sqrtpi)); };
constexpr auto kSoftPlus = [](E g, E x, E) { return g * sigmoid(x); };
constexpr auto kSoftSign = [](E g, E x, E) {
    const auto denominator = 1.0 + abs(x);
    return g / (denominator * denominator);
};
constexpr auto kHSwish = [](E g, E x, E) {
    const auto middle = select(less(x, 3.0), x * (1.0 / 3.0) + 0.5, 1.0);
    return g * select(greater(x, -3.0), middle, 0.0);
};
// By the input: the engine's output in saturation is 1 but for rounding.
constexpr auto kHSigmoid = [](E g, E x, E) { return select(less(abs(x), 3.0), g * (1.0 / 6.0), 0.0); };
constexpr auto kMish = [](E g, E x, E) {
    const auto t = tanh(apply<op::v4::SoftPlus>(x));
    return g * (t + x * (1.0 - t * t) * sigmoid(x));
};

/// Phi(x) + x phi(x) for the error-function form [hendrycks2016].
Expr gelu_erf(E g, E x) {
    const auto cdf = (apply<op::v0::Erf>(x * (1.0 / std::numbers::sqrt2)) + 1.0) * 0.5;
    const auto density = exp(x * x * -0.5) * (0.5 * std::numbers::sqrt2 * std::numbers::inv_sqrtpi);
    return g * (cdf + x * density);
}

/// y = x/2 (1 + tanh(c (x + a x^3))), c = sqrt(2/pi), a = 0.044715.
Expr gelu_tanh(E g, E x) {
    constexpr double kScale = std::numbers::sqrt2 * std::numbers::inv_sqrtpi;
    constexpr double kCubic = 0.044715;
    const auto square = x * x;
    const auto t = tanh(x * (square * kCubic + 1.0) * kScale);
    const auto inner = (square * (3.0 * kCubic) + 1.0) * kScale;
    return g * ((t + 1.0) * 0.5 + x * 0.5 * (1.0 - t * t) * inner);
}

Cotangents gelu(const Node& node, const Cotangents& outputs, Tape& tape) {
    const auto g = tape.expr(outputs[0].value);
    const auto x = tape.in(*node, 0);
    const auto form = ov::as_type_ptr<op::v7::Gelu>(node)->get_approximation_mode();
    return {form == op::GeluApproximationMode::TANH ? gelu_tanh(g, x) : gelu_erf(g, x)};
}
Cotangents gelu_v0(const Node& node, const Cotangents& outputs, Tape& tape) {
    return {gelu_erf(tape.expr(outputs[0].value), tape.in(*node, 0))};
}

/// Bounds that are infinite in effect decide nothing. ReLU6-like clamps (from 0) are 0 at both bounds, as ReLU; others
/// let the gradient through at the bounds.
Cotangents clamp(const Node& node, const Cotangents& outputs, Tape& tape) {
    const auto bounds = ov::as_type_ptr<op::v0::Clamp>(node);
    const auto g = tape.expr(outputs[0].value);
    constexpr double kInfinite = std::numeric_limits<float>::max();
    const bool lower = bounds->get_min() > -kInfinite;
    const bool upper = bounds->get_max() < kInfinite;
    Expr result = g;
    if (bounds->get_min() == 0.0) {
        const auto y = tape.out(node);
        const auto above = greater(y, 0.0);
        return {select(upper ? both(above, less(y, bounds->get_max())) : above, g, 0.0)};
    }
    const auto x = tape.in(*node, 0);
    const auto zero = tape.scalar(g.value, 0.0);
    if (lower) result = select(less(x, bounds->get_min()), zero, result);
    if (upper) result = select(greater(x, bounds->get_max()), zero, result);
    return {result};
}

/// alpha e^x = y + alpha below 0.
Cotangents elu(const Node& node, const Cotangents& outputs, Tape& tape) {
    const auto g = tape.expr(outputs[0].value);
    const double alpha = ov::as_type_ptr<op::v0::Elu>(node)->get_alpha();
    const auto x = tape.in(*node, 0);
    return {
        select(greater(x, 0.0), g, g * (exp(tape.make<op::v1::Minimum>(x.value, tape.scalar(x, 0.0).value)) * alpha))};
}

/// lambda for x > 0, lambda alpha e^x below. Its two parameters are inputs.
Cotangents selu(const Node& node, const Cotangents& outputs, Tape& tape) {
    const auto g = tape.expr(outputs[0].value);
    const auto x = tape.in(*node, 0);
    const auto alpha = tape.in(*node, 1);
    const auto lambda = tape.in(*node, 2);
    const auto below = exp(tape.make<op::v1::Minimum>(x.value, tape.scalar(x, 0.0).value)) * alpha;
    return {g * select(greater(x, 0.0), lambda, lambda * below), tape.blocked(*node, 1, "held fixed"),
            tape.blocked(*node, 2, "held fixed")};
}

/// x s(b x), s the logistic function: s + b x s (1 - s). b is an input, 1 where absent.
Cotangents swish(const Node& node, const Cotangents& outputs, Tape& tape) {
    const auto g = tape.expr(outputs[0].value);
    const auto x = tape.in(*node, 0);
    if (node->get_input_size() == 1) {
        const auto s = sigmoid(x);
        return {g * (s + x * s * (1.0 - s))};
    }
    const auto beta = tape.in(*node, 1);
    const auto s = sigmoid(beta * x);
    Cotangents made{g * (s + beta * x * s * (1.0 - s)), {}};
    if (tape.wants(*node, 1)) made[1] = tape.sum_to(g * x * x * s * (1.0 - s), beta.value);
    return made;
}

/// clamp(a x + b, 0, 1): a inside. a and b are inputs.
Cotangents hard_sigmoid(const Node& node, const Cotangents& outputs, Tape& tape) {
    const auto y = tape.out(node);
    const auto g = tape.expr(outputs[0].value);
    return {select(both(greater(y, 0.0), less(y, 1.0)), g * tape.in(*node, 1), 0.0),
            tape.blocked(*node, 1, "held fixed"), tape.blocked(*node, 2, "held fixed")};
}

/// The slope in the shape that broadcasts against x. As the engine has it, a vector as long as axis 1 is one slope a
/// channel; any other stands on the last axes, as in NumPy.
Expr slope_of(const Node& node, Tape& tape) {
    const auto x = tape.in(*node, 0);
    const auto slope = tape.in(*node, 1);
    const auto& shape = slope.value.get_partial_shape();
    const auto rank = rank_of(*node, x.value);
    if (shape.rank().is_dynamic() || shape.size() != 1 || shape[0] == 1 || rank < 3) return slope;
    const auto& channels = x.value.get_partial_shape()[1];
    if (shape[0].is_static() && channels.is_static() && shape[0] != channels) return slope;
    std::vector<std::int64_t> extents(static_cast<std::size_t>(rank), 1);
    extents[1] = -1;
    return tape.make<op::v1::Reshape>(slope.value, tape.integers(extents).value, false);
}

Cotangents prelu(const Node& node, const Cotangents& outputs, Tape& tape) {
    const auto g = tape.expr(outputs[0].value);
    const auto x = tape.in(*node, 0);
    const auto slope = slope_of(node, tape);
    const auto positive = greater(x, 0.0);
    Cotangents made(2);
    if (tape.wants(*node, 0)) made[0] = select(positive, g, g * slope);
    if (tape.wants(*node, 1)) {
        const auto by_slope = tape.sum_to(select(positive, g * 0.0, g * x), slope.value);
        made[1] = tape.reshape_like(by_slope.value, node->input_value(1));
    }
    return made;
}

/// Types of 8 bits and fewer would round the cotangent as coarsely as they round the value.
void check_width(const ov::Node& node) {
    for (const auto& type : {node.get_input_element_type(0), node.get_output_element_type(0)}) {
        if (type.is_real() && type.bitwidth() < 16) {
            refuse(node, "numbers of type " + type.get_type_name() + " are too coarse for a gradient",
                   "take the model before it was quantised, or use a method that needs only scores (occlusion, lime)");
        }
    }
}

Cotangents convert(const Node& node, const Cotangents& outputs, Tape& tape) {
    check_width(*node);
    return {tape.make<op::v0::Convert>(outputs[0].value, node->get_input_element_type(0))};
}
Cotangents convert_like(const Node& node, const Cotangents& outputs, Tape& tape) {
    check_width(*node);
    return {tape.make<op::v0::Convert>(outputs[0].value, node->get_input_element_type(0)),
            tape.blocked(*node, 1, "only its type is read")};
}

constexpr std::string_view kAtZero = "the gradient at 0 is taken as 0";
constexpr std::string_view kClampNote =
    "at the bounds the gradient passes, except for clamps from 0 (ReLU, ReLU6), where it is 0";

}  // namespace

std::span<const OpFacts> activations() {
    constexpr auto kElementwise = Law::kElementwise;
    static const std::array kRows{
        row<op::v0::Negative>(Law::kLinear, negative),
        row<op::v16::Identity>(Law::kMovement, pass),
        row<op::v0::Convert>(Law::kMovement, convert),
        row<op::v1::ConvertLike>(Law::kMovement, convert_like),
        row<op::v0::Relu>(kElementwise, unary<kRelu>, kAtZero),
        row<op::v0::Abs>(kElementwise, unary<kAbs>, kAtZero),
        row<op::v0::Sqrt>(kElementwise, unary<kSqrt>),
        row<op::v0::Exp>(kElementwise, unary<kExp>),
        row<op::v0::Log>(kElementwise, unary<kLog>),
        row<op::v0::Sigmoid>(kElementwise, unary<kSigmoid>),
        row<op::v0::Tanh>(kElementwise, unary<kTanh>),
        row<op::v0::Sin>(kElementwise, unary<kSin>),
        row<op::v0::Cos>(kElementwise, unary<kCos>),
        row<op::v0::Tan>(kElementwise, unary<kTan>),
        row<op::v0::Asin>(kElementwise, unary<kAsin>),
        row<op::v0::Acos>(kElementwise, unary<kAcos>),
        row<op::v0::Atan>(kElementwise, unary<kAtan>),
        row<op::v0::Sinh>(kElementwise, unary<kSinh>),
        row<op::v0::Cosh>(kElementwise, unary<kCosh>),
        row<op::v3::Asinh>(kElementwise, unary<kAsinh>),
        row<op::v3::Acosh>(kElementwise, unary<kAcosh>),
        row<op::v3::Atanh>(kElementwise, unary<kAtanh>),
        row<op::v0::Erf>(kElementwise, unary<kErf>),
        row<op::v0::Gelu>(kElementwise, gelu_v0),
        row<op::v7::Gelu>(kElementwise, gelu),
        row<op::v0::Clamp>(kElementwise, clamp, kClampNote),
        row<op::v0::Elu>(kElementwise, elu),
        row<op::v0::Selu>(kElementwise, selu),
        row<op::v4::Swish>(kElementwise, swish),
        row<op::v4::HSwish>(kElementwise, unary<kHSwish>),
        row<op::v5::HSigmoid>(kElementwise, unary<kHSigmoid>),
        row<op::v0::HardSigmoid>(kElementwise, hard_sigmoid),
        row<op::v4::Mish>(kElementwise, unary<kMish>),
        row<op::v4::SoftPlus>(kElementwise, unary<kSoftPlus>),
        row<op::v9::SoftSign>(kElementwise, unary<kSoftSign>),
        row<op::v0::PRelu>(kElementwise, prelu),
    };
    return kRows;
}

}  // namespace pellucid::graph::facts
