// Products of two varying tensors, or by fixed weights: one line a case.
#include <gtest/gtest.h>

#include <limits>

#include "graph/differentiate/cases.hpp"
#include "openvino/opsets/opset16.hpp"

namespace pellucid::graph::testing {
namespace {

namespace op = ov::op;

Case matmul(const std::string& name, Input a, Input b, bool ta, bool tb) {
    return {.name = name,
            .inputs = {std::move(a), std::move(b)},
            .build = [=](const Values& in) -> Value { return std::make_shared<op::v0::MatMul>(in[0], in[1], ta, tb); },
            .linear = true};
}
Case square_layer(std::size_t width, bool turned) {
    return linear("MatMul, square weights " + std::to_string(width), {width}, [=](const Values& in) -> Value {
        return std::make_shared<op::v0::MatMul>(in[0], floats({width, width}, 3, -1, 1), false, turned);
    });
}

Case attention(const std::string& name, bool causal, bool mask) {
    Case c{
        .name = name, .inputs = {{.extents = {2, 5, 4}}, {.extents = {2, 6, 4}}, {.extents = {2, 6, 3}}}, .build = {}};
    if (mask) c.inputs.push_back({.extents = {1, 5, 6}});
    c.build = [=](const Values& in) -> Value {
        return std::make_shared<op::v13::ScaledDotProductAttention>(in, causal);
    };
    return c;
}
/// By queries, keys, values, an additive mask, the scale and the logit of a sink.
Case attention_by_all(bool sink) {
    auto c = attention(sink ? "attention with a sink" : "attention, scaled", false, true);
    c.inputs.push_back({.extents = {1}, .low = 0.3, .high = 0.8, .batched = false});
    if (sink) c.inputs.push_back({.extents = {1, 2, 1, 1}, .batched = false});
    c.build = [](const Values& in) -> Value {
        auto inputs = in;
        inputs[4] = std::make_shared<op::v0::Squeeze>(in[4], ints({0}));
        return std::make_shared<op::v13::ScaledDotProductAttention>(inputs, false);
    };
    return c;
}
/// Keys hidden by truth values, or by minus infinity.
Case attention_hidden(bool truth) {
    auto c = attention(truth ? "attention, keys hidden" : "attention, keys at minus infinity", false, false);
    c.build = [=](const Values& in) -> Value {
        constexpr float kNever = -std::numeric_limits<float>::infinity();
        const auto mask =
            op::v0::Constant::create(ov::element::boolean, ov::Shape{1, 6}, std::vector<char>{1, 0, 1, 1, 0, 1});
        const auto offsets = op::v0::Constant::create(ov::element::f32, ov::Shape{1, 6},
                                                      std::vector<float>{0, kNever, 1, 0, kNever, -1});
        const Value chosen = truth ? mask->output(0) : offsets->output(0);
        return std::make_shared<op::v13::ScaledDotProductAttention>(in[0], in[1], in[2], chosen, false);
    };
    return c;
}
Case inverse(const std::string& name, bool turned) {
    return smooth(name, {2, 3, 3}, [=](const Values& in) -> Value {
        const auto diagonal =
            op::v0::Constant::create(ov::element::f32, ov::Shape{3, 3}, std::vector<float>{3, 0, 0, 0, 3, 0, 0, 0, 3});
        return std::make_shared<op::v14::Inverse>(std::make_shared<op::v1::Add>(in[0], diagonal), turned);
    });
}
Case einsum(const std::string& equation, std::vector<Input> inputs) {
    return {.name = "Einsum " + equation,
            .inputs = std::move(inputs),
            .build = [=](const Values& in) -> Value { return std::make_shared<op::v7::Einsum>(in, equation); },
            .linear = true};
}

std::vector<Case> products() {
    const auto fixed = [](const ov::Shape& shape) { return Input{.extents = shape, .batched = false}; };
    return {
        matmul("MatMul", {.extents = {3, 4}}, {.extents = {4, 5}}, false, false),
        matmul("MatMul, both turned", {.extents = {4, 3}}, {.extents = {5, 4}}, true, true),
        matmul("MatMul by one matrix", {.extents = {3, 4}}, fixed({4, 5}), false, false),
        matmul("MatMul by one turned matrix", {.extents = {2, 3, 4}}, fixed({5, 4}), false, true),
        matmul("MatMul by a vector", {.extents = {3, 4}}, fixed({4}), false, false),
        matmul("MatMul of a vector", fixed({4}), {.extents = {4, 3}}, false, false),
        matmul("MatMul, heads broadcast", {.extents = {2, 3, 4}}, {.extents = {1, 4, 5}}, false, false),
        square_layer(64, true),
        square_layer(64, false),
        square_layer(128, true),
        square_layer(512, true),
        square_layer(512, false),
        attention("attention", false, false),
        attention("attention, causal", true, false),
        attention("attention, masked", false, true),
        attention_by_all(false),
        attention_by_all(true),
        attention_hidden(true),
        attention_hidden(false),
        inverse("Inverse", false),
        inverse("Inverse, turned", true),
        einsum("bij,bjk->bik", {{.extents = {3, 4}}, {.extents = {4, 5}}}),
        einsum("bhid,bhjd->bhij", {{.extents = {2, 3, 4}}, {.extents = {2, 5, 4}}}),
        einsum("bij,kj->bik", {{.extents = {3, 4}}, fixed({5, 4})}),
        einsum("bij->bi", {{.extents = {3, 4}}}),
        einsum("...ij,...jk->...ik", {{.extents = {2, 3, 4}}, {.extents = {2, 4, 5}}}),
        einsum("...ij,jk", {{.extents = {2, 3, 4}}, fixed({4, 5})}),
        einsum("...i->...", {{.extents = {3, 4}}}),
        einsum("...ii->...i", {{.extents = {3, 3}}}),
        einsum("bii,bi->b", {{.extents = {3, 3}}, {.extents = {3}}}),
    };
}

TEST(DifferentiateProducts, FirstDerivatives) { check_first_orders(products()); }
/// A query to which every key is hidden, by truth values or by minus infinity: as torch (2.5 on) has it, nothing flows
/// through its row, and the others are as they are without it.
TEST(DifferentiateProducts, AQueryWithoutKeysTakesNoPart) {
    for (const bool truth : {true, false}) {
        const auto gradients = [&](bool hidden, const std::vector<ov::Tensor>& inputs, const ov::Tensor& seed) {
            auto c = attention("attention", false, false);
            c.build = [&](const Values& in) -> Value {
                std::vector<char> seen(30, 1);
                if (hidden) std::fill_n(seen.begin() + 12, 6, 0);  // the third of five queries, six keys
                std::vector<float> offsets(30, 0.0F);
                for (std::size_t i = 0; i < 30; ++i) offsets[i] = seen[i] == 1 ? 0.0F : -INFINITY;
                const ov::Shape shape{5, 6};
                const Value mask = truth ? op::v0::Constant::create(ov::element::boolean, shape, seen)->output(0)
                                         : op::v0::Constant::create(ov::element::f32, shape, offsets)->output(0);
                return std::make_shared<op::v13::ScaledDotProductAttention>(in[0], in[1], in[2], mask, false);
            };
            const auto model = model_of(c);
            std::vector<Value> wrt;
            for (const auto& parameter : model->get_parameters()) wrt.push_back(parameter->output(0));
            auto compiled = compile(differentiate(model, wrt, model->get_results()[0]->input_value(0)).model);
            auto arguments = inputs;
            arguments.push_back(seed);
            return run(compiled, arguments);
        };
        Random random(5);
        const std::vector<ov::Tensor> inputs{random_tensor({1, 2, 5, 4}, random), random_tensor({1, 2, 6, 4}, random),
                                             random_tensor({1, 2, 6, 3}, random)};
        const auto seed = random_tensor({1, 2, 5, 3}, random);
        ov::Tensor without(ov::element::f32, seed.get_shape());
        seed.copy_to(without);
        for (const std::size_t head : {0U, 1U}) std::fill_n(without.data<float>() + head * 15 + 6, 3, 0.0F);
        const auto hidden = gradients(true, inputs, seed);
        const auto expected = gradients(false, inputs, without);
        for (const std::size_t port : {1U, 2U, 3U}) {
            EXPECT_LE(relative_error(hidden[port], expected[port]), 1e-6) << "input " << port << ", " << truth;
        }
    }
}

TEST(DifferentiateProducts, DerivativesOfDerivatives) { check_second_orders(products()); }

/// The engine stretches an axis of extent 1 to another's, as numpy does; its adjoint would be a sum.
TEST(DifferentiateProducts, AnEinsumThatStretchesIsRefused) {
    const auto why = [](const ov::PartialShape& shape, const ov::Shape& weights, const std::string& equation) {
        const auto x = std::make_shared<op::v0::Parameter>(ov::element::f32, shape);
        const ov::OutputVector inputs{x, std::make_shared<op::v0::Constant>(ov::element::f32, weights, 0.5F)};
        const auto y = std::make_shared<op::v7::Einsum>(inputs, equation);
        return refusal(std::make_shared<ov::Model>(ov::OutputVector{y}, ov::ParameterVector{x}));
    };
    EXPECT_NE(why({-1, 3, 1}, {4, 5}, "nij,jk->nik").find("Einsum"), std::string::npos);
    EXPECT_NE(why({-1, 3, 4}, {1, 4, 5}, "nij,njk->nik").find("Einsum"), std::string::npos);
    EXPECT_NE(why({-1, 3, 1}, {3, 2}, "n...,...->n...").find("Einsum"), std::string::npos);
}

}  // namespace

std::vector<Case> product_cases() { return products(); }

}  // namespace pellucid::graph::testing
