// Ops that act element by element, each with the range its derivative exists on and the kinks to stay away from.
#include <gtest/gtest.h>

#include "graph/differentiate/cases.hpp"
#include "openvino/opsets/opset16.hpp"

namespace pellucid::graph::testing {
namespace {

namespace op = ov::op;

Value scalar(float value) { return op::v0::Constant::create(ov::element::f32, ov::Shape{}, {value})->output(0); }

template <class Op>
Case unary(const std::string& name, double low, double high, std::vector<double> kinks = {}) {
    return {.name = name,
            .inputs = {{.extents = {2, 5}, .low = low, .high = high, .kinks = std::move(kinks)}},
            .build = [](const Values& in) -> Value { return std::make_shared<Op>(in[0]); }};
}

Case custom(const std::string& name, double low, double high, std::vector<double> kinks,
            std::function<Value(const Values&)> build) {
    return {.name = name,
            .inputs = {{.extents = {4, 5}, .low = low, .high = high, .kinks = std::move(kinks)}},
            .build = std::move(build)};
}

template <class Op>
Case binary(const std::string& name, Input left, Input right, bool distinct = false) {
    return {.name = name,
            .inputs = {std::move(left), std::move(right)},
            .build = [](const Values& in) -> Value { return std::make_shared<Op>(in[0], in[1]); },
            .distinct = distinct};
}

std::vector<Case> unary_cases() {
    return {
        unary<op::v0::Relu>("Relu", -1, 1, {0}),
        unary<op::v0::Abs>("Abs", -1, 1, {0}),
        unary<op::v0::Negative>("Negative", -1, 1),
        unary<op::v0::Sqrt>("Sqrt", 0.3, 2),
        unary<op::v0::Exp>("Exp", -1, 1),
        unary<op::v0::Log>("Log", 0.3, 2),
        unary<op::v0::Sigmoid>("Sigmoid", -3, 3),
        unary<op::v0::Tanh>("Tanh", -2, 2),
        unary<op::v0::Sin>("Sin", -3, 3),
        unary<op::v0::Cos>("Cos", -3, 3),
        unary<op::v0::Tan>("Tan", -1, 1),
        unary<op::v0::Asin>("Asin", -0.8, 0.8),
        unary<op::v0::Acos>("Acos", -0.8, 0.8),
        unary<op::v0::Atan>("Atan", -2, 2),
        unary<op::v0::Sinh>("Sinh", -1, 1),
        unary<op::v0::Cosh>("Cosh", -1, 1),
        unary<op::v3::Asinh>("Asinh", -2, 2),
        unary<op::v3::Acosh>("Acosh", 1.4, 3),
        unary<op::v3::Atanh>("Atanh", -0.7, 0.7),
        unary<op::v0::Erf>("Erf", -2, 2),
        unary<op::v0::Gelu>("Gelu (first form)", -2, 2),
        unary<op::v4::HSwish>("HSwish", -5, 5, {-3, 3}),
        unary<op::v5::HSigmoid>("HSigmoid", -5, 5, {-3, 3}),
        unary<op::v4::Mish>("Mish", -3, 3),
        unary<op::v4::SoftPlus>("SoftPlus", -3, 3),
        unary<op::v9::SoftSign>("SoftSign", -2, 2),
        unary<op::v4::Swish>("Swish", -3, 3),
        unary<op::v16::Identity>("Identity", -1, 1),
    };
}

std::vector<Case> custom_cases() {
    const auto gelu = [](op::GeluApproximationMode mode) {
        return [mode](const Values& in) -> Value { return std::make_shared<op::v7::Gelu>(in[0], mode); };
    };
    const auto clamp = [](double low, double high) {
        return [=](const Values& in) -> Value { return std::make_shared<op::v0::Clamp>(in[0], low, high); };
    };
    const auto power = [](float exponent) {
        return [=](const Values& in) -> Value { return std::make_shared<op::v1::Power>(in[0], scalar(exponent)); };
    };
    return {
        custom("Gelu, error function", -3, 3, {}, gelu(op::GeluApproximationMode::ERF)),
        custom("Gelu, tanh", -3, 3, {}, gelu(op::GeluApproximationMode::TANH)),
        custom("Clamp as ReLU6", -2, 8, {0, 6}, clamp(0, 6)),
        custom("Clamp", -2, 2, {-1, 1}, clamp(-1, 1)),
        custom("Clamp from below", -2, 2, {-0.5}, clamp(-0.5, std::numeric_limits<double>::infinity())),
        custom("Elu", -2, 2, {0}, [](const Values& in) -> Value { return std::make_shared<op::v0::Elu>(in[0], 0.7); }),
        custom("Selu", -2, 2, {0},
               [](const Values& in) -> Value {
                   return std::make_shared<op::v0::Selu>(in[0], scalar(1.67F), scalar(1.05F));
               }),
        custom("HardSigmoid", -4, 4, {-2.5, 2.5},
               [](const Values& in) -> Value {
                   return std::make_shared<op::v0::HardSigmoid>(in[0], scalar(0.2F), scalar(0.5F));
               }),
        custom("Swish with beta", -3, 3, {},
               [](const Values& in) -> Value { return std::make_shared<op::v4::Swish>(in[0], scalar(1.7F)); }),
        custom("Power 2", -2, 2, {}, power(2)),
        custom("Power 3", -2, 2, {}, power(3)),
        custom("Power -1", 0.5, 2, {}, power(-1)),
        custom("Power 0.5", 0.5, 2, {}, power(0.5F)),
        custom("Power 1.7", 0.5, 2, {}, power(1.7F)),
        custom("ReLU6 spelt by Maximum and Minimum", -2, 8, {0, 6},
               [](const Values& in) -> Value {
                   const auto above = std::make_shared<op::v1::Maximum>(in[0], scalar(0));
                   return std::make_shared<op::v1::Minimum>(scalar(6), above);
               }),
        custom("Convert there and back", -1, 1, {},
               [](const Values& in) -> Value {
                   return std::make_shared<op::v0::Convert>(std::make_shared<op::v0::Convert>(in[0], ov::element::f64),
                                                            ov::element::f32);
               }),
        custom("ConvertLike", -1, 1, {},
               [](const Values& in) -> Value { return std::make_shared<op::v1::ConvertLike>(in[0], scalar(1)); }),
    };
}

/// Three numbers, of a first one and a step that are inputs, times the data.
template <class Op, class... Types>
Case range(const std::string& name, Types... types) {
    const Input number{.extents = {}, .low = 0.5, .high = 2.0, .batched = false};
    const auto build = [types...](const Values& in) -> Value {
        const auto length = std::make_shared<op::v1::Multiply>(in[2], scalar(2.5F));
        const auto numbers = std::make_shared<Op>(in[1], std::make_shared<op::v1::Add>(in[1], length), in[2], types...);
        const auto three = std::make_shared<op::v1::Reshape>(numbers, ints({3}), false);
        return std::make_shared<op::v1::Multiply>(in[0], three);
    };
    return {.name = name, .inputs = {{.extents = {2, 3}}, number, number}, .build = build, .linear = false};
}

std::vector<Case> binary_cases() {
    const Input same{.extents = {3, 4}, .low = 0.5, .high = 2.0};
    const Input row{.extents = {4}, .low = 0.5, .high = 2.0, .batched = false};
    const Input column{.extents = {3, 1}, .low = 0.5, .high = 2.0};
    const Input deep{.extents = {2, 3, 1}, .low = 0.5, .high = 2.0};
    std::vector<Case> cases{
        range<op::v4::Range>("Range", ov::element::f32),
        range<op::v0::Range>("Range of the first opset"),
        binary<op::v1::Add>("Add", same, same),
        binary<op::v1::Add>("Add row", same, row),
        binary<op::v1::Add>("Add, both broadcast", column, row),
        binary<op::v1::Subtract>("Subtract", same, column),
        binary<op::v1::Multiply>("Multiply", same, same),
        binary<op::v1::Multiply>("Multiply row", same, row),
        binary<op::v1::Multiply>("Multiply column", column, same),
        binary<op::v1::Divide>("Divide", same, column),
        binary<op::v1::Power>("Power of two tensors", same, row),
        binary<op::v1::Maximum>("Maximum", same, column, true),
        binary<op::v1::Minimum>("Minimum", column, same, true),
        binary<op::v0::SquaredDifference>("SquaredDifference", same, row),
        binary<op::v1::FloorMod>("FloorMod", {.extents = {3}, .low = 5.2, .high = 5.8},
                                 {.extents = {1}, .low = 2.1, .high = 2.4}),
        binary<op::v1::Mod>("Mod", {.extents = {3}, .low = -5.8, .high = -5.2},
                            {.extents = {1}, .low = 2.1, .high = 2.4}),
    };
    auto dynamic = binary<op::v1::Multiply>("Multiply, every extent unknown", deep, deep);
    dynamic.dynamic = true;
    dynamic.inputs[1].extents = {1, 3, 4};
    cases.push_back(dynamic);
    Case slope{.name = "PRelu",
               .inputs = {{.extents = {3, 4, 2}, .kinks = {0}}, {.extents = {3}, .batched = false}},
               .build = [](const Values& in) -> Value { return std::make_shared<op::v0::PRelu>(in[0], in[1]); }};
    cases.push_back(slope);
    slope.name = "PRelu, one slope";
    slope.inputs[1].extents = {1};
    cases.push_back(slope);
    Case choice{.name = "Select", .inputs = {same, row}, .build = [](const Values& in) -> Value {
                    const auto mask = op::v0::Constant::create(ov::element::boolean, ov::Shape{3, 4},
                                                               std::vector<char>{1, 0, 1, 0, 0, 1, 1, 0, 1, 1, 0, 0});
                    return std::make_shared<op::v1::Select>(mask, in[0], in[1]);
                }};
    cases.push_back(choice);
    return cases;
}

TEST(DifferentiateElementwise, UnaryFunctions) {
    for (const auto& c : unary_cases()) check_first_order(c);
}
TEST(DifferentiateElementwise, FunctionsWithAttributes) {
    for (const auto& c : custom_cases()) check_first_order(c);
}
TEST(DifferentiateElementwise, BinaryFunctionsBroadcast) {
    for (const auto& c : binary_cases()) check_first_order(c);
}
TEST(DifferentiateElementwise, DerivativesOfDerivatives) {
    for (auto& c : unary_cases()) check_second_order(c);
    for (auto& c : custom_cases()) check_second_order(c);
    for (auto& c : binary_cases()) check_second_order(c);
}

/// The conventions at ties and kinks, which differences cannot see: torch's.
ov::Tensor gradient_at(const std::function<Value(const Values&)>& build,
                       const std::vector<std::vector<float>>& points) {
    Case c{.name = "tie", .inputs = {}, .build = build};
    std::vector<ov::Tensor> arguments;
    for (const auto& point : points) {
        c.inputs.push_back({.extents = {}});
        ov::Tensor tensor(ov::element::f32, ov::Shape{point.size()});
        std::copy(point.begin(), point.end(), tensor.data<float>());
        arguments.push_back(tensor);
    }
    const auto model = model_of(c);
    const auto made =
        differentiate(model, {model->get_parameters()[0]->output(0)}, model->get_results()[0]->input_value(0));
    auto compiled = compile(made.model);
    ov::Tensor ones(ov::element::f32, ov::Shape{points[0].size()});
    std::fill_n(ones.data<float>(), ones.get_size(), 1.0F);
    arguments.push_back(ones);
    return run(compiled, arguments)[1];
}

std::vector<float> values(const ov::Tensor& tensor) {
    return {tensor.data<float>(), tensor.data<float>() + tensor.get_size()};
}

TEST(DifferentiateElementwise, ConventionsAtTies) {
    const auto relu = [](const Values& in) -> Value { return std::make_shared<op::v0::Relu>(in[0]); };
    EXPECT_EQ(values(gradient_at(relu, {{-1, 0, 1}})), (std::vector<float>{0, 0, 1}));
    const auto absolute = [](const Values& in) -> Value { return std::make_shared<op::v0::Abs>(in[0]); };
    EXPECT_EQ(values(gradient_at(absolute, {{-1, 0, 1}})), (std::vector<float>{-1, 0, 1}));
    const auto maximum = [](const Values& in) -> Value { return std::make_shared<op::v1::Maximum>(in[0], in[1]); };
    EXPECT_EQ(values(gradient_at(maximum, {{1, 2, 3}, {2, 2, 2}})), (std::vector<float>{0, 0.5, 1}));
    const auto relu6 = [](const Values& in) -> Value { return std::make_shared<op::v0::Clamp>(in[0], 0, 6); };
    EXPECT_EQ(values(gradient_at(relu6, {{-1, 0, 3, 6, 7}})), (std::vector<float>{0, 0, 1, 0, 0}));
    const auto clamp = [](const Values& in) -> Value { return std::make_shared<op::v0::Clamp>(in[0], -1, 1); };
    EXPECT_EQ(values(gradient_at(clamp, {{-2, -1, 0, 1, 2}})), (std::vector<float>{0, 1, 1, 1, 0}));
}

}  // namespace

std::vector<Case> elementwise_cases() {
    auto cases = unary_cases();
    for (const auto& more : {custom_cases(), binary_cases()}) cases.insert(cases.end(), more.begin(), more.end());
    return cases;
}

}  // namespace pellucid::graph::testing
