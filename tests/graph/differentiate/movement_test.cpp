// Ops that move elements and change none: one line a case.
#include <gtest/gtest.h>

#include "graph/differentiate/cases.hpp"
#include "openvino/opsets/opset16.hpp"

namespace pellucid::graph::testing {
namespace {

namespace op = ov::op;

Case concat() {
    return {.name = "Concat",
            .inputs = {{.extents = {2, 3}}, {.extents = {4, 3}}, {.extents = {1, 3}}},
            .build = [](const Values& in) -> Value {
                return std::make_shared<op::v0::Concat>(ov::OutputVector{in[0], in[1], in[2]}, 1);
            }};
}
/// Only some parts are used, with different signs.
Value parts(const ov::OutputVector& split) { return std::make_shared<op::v1::Subtract>(split[0], split[2]); }

std::vector<Case> moves() {
    using Depth = op::v0::DepthToSpace::DepthToSpaceMode;
    using Space = op::v0::SpaceToDepth::SpaceToDepthMode;
    const auto repeat = [](const std::vector<std::int64_t>& times) {
        return [=](const Values& in) -> Value { return std::make_shared<op::v0::Tile>(in[0], ints(times)); };
    };
    return {
        concat(),
        linear(
            "Reshape", {3, 4},
            [](const Values& in) -> Value { return std::make_shared<op::v1::Reshape>(in[0], ints({0, 2, -1}), true); }),
        linear(
            "Reshape, every extent unknown", {3, 4},
            [](const Values& in) -> Value { return std::make_shared<op::v1::Reshape>(in[0], ints({0, -1}), true); },
            true),
        linear("Squeeze", {1, 4},
               [](const Values& in) -> Value { return std::make_shared<op::v0::Squeeze>(in[0], ints({1})); }),
        linear("Squeeze (later form)", {1, 4},
               [](const Values& in) -> Value { return std::make_shared<op::v15::Squeeze>(in[0], ints({1})); }),
        linear("Unsqueeze", {4},
               [](const Values& in) -> Value { return std::make_shared<op::v0::Unsqueeze>(in[0], ints({1, -1})); }),
        linear(
            "Transpose", {3, 4, 5},
            [](const Values& in) -> Value { return std::make_shared<op::v1::Transpose>(in[0], ints({0, 3, 1, 2})); }),
        linear("Transpose with the batch", {3, 4},
               [](const Values& in) -> Value { return std::make_shared<op::v1::Transpose>(in[0], ints({2, 0, 1})); }),
        linear("Split", {6, 2},
               [](const Values& in) -> Value {
                   return parts(std::make_shared<op::v1::Split>(in[0], integer(1), 3)->outputs());
               }),
        linear("VariadicSplit", {6, 2},
               [](const Values& in) -> Value {
                   return parts(
                       std::make_shared<op::v1::VariadicSplit>(in[0], integer(1), ints({2, -1, 2}))->outputs());
               }),
        linear("Broadcast", {1, 3},
               [](const Values& in) -> Value {
                   return std::make_shared<op::v3::Broadcast>(in[0], ints({2, 1, 4, 3}),
                                                              op::BroadcastType::BIDIRECTIONAL);
               }),
        {.name = "Broadcast (first form)",
         .inputs = {{.extents = {3, 1, 2}, .batched = false}},
         .build = [](const Values& in) -> Value {
             return std::make_shared<op::v1::Broadcast>(in[0], ints({2, 3, 4, 2}));
         },
         .linear = true},
        {.name = "Broadcast (first form), axes named",
         .inputs = {{.extents = {2, 4}, .batched = false}},
         .build = [](const Values& in) -> Value {
             return std::make_shared<op::v1::Broadcast>(in[0], ints({3, 2, 5, 4}), ints({1, 3}));
         },
         .linear = true},
        {.name = "Broadcast, axes named",
         .inputs = {{.extents = {2, 4}, .batched = false}},
         .build = [](const Values& in) -> Value {
             return std::make_shared<op::v3::Broadcast>(in[0], ints({3, 2, 5, 4}), ints({1, 3}));
         },
         .linear = true},
        linear("Tile", {3, 2}, repeat({1, 2, 3})),
        linear("Tile, more axes", {3, 2}, repeat({2, 1, 2, 1})),
        linear("Tile, every extent unknown", {3, 2}, repeat({1, 2, 3}), true),
        linear("Reverse", {3, 4},
               [](const Values& in) -> Value {
                   return std::make_shared<op::v1::Reverse>(in[0], ints({2}), op::v1::Reverse::Mode::INDEX);
               }),
        {.name = "ReverseSequence",
         .inputs = {{.extents = {2, 4}, .batched = false}},
         .build = [](const Values& in) -> Value {
             return std::make_shared<op::v0::ReverseSequence>(
                 in[0], op::v0::Constant::create(ov::element::i32, {2}, {3, 4}), 0, 1);
         },
         .linear = true},
        linear("Roll", {3, 4},
               [](const Values& in) -> Value {
                   return std::make_shared<op::v7::Roll>(in[0], ints({1, -2}), ints({1, 2}));
               }),
        linear("ShuffleChannels", {6, 2, 2},
               [](const Values& in) -> Value { return std::make_shared<op::v0::ShuffleChannels>(in[0], 1, 2); }),
        linear("DepthToSpace", {8, 2, 3},
               [](const Values& in) -> Value {
                   return std::make_shared<op::v0::DepthToSpace>(in[0], Depth::BLOCKS_FIRST, 2);
               }),
        linear("DepthToSpace, depth first", {8, 2, 3},
               [](const Values& in) -> Value {
                   return std::make_shared<op::v0::DepthToSpace>(in[0], Depth::DEPTH_FIRST, 2);
               }),
        linear("SpaceToDepth", {2, 4, 6},
               [](const Values& in) -> Value {
                   return std::make_shared<op::v0::SpaceToDepth>(in[0], Space::DEPTH_FIRST, 2);
               }),
        linear("SpaceToBatch", {2, 4, 5},
               [](const Values& in) -> Value {
                   return std::make_shared<op::v1::SpaceToBatch>(in[0], ints({1, 1, 2, 2}), ints({0, 0, 0, 1}),
                                                                 ints({0, 0, 0, 0}));
               }),
        {.name = "BatchToSpace",
         .inputs = {{.extents = {8, 2, 3, 2}, .batched = false}},
         .build = [](const Values& in) -> Value {
             return std::make_shared<op::v1::BatchToSpace>(in[0], ints({1, 1, 2, 2}), ints({0, 0, 1, 0}),
                                                           ints({0, 0, 0, 1}));
         },
         .linear = true},
    };
}

TEST(DifferentiateMovement, FirstDerivatives) { check_first_orders(moves()); }
TEST(DifferentiateMovement, DerivativesOfDerivatives) { check_second_orders(moves()); }

}  // namespace

std::vector<Case> movement_cases() { return moves(); }

}  // namespace pellucid::graph::testing
