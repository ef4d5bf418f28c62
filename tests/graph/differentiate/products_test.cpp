// Products of two varying tensors, or by fixed weights: one line a case.
#include <gtest/gtest.h>

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
        einsum("bij,bjk->bik", {{.extents = {3, 4}}, {.extents = {4, 5}}}),
        einsum("bhid,bhjd->bhij", {{.extents = {2, 3, 4}}, {.extents = {2, 5, 4}}}),
        einsum("bij,kj->bik", {{.extents = {3, 4}}, fixed({5, 4})}),
        einsum("bij->bi", {{.extents = {3, 4}}}),
    };
}

TEST(DifferentiateProducts, FirstDerivatives) { check_first_orders(products()); }
TEST(DifferentiateProducts, DerivativesOfDerivatives) { check_second_orders(products()); }

}  // namespace
}  // namespace pellucid::graph::testing
