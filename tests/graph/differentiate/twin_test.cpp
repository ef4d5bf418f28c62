// Rule sets that read a second forward pass, of a baseline: DeepLIFT's rescale rule (Shrikumar et al. 2017, section
// 3.5.2) on a network of two layers, against its multipliers written out by hand.
#include <gtest/gtest.h>

#include <array>

#include "graph/differentiate/probe.hpp"
#include "graph/tape.hpp"
#include "openvino/opsets/opset16.hpp"

namespace pellucid::graph::testing {
namespace {

namespace op = ov::op;

/// (y - y0) / (x - x0); the derivative where x is its baseline.
std::vector<Cotangent> rescale(const Unit& unit, const Cotangent& output, Tape& tape) {
    const auto x = tape.expr(unit.inputs[0]);
    const auto dx = x - tape.expr(tape.baseline(x.value));
    const auto dy = tape.expr(unit.output) - tape.expr(tape.baseline(unit.output));
    const auto slope = select(greater(abs(dx), 0.0), dy / dx, indicator(greater(x, 0.0), x));
    return {tape.positive(output) * slope};
}

RuleSet rescale_rules() {
    RuleSet rules = plain_rules();
    rules.name = "rescale";
    rules.carries = Carries::kMultiplier;
    rules.twin = true;
    rules.overrides = {
        {.node = {}, .unit = {}, .op = op::v0::Relu::get_type_info_static(), .law = {}, .rule = rescale}};
    return rules;
}

constexpr std::size_t kLeft = 3, kRight = 2, kHidden = 4, kScores = 2, kRows = 3;

// Integers, so that all but the quotients of the rule is exact.
constexpr std::array<std::array<float, kLeft>, kHidden> kU{{{1, -2, 3}, {-1, 1, 2}, {2, 2, -1}, {-3, 1, 1}}};
constexpr std::array<std::array<float, kRight>, kHidden> kV{{{2, -1}, {1, 1}, {-2, 3}, {1, -2}}};
constexpr std::array<float, kHidden> kB{1, -2, 0, 1};
constexpr std::array<std::array<float, kHidden>, kScores> kW{{{1, 2, -1, 3}, {-2, 1, 4, 1}}};

template <std::size_t Rows, std::size_t Columns>
Value matrix(const std::array<std::array<float, Columns>, Rows>& values) {
    return std::make_shared<op::v0::Constant>(ov::element::f32, ov::Shape{Rows, Columns}, values.front().data());
}

/// W relu(U left + V right + b), the hidden values split in two on their way: a node of several outputs has a twin too.
std::shared_ptr<ov::Model> network() {
    const auto input = [](const std::string& name, std::size_t size) {
        auto made = std::make_shared<op::v0::Parameter>(ov::element::f32,
                                                        ov::PartialShape{-1, static_cast<std::int64_t>(size)});
        made->set_friendly_name(name);
        return made;
    };
    const auto left = input("left", kLeft), right = input("right", kRight);
    const auto sum = std::make_shared<op::v1::Add>(std::make_shared<op::v0::MatMul>(left, matrix(kU), false, true),
                                                   std::make_shared<op::v0::MatMul>(right, matrix(kV), false, true));
    const auto bias = std::make_shared<op::v0::Constant>(ov::element::f32, ov::Shape{1, kHidden}, kB.data());
    const auto axis = op::v0::Constant::create(ov::element::i64, ov::Shape{}, {1});
    const auto halves = std::make_shared<op::v1::Split>(std::make_shared<op::v1::Add>(sum, bias), axis, 2);
    const auto joined =
        std::make_shared<op::v0::Concat>(ov::OutputVector{std::make_shared<op::v0::Relu>(halves->output(0)),
                                                          std::make_shared<op::v0::Relu>(halves->output(1))},
                                         1);
    return std::make_shared<ov::Model>(
        ov::OutputVector{std::make_shared<op::v0::MatMul>(joined, matrix(kW), false, true)},
        ov::ParameterVector{left, right});
}

ov::Tensor tensor(const ov::Shape& shape, const std::vector<float>& values) {
    ov::Tensor made(ov::element::f32, shape);
    std::copy(values.begin(), values.end(), made.data<float>());
    return made;
}

float at(const ov::Tensor& t, std::size_t row, std::size_t column) {
    return t.data<float>()[row * t.get_shape()[1] + column];
}

std::array<float, kHidden> hidden(const ov::Tensor& left, const ov::Tensor& right, std::size_t row) {
    auto z = kB;
    for (std::size_t j = 0; j < kHidden; ++j) {
        for (std::size_t i = 0; i < kLeft; ++i) z[j] += kU[j][i] * at(left, row, i);
        for (std::size_t i = 0; i < kRight; ++i) z[j] += kV[j][i] * at(right, row, i);
    }
    return z;
}

struct Point {
    // The last row is its own baseline.
    ov::Tensor left = tensor({kRows, kLeft}, {1, 2, -1, 0, 3, 1, 2, -1, 1});
    ov::Tensor right = tensor({kRows, kRight}, {2, 1, -1, 2, 1, 1});
    ov::Tensor seed = tensor({kRows, kScores}, {1, 0, 2, -1, 1, 3});
    ov::Tensor left0 = tensor({kRows, kLeft}, {0, 0, 0, 1, -1, 2, 2, -1, 1});
    ov::Tensor right0 = tensor({kRows, kRight}, {0, 0, 1, 1, 1, 1});
    [[nodiscard]] std::vector<ov::Tensor> arguments() const { return {left, right, seed, left0, right0}; }
};

/// What reaches each hidden value, by hand.
std::array<float, kHidden> multipliers(const Point& p, std::size_t row) {
    const auto z = hidden(p.left, p.right, row), z0 = hidden(p.left0, p.right0, row);
    std::array<float, kHidden> made{};
    for (std::size_t j = 0; j < kHidden; ++j) {
        for (std::size_t k = 0; k < kScores; ++k) made[j] += kW[k][j] * at(p.seed, row, k);
        const float slope = z[j] > 0.0F ? 1.0F : 0.0F;
        made[j] *= z[j] == z0[j] ? slope : (std::max(z[j], 0.0F) - std::max(z0[j], 0.0F)) / (z[j] - z0[j]);
    }
    return made;
}

// One quotient rounds to 1e-7 of itself; sums of eight integers below 100 times it keep within 1e-5 of unity.
constexpr float kTolerance = 1e-4F;

TEST(DifferentiateTwin, MultipliersAreThoseOfTheHandFormula) {
    const auto model = network();
    const auto& inputs = model->get_parameters();
    const auto made = differentiate(model, {inputs[0]->output(0), inputs[1]->output(0)},
                                    model->get_results()[0]->input_value(0), {}, rescale_rules());
    auto compiled = compile(made.model);
    const Point p;
    const auto results = run(compiled, p.arguments());
    for (std::size_t row = 0; row < kRows; ++row) {
        const auto m = multipliers(p, row);
        for (std::size_t i = 0; i < kLeft; ++i) {
            float expected = 0.0F;
            for (std::size_t j = 0; j < kHidden; ++j) expected += kU[j][i] * m[j];
            EXPECT_NEAR(at(results[1], row, i), expected, kTolerance) << "left, row " << row << ", element " << i;
        }
        for (std::size_t i = 0; i < kRight; ++i) {
            float expected = 0.0F;
            for (std::size_t j = 0; j < kHidden; ++j) expected += kV[j][i] * m[j];
            EXPECT_NEAR(at(results[2], row, i), expected, kTolerance) << "right, row " << row << ", element " << i;
        }
    }
}

/// Multipliers times differences sum to the difference of the scores (their eq. 1), which the engine itself computes.
TEST(DifferentiateTwin, MultipliersSumToTheDifferenceFromTheBaseline) {
    const auto model = network();
    const auto& inputs = model->get_parameters();
    const auto made = differentiate(model, {inputs[0]->output(0), inputs[1]->output(0)},
                                    model->get_results()[0]->input_value(0), {}, rescale_rules());
    auto compiled = compile(made.model);
    auto forward = compile(model);
    const Point p;
    const auto results = run(compiled, p.arguments());
    const auto there = run(forward, {p.left, p.right})[0], base = run(forward, {p.left0, p.right0})[0];
    for (std::size_t row = 0; row < kRows; ++row) {
        float expected = 0.0F, sum = 0.0F;
        for (std::size_t k = 0; k < kScores; ++k) {
            EXPECT_EQ(at(results[0], row, k), at(there, row, k)) << "the score is that of the input";
            expected += at(p.seed, row, k) * (at(there, row, k) - at(base, row, k));
        }
        for (std::size_t i = 0; i < kLeft; ++i) {
            sum += at(results[1], row, i) * (at(p.left, row, i) - at(p.left0, row, i));
        }
        for (std::size_t i = 0; i < kRight; ++i) {
            sum += at(results[2], row, i) * (at(p.right, row, i) - at(p.right0, row, i));
        }
        EXPECT_NEAR(sum, expected, kTolerance) << "row " << row;
    }
}

TEST(DifferentiateTwin, BaselinesAreInputsOfTheGraphWithItsBatch) {
    const auto model = network();
    const auto left = model->get_parameters()[0]->output(0);
    const auto of = model->get_results()[0]->input_value(0);
    const auto made = differentiate(model, {left}, of, {}, rescale_rules());
    const auto& parameters = made.model->get_parameters();
    ASSERT_EQ(parameters.size(), 5U);
    EXPECT_EQ(made.seed_parameter, 2U);
    for (const std::size_t index : {0U, 1U}) {
        const auto& baseline = parameters[3 + index];
        EXPECT_EQ(baseline->get_partial_shape(), parameters[index]->get_partial_shape());
        const auto name = "grad/baseline/" + parameters[index]->get_friendly_name();
        EXPECT_EQ(baseline->get_friendly_name(), name);
        EXPECT_EQ(baseline->output(0).get_any_name(), name);
    }
    EXPECT_TRUE(parameters[3]->get_partial_shape()[0].is_dynamic());
    EXPECT_EQ(differentiate(model, {left}, of).model->get_parameters().size(), 3U) << "plain rules need none";
}

}  // namespace
}  // namespace pellucid::graph::testing
