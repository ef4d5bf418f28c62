// The table of ops, refusals, names, and the rule sets against computations of their own.
#include <gtest/gtest.h>

#include <cmath>
#include <set>

#include "graph/differentiate/probe.hpp"
#include "graph/rules.hpp"
#include "openvino/opsets/opset16.hpp"
#include "pellucid/error.hpp"

namespace pellucid::graph::testing {
namespace {

namespace op = ov::op;

std::shared_ptr<op::v0::Parameter> parameter(const ov::PartialShape& shape, const std::string& name = "x") {
    const auto made = std::make_shared<op::v0::Parameter>(ov::element::f32, shape);
    made->set_friendly_name(name);
    return made;
}
std::shared_ptr<op::v0::Constant> constant(const ov::Shape& shape, const std::vector<float>& values) {
    return op::v0::Constant::create(ov::element::f32, shape, values);
}
std::shared_ptr<ov::Model> model_of(const Value& y, const ov::ParameterVector& parameters) {
    return std::make_shared<ov::Model>(ov::OutputVector{y}, parameters);
}
Value output_of(const std::shared_ptr<ov::Model>& model) { return model->get_results()[0]->input_value(0); }

TEST(DifferentiateRules, TheTableIsWhole) {
    std::set<ov::DiscreteTypeInfo> types;
    std::size_t differentiable = 0;
    for (const auto* row : all_facts()) {
        EXPECT_TRUE(types.insert(row->op).second) << row->op.name << " has two rows";
        EXPECT_TRUE(row->law == Law::kBlocked || row->vjp != nullptr) << row->op.name;
        differentiable += row->law != Law::kBlocked;
    }
    EXPECT_GE(differentiable, 100U);
}

TEST(DifferentiateRules, AnOpWithoutARuleIsRefusedByName) {
    const auto x = parameter({1, 4, 4, 4});
    const auto boxes = constant({1, 5}, {0, 0, 0, 3, 3});
    const auto pooled = std::make_shared<op::v0::PSROIPooling>(x, boxes, 1, 2, 1.0F, 1, 1, "average");
    pooled->set_friendly_name("votes");
    const auto why = refusal(model_of(pooled, {x}));
    EXPECT_NE(why.find("PSROIPooling"), std::string::npos) << why;
    EXPECT_NE(why.find("'votes'"), std::string::npos) << why;
}

TEST(DifferentiateRules, BlockedPathsAreRefusedNotZero) {
    const auto x = parameter({-1, 3});
    const auto floor = std::make_shared<op::v0::Floor>(x);
    floor->set_friendly_name("cut off");
    const auto why = refusal(model_of(floor, {x}));
    EXPECT_NE(why.find("blocked"), std::string::npos) << why;
    EXPECT_NE(why.find("'cut off'"), std::string::npos) << why;
    const auto other = parameter({-1, 3}, "other");
    const auto apart = std::make_shared<op::v0::Exp>(other);
    EXPECT_NE(refusal(model_of(apart, {parameter({-1, 3}), other})).find("does not depend"), std::string::npos);
}

TEST(DifferentiateRules, AFlatOpBesideALivePathIsNoted) {
    const auto x = parameter({-1, 3});
    const auto floor = std::make_shared<op::v0::Floor>(x);
    floor->set_friendly_name("cut off");
    const auto y = std::make_shared<op::v1::Subtract>(x, floor);
    const auto model = model_of(y, {x});
    const auto made = differentiate(model, {x}, output_of(model));
    ASSERT_EQ(made.notes.size(), 1U);
    EXPECT_NE(made.notes[0].find("'cut off'"), std::string::npos) << made.notes[0];
    auto compiled = compile(made.model);
    Random random(1);
    const auto seed = random_tensor({2, 3}, random);
    EXPECT_LE(relative_error(run(compiled, {random_tensor({2, 3}, random), seed})[1], seed), 0.0);
}

TEST(DifferentiateRules, IntegersHaveNoDerivative) {
    const auto x = std::make_shared<op::v0::Parameter>(ov::element::i64, ov::PartialShape{-1, 3});
    const auto y = std::make_shared<op::v0::Convert>(x, ov::element::f32);
    EXPECT_NE(refusal(model_of(y, {x})).find("no derivative"), std::string::npos);
}

/// y = x^2 in one branch, 3x in the other; the condition asks about the shape.
TEST(DifferentiateRules, AnIfWithAConstantConditionIsTheBranchItTakes) {
    const auto x = parameter({-1, 3});
    const auto inner = [&](bool square) {
        const auto z = parameter({-1, 3}, "z");
        const Value other = square ? Value(z) : Value(constant({1}, {3}));
        const auto product = std::make_shared<op::v1::Multiply>(z, other);
        product->set_friendly_name("product");
        return model_of(product, {z});
    };
    const auto shape = std::make_shared<op::v3::ShapeOf>(std::make_shared<op::v3::ShapeOf>(x));
    const auto rank = op::v0::Constant::create(ov::element::i64, {1}, {2});
    const auto choice = std::make_shared<op::v8::If>(std::make_shared<op::v1::Equal>(shape, rank));
    const auto taken = inner(true);
    const auto left = inner(false);
    choice->set_then_body(taken);
    choice->set_else_body(left);
    choice->set_input(x, taken->get_parameters()[0], left->get_parameters()[0]);
    const auto y = choice->set_output(taken->get_results()[0], left->get_results()[0]);
    const auto model = model_of(y, {x});
    auto compiled = compile(differentiate(model, {x}, output_of(model)).model);
    Random random(7);
    const auto point = random_tensor({2, 3}, random);
    ov::Tensor ones(ov::element::f32, {2, 3});
    std::fill_n(ones.data<float>(), 6, 1.0F);
    EXPECT_LE(relative_error(run(compiled, {point, ones})[1], moved(point, point, 1.0)), 1e-7);
}

std::shared_ptr<ov::Model> small_network(std::shared_ptr<op::v0::Parameter>& x, Value& hidden) {
    x = parameter({-1, 3});
    const auto first = std::make_shared<op::v0::MatMul>(x, constant({4, 3}, std::vector<float>(12, 0.5F)), false, true);
    first->set_friendly_name("first");
    const auto relu = std::make_shared<op::v0::Relu>(first);
    relu->set_friendly_name("relu");
    hidden = relu;
    const auto second =
        std::make_shared<op::v0::MatMul>(relu, constant({2, 4}, std::vector<float>(8, 0.25F)), false, true);
    second->set_friendly_name("second");
    return model_of(second, {x});
}

TEST(DifferentiateRules, ResultsComeInTheirOrderAndNamesAreTheSameEveryTime) {
    std::shared_ptr<op::v0::Parameter> x;
    Value hidden;
    const auto model = small_network(x, hidden);
    std::vector<std::string> names[2];
    for (auto& list : names) {
        const auto made = differentiate(model, {hidden, x}, output_of(model), {hidden});
        EXPECT_EQ(made.seed_parameter, 1U);
        ASSERT_EQ(made.model->get_results().size(), 4U);
        EXPECT_EQ(made.model->get_results()[0]->get_input_partial_shape(0), ov::PartialShape({-1, 2}));
        EXPECT_EQ(made.model->get_results()[1]->get_input_partial_shape(0), ov::PartialShape({-1, 4}));
        EXPECT_EQ(made.model->get_results()[2]->get_input_partial_shape(0), ov::PartialShape({-1, 4}));
        EXPECT_EQ(made.model->get_results()[3]->get_input_partial_shape(0), ov::PartialShape({-1, 3}));
        for (const auto& node : made.model->get_ordered_ops()) {
            list.push_back(node->get_friendly_name());
            EXPECT_NE(node->get_friendly_name(), node->get_name()) << "a name that the engine made up";
        }
        EXPECT_EQ(std::set<std::string>(list.begin(), list.end()).size(), list.size()) << "names are unique";
    }
    EXPECT_EQ(names[0], names[1]);
    EXPECT_EQ(model->get_ordered_ops().size(), 7U) << "the model itself is left as it was";
}

/// f = v . relu(W x); guided: x receives W^T m, m = v where both v > 0 and W x > 0.
TEST(GuidedBackpropagation, MatchesAComputationByHand) {
    const auto x = parameter({-1, 2});
    const auto w = constant({4, 2}, {1, 2, -1, 1, 3, -1, 1, 1});
    const auto v = constant({1, 4}, {1, 2, -3, 4});
    const auto hidden = std::make_shared<op::v0::MatMul>(x, w, false, true);
    const auto plain = std::make_shared<op::v0::MatMul>(std::make_shared<op::v0::Relu>(hidden), v, false, true);
    const auto clamped =
        std::make_shared<op::v0::MatMul>(std::make_shared<op::v0::Clamp>(hidden, 0, 6), v, false, true);
    for (const auto& y : {plain, clamped}) {
        const auto model = model_of(y, {x});
        const auto made = differentiate(model, {x}, output_of(model), {}, guided_backpropagation_rules());
        auto compiled = compile(made.model);
        ov::Tensor point(ov::element::f32, {1, 2}), seed(ov::element::f32, {1, 1});
        point.data<float>()[0] = 1.0F;  // W x = (2, -0.5, 2.5, 1.5): the second is shut, the third's v is negative
        point.data<float>()[1] = 0.5F;
        seed.data<float>()[0] = 1.0F;
        const auto result = run(compiled, {point, seed})[1];
        EXPECT_FLOAT_EQ(result.data<float>()[0], 1 * 1 + 4 * 1);
        EXPECT_FLOAT_EQ(result.data<float>()[1], 1 * 2 + 4 * 1);
    }
}

/// A two-layer network with biases, relevance in matrix form: R_in = x * (W^T (R / (z + eps sign z))).
struct Network {
    static constexpr std::size_t kIn = 5, kHidden = 7, kOut = 3;
    ov::Tensor w1, b1, w2, b2;
    Network() {
        Random random(4);
        w1 = random_tensor({kHidden, kIn}, random);
        b1 = random_tensor({1, kHidden}, random);
        w2 = random_tensor({kOut, kHidden}, random);
        b2 = random_tensor({1, kOut}, random);
    }
};

using Vector = std::vector<double>;

Vector affine(const ov::Tensor& w, const ov::Tensor& b, const Vector& x) {
    Vector z(w.get_shape()[0]);
    for (std::size_t o = 0; o < z.size(); ++o) {
        z[o] = static_cast<double>(b.data<float>()[o]);
        for (std::size_t i = 0; i < x.size(); ++i)
            z[o] += static_cast<double>(w.data<float>()[o * x.size() + i]) * x[i];
    }
    return z;
}

Vector relevance(const ov::Tensor& w, const Vector& x, const Vector& z, const Vector& r, double epsilon) {
    Vector in(x.size(), 0.0);
    for (std::size_t i = 0; i < x.size(); ++i) {
        for (std::size_t o = 0; o < z.size(); ++o) {
            const double held = z[o] + (z[o] < 0 ? -epsilon : epsilon);
            in[i] += x[i] * static_cast<double>(w.data<float>()[o * x.size() + i]) / held * r[o];
        }
    }
    return in;
}

TEST(LrpEpsilon, MatchesTheMatrixFormWithBiases) {
    const Network n;
    for (const double epsilon : {1e-6, 0.1, 0.5}) {
        const auto x = parameter({-1, Network::kIn});
        const auto layer = [](const Value& v, const ov::Tensor& w, const ov::Tensor& b) -> Value {
            const auto product =
                std::make_shared<op::v0::MatMul>(v, std::make_shared<op::v0::Constant>(w), false, true);
            return std::make_shared<op::v1::Add>(product, std::make_shared<op::v0::Constant>(b));
        };
        const auto y = layer(std::make_shared<op::v0::Relu>(layer(x, n.w1, n.b1)), n.w2, n.b2);
        const auto model = model_of(y, {x});
        const auto made = differentiate(model, {x}, output_of(model), {}, lrp_epsilon_rules(epsilon));
        auto compiled = compile(made.model);
        Random random(6);
        const auto point = random_tensor({1, Network::kIn}, random);
        const auto seed = random_tensor({1, Network::kOut}, random);
        const auto result = run(compiled, {point, seed})[1];

        const Vector input(point.data<float>(), point.data<float>() + Network::kIn);
        const Vector top(seed.data<float>(), seed.data<float>() + Network::kOut);
        const auto z1 = affine(n.w1, n.b1, input);
        Vector hidden = z1;
        for (auto& value : hidden) value = std::max(value, 0.0);
        const auto z2 = affine(n.w2, n.b2, hidden);
        const auto middle = relevance(n.w2, hidden, z2, top, epsilon);
        const auto expected = relevance(n.w1, input, z1, middle, epsilon);
        for (std::size_t i = 0; i < expected.size(); ++i) {
            // Single against double precision, with divisions by sums that may be small: a part in ten thousand.
            EXPECT_NEAR(static_cast<double>(result.data<float>()[i]), expected[i], 1e-4 * (1.0 + std::abs(expected[i])))
                << "epsilon " << epsilon;
        }
    }
}

/// Without biases and with a small epsilon, what goes in at the top comes out at the bottom: through a convolution,
/// max-pool, residual sum, mean and a movement.
TEST(LrpEpsilon, ConservesRelevanceWithoutBiases) {
    const auto x = parameter({-1, 3, 8, 8});
    Random random(8);
    const ov::Strides one(2, 1);
    const ov::CoordinateDiff pads(2, 1);
    const auto w1 = std::make_shared<op::v0::Constant>(random_tensor({4, 3, 3, 3}, random));
    const auto w2 = std::make_shared<op::v0::Constant>(random_tensor({4, 4, 3, 3}, random));
    const auto w3 = std::make_shared<op::v0::Constant>(random_tensor({2, 4}, random));
    const auto trunk =
        std::make_shared<op::v0::Relu>(std::make_shared<op::v1::Convolution>(x, w1, one, pads, pads, one));
    const auto branch = std::make_shared<op::v1::Convolution>(trunk, w2, one, pads, pads, one);
    const auto sum = std::make_shared<op::v1::Add>(trunk, branch);
    const auto pooled =
        std::make_shared<op::v1::MaxPool>(sum, ov::Strides{2, 2}, ov::Shape{0, 0}, ov::Shape{0, 0}, ov::Shape{2, 2});
    const auto axes = op::v0::Constant::create(ov::element::i64, {2}, {2, 3});
    const auto mean = std::make_shared<op::v1::ReduceMean>(pooled, axes, false);
    const auto model = model_of(std::make_shared<op::v0::MatMul>(mean, w3, false, true), {x});
    const auto made = differentiate(model, {x}, output_of(model), {}, lrp_epsilon_rules(1e-7));
    auto compiled = compile(made.model);
    const auto seed = random_tensor({2, 2}, random, 0.5, 1.0);
    const auto result = run(compiled, {random_tensor({2, 3, 8, 8}, random), seed})[1];
    double in = 0.0, out = 0.0;
    for (std::size_t i = 0; i < seed.get_size(); ++i) in += static_cast<double>(seed.data<float>()[i]);
    for (std::size_t i = 0; i < result.get_size(); ++i) out += static_cast<double>(result.data<float>()[i]);
    // Divisions by sums near zero amplify rounding: a part in a hundred.
    EXPECT_NEAR(out, in, 1e-2 * in);
}

TEST(LrpEpsilon, RefusesGates) {
    const auto x = parameter({-1, 4});
    const auto gate = std::make_shared<op::v1::Multiply>(x, std::make_shared<op::v0::Sigmoid>(x));
    gate->set_friendly_name("gate");
    const auto why = refusal(model_of(gate, {x}), lrp_epsilon_rules(1e-6));
    EXPECT_NE(why.find("gate"), std::string::npos) << why;
}

TEST(LrpEpsilon, RefusesNormalisationByTheDataItself) {
    const auto x = parameter({-1, 4});
    const auto soft = std::make_shared<op::v8::Softmax>(x, 1);
    soft->set_friendly_name("probabilities");
    const auto why = refusal(model_of(soft, {x}), lrp_epsilon_rules(1e-6));
    EXPECT_NE(why.find("'probabilities'"), std::string::npos) << why;
    EXPECT_NE(why.find("relevance"), std::string::npos) << why;
}

std::vector<Cotangent> doubled(const Unit& unit, const Cotangent& output, Tape&) {
    return std::vector<Cotangent>(unit.inputs.size(), output);
}

/// An override by node name stands before one by op type.
TEST(RuleSets, TheMoreSpecificOverrideWins) {
    const auto x = parameter({-1, 2});
    const auto exp = std::make_shared<op::v0::Exp>(x);
    exp->set_friendly_name("special");
    const auto model = model_of(exp, {x});
    RuleSet rules = plain_rules();
    const auto type = op::v0::Exp::get_type_info_static();
    const UnitRule refuses = [](const Unit&, const Cotangent&, Tape&) -> std::vector<Cotangent> {
        throw Error(ErrorCode::kInternal, "the less specific override ran");
    };
    rules.overrides = {{.node = {}, .unit = {}, .op = type, .law = {}, .rule = refuses},
                       {.node = "special", .unit = {}, .op = {}, .law = {}, .rule = doubled}};
    auto compiled = compile(differentiate(model, {x}, output_of(model), {}, rules).model);
    Random random(2);
    const auto seed = random_tensor({1, 2}, random);
    EXPECT_LE(relative_error(run(compiled, {random_tensor({1, 2}, random), seed})[1], seed), 0.0);
}

}  // namespace
}  // namespace pellucid::graph::testing
