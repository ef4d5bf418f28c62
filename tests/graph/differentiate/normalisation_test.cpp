// Ops that normalise by statistics, their own or given: one line a case.
#include <gtest/gtest.h>

#include "graph/differentiate/cases.hpp"
#include "openvino/opsets/opset16.hpp"

namespace pellucid::graph::testing {
namespace {

namespace op = ov::op;

Case batch_norm() {
    Case c{.name = "BatchNormInference",
           .inputs = {{.extents = {3, 2, 2}},
                      {.extents = {3}, .batched = false},
                      {.extents = {3}, .batched = false},
                      {.extents = {3}, .batched = false},
                      {.extents = {3}, .low = 0.5, .high = 1.5, .batched = false}},
           .build = [](const Values& in) -> Value {
               return std::make_shared<op::v5::BatchNormInference>(in[0], in[1], in[2], in[3], in[4], 1e-3);
           }};
    return c;
}

std::vector<Case> normalisations() {
    const auto mvn = [](const std::vector<std::int64_t>& axes, bool scales, op::MVNEpsMode mode) {
        return [=](const Values& in) -> Value {
            return std::make_shared<op::v6::MVN>(in[0], ints(axes), scales, 0.1F, mode);
        };
    };
    const auto norm = [](const std::vector<std::int64_t>& axes, float epsilon, op::EpsMode mode) {
        return [=](const Values& in) -> Value {
            return std::make_shared<op::v0::NormalizeL2>(in[0], ints(axes), epsilon, mode);
        };
    };
    return {
        batch_norm(),
        smooth("MVN", {3, 8}, mvn({-1}, true, op::MVNEpsMode::INSIDE_SQRT)),
        smooth("MVN, epsilon outside", {3, 8}, mvn({1, 2}, true, op::MVNEpsMode::OUTSIDE_SQRT)),
        linear("MVN, mean only", {3, 8}, mvn({2}, false, op::MVNEpsMode::INSIDE_SQRT)),
        smooth("MVN, every extent unknown", {3, 8}, mvn({2}, true, op::MVNEpsMode::INSIDE_SQRT), true),
        smooth("MVN (first form)", {3, 4, 4},
               [](const Values& in) -> Value { return std::make_shared<op::v0::MVN>(in[0], false, true, 0.1); }),
        smooth("NormalizeL2, added", {6, 2}, norm({1}, 0.1F, op::EpsMode::ADD)),
        smooth("NormalizeL2, larger", {6, 2}, norm({1, 2}, 0.1F, op::EpsMode::MAX)),
        smooth("NormalizeL2, held by epsilon", {3}, norm({1}, 9.0F, op::EpsMode::MAX)),
        smooth("GRN", {4, 3, 2}, [](const Values& in) -> Value { return std::make_shared<op::v0::GRN>(in[0], 0.3F); }),
        smooth("LRN", {7, 3, 3},
               [](const Values& in) -> Value {
                   return std::make_shared<op::v0::LRN>(in[0], ints({1}), 0.5, 0.75, 1.0, 5);
               }),
        {.name = "GroupNormalization",
         .inputs = {{.extents = {6, 2, 3}}, {.extents = {6}, .batched = false}, {.extents = {6}, .batched = false}},
         .build = [](const Values& in) -> Value {
             return std::make_shared<op::v12::GroupNormalization>(in[0], in[1], in[2], 3, 0.1);
         }},
    };
}

TEST(DifferentiateNormalisation, FirstDerivatives) { check_first_orders(normalisations()); }
TEST(DifferentiateNormalisation, DerivativesOfDerivatives) { check_second_orders(normalisations()); }

}  // namespace

std::vector<Case> normalisation_cases() { return normalisations(); }

}  // namespace pellucid::graph::testing
