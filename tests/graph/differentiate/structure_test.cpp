// Ops that reduce, normalise, pool, multiply, move and pick: one line a case.
// size: table
#include <gtest/gtest.h>

#include "graph/differentiate/probe.hpp"
#include "openvino/opsets/opset16.hpp"

namespace pellucid::graph::testing {
namespace {

namespace op = ov::op;
using Values = std::vector<Value>;
using Build = std::function<Value(const Values&)>;

Value ints(const std::vector<std::int64_t>& v) {
    return op::v0::Constant::create(ov::element::i64, ov::Shape{v.size()}, v)->output(0);
}
Value integer(std::int64_t v) { return op::v0::Constant::create(ov::element::i64, ov::Shape{}, {v})->output(0); }
Value floats(const ov::Shape& shape, std::uint64_t seed, double low = 0.5, double high = 1.5) {
    Random random(seed);
    return std::make_shared<op::v0::Constant>(random_tensor(shape, random, low, high))->output(0);
}

Case linear(const std::string& name, const ov::Shape& extents, Build build, bool dynamic = false) {
    return {
        .name = name, .inputs = {{.extents = extents}}, .build = std::move(build), .linear = true, .dynamic = dynamic};
}
Case smooth(const std::string& name, const ov::Shape& extents, Build build, bool dynamic = false) {
    return {.name = name, .inputs = {{.extents = extents}}, .build = std::move(build), .dynamic = dynamic};
}
Case largest(const std::string& name, const ov::Shape& extents, Build build, bool dynamic = false) {
    return {.name = name,
            .inputs = {{.extents = extents, .low = -2, .high = 2}},
            .build = std::move(build),
            .distinct = true,
            .dynamic = dynamic};
}

template <class Op>
Build reduce(const std::vector<std::int64_t>& axes, bool keep) {
    return [=](const Values& in) -> Value { return std::make_shared<Op>(in[0], ints(axes), keep); };
}

std::vector<Case> reductions() {
    return {
        linear("ReduceSum", {3, 4, 5}, reduce<op::v1::ReduceSum>({1, 3}, true)),
        linear("ReduceSum, axes dropped", {3, 4, 5}, reduce<op::v1::ReduceSum>({-1, 1}, false)),
        linear("ReduceMean", {3, 4, 5}, reduce<op::v1::ReduceMean>({2, 3}, false)),
        linear("ReduceMean, every extent unknown", {3, 4, 5}, reduce<op::v1::ReduceMean>({2, 3}, false), true),
        linear("ReduceMean over the batch", {3}, reduce<op::v1::ReduceMean>({0}, true)),
        smooth("ReduceL2", {3, 4}, reduce<op::v4::ReduceL2>({1}, false)),
        largest("ReduceL1", {3, 4}, reduce<op::v4::ReduceL1>({1}, true)),
        largest("ReduceMax", {3, 7}, reduce<op::v1::ReduceMax>({2}, false)),
        largest("ReduceMin", {3, 7}, reduce<op::v1::ReduceMin>({1, 2}, true)),
        smooth("ReduceProd", {3, 4}, reduce<op::v1::ReduceProd>({2}, false)),
        smooth("Softmax", {3, 4},
               [](const Values& in) -> Value { return std::make_shared<op::v8::Softmax>(in[0], -1); }),
        smooth("Softmax (first form)", {3, 4},
               [](const Values& in) -> Value { return std::make_shared<op::v1::Softmax>(in[0], 1); }),
        smooth("LogSoftmax", {3, 4},
               [](const Values& in) -> Value { return std::make_shared<op::v5::LogSoftmax>(in[0], 2); }),
        linear("CumSum", {3, 4},
               [](const Values& in) -> Value { return std::make_shared<op::v0::CumSum>(in[0], integer(1)); }),
        linear(
            "CumSum, exclusive and reversed", {5},
            [](const Values& in) -> Value { return std::make_shared<op::v0::CumSum>(in[0], integer(-1), true, true); }),
    };
}

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

template <class Op>
Build max_pool(const ov::Strides& strides, const ov::Shape& begin, const ov::Shape& end, const ov::Shape& kernel,
               op::RoundingType rounding = op::RoundingType::FLOOR, op::PadType pad = op::PadType::EXPLICIT) {
    return [=](const Values& in) -> Value {
        if constexpr (std::is_same_v<Op, op::v1::MaxPool>) {
            return std::make_shared<Op>(in[0], strides, begin, end, kernel, rounding, pad);
        } else {
            return std::make_shared<Op>(in[0], strides, ov::Strides(kernel.size(), 1), begin, end, kernel, rounding,
                                        pad)
                ->output(0);
        }
    };
}
template <class Op>
Build avg_pool(const ov::Strides& strides, const ov::Shape& begin, const ov::Shape& end, const ov::Shape& kernel,
               bool exclude, op::RoundingType rounding = op::RoundingType::FLOOR,
               op::PadType pad = op::PadType::EXPLICIT) {
    return [=](const Values& in) -> Value {
        if constexpr (std::is_same_v<Op, op::v16::AvgPool>) {
            return std::make_shared<Op>(in[0], strides, ov::Strides(kernel.size(), 1), begin, end, kernel, exclude,
                                        rounding, pad);
        } else {
            return std::make_shared<Op>(in[0], strides, begin, end, kernel, exclude, rounding, pad);
        }
    };
}

std::vector<Case> pools() {
    using op::RoundingType;
    return {
        largest("MaxPool 2x2", {3, 6, 6}, max_pool<op::v1::MaxPool>({2, 2}, {0, 0}, {0, 0}, {2, 2})),
        largest("MaxPool 3x3 padded", {2, 7, 8}, max_pool<op::v8::MaxPool>({2, 2}, {1, 1}, {1, 1}, {3, 3})),
        largest("MaxPool overlapping", {2, 7, 8}, max_pool<op::v14::MaxPool>({1, 1}, {0, 0}, {0, 0}, {3, 3})),
        largest("MaxPool rounded up", {2, 8, 8},
                max_pool<op::v8::MaxPool>({2, 2}, {0, 0}, {0, 0}, {3, 3}, RoundingType::CEIL)),
        largest(
            "MaxPool same", {2, 8, 7},
            max_pool<op::v8::MaxPool>({2, 2}, {0, 0}, {0, 0}, {3, 3}, RoundingType::FLOOR, op::PadType::SAME_UPPER)),
        largest("MaxPool 1d", {2, 9}, max_pool<op::v8::MaxPool>({2}, {1}, {0}, {3})),
        largest("MaxPool 3d", {2, 4, 5, 6}, max_pool<op::v8::MaxPool>({2, 2, 2}, {0, 1, 0}, {0, 1, 0}, {2, 3, 2})),
        largest("MaxPool, every extent unknown", {2, 7, 8}, max_pool<op::v8::MaxPool>({2, 2}, {1, 1}, {1, 1}, {3, 3}),
                true),
        linear("AvgPool 2x2", {3, 6, 6}, avg_pool<op::v1::AvgPool>({2, 2}, {0, 0}, {0, 0}, {2, 2}, true)),
        linear("AvgPool counts no padding", {2, 7, 8}, avg_pool<op::v1::AvgPool>({2, 2}, {1, 1}, {1, 1}, {3, 3}, true)),
        linear("AvgPool counts padding", {2, 7, 8}, avg_pool<op::v1::AvgPool>({2, 2}, {1, 1}, {1, 1}, {3, 3}, false)),
        linear("AvgPool leaves a rest", {2, 8, 9}, avg_pool<op::v16::AvgPool>({3, 3}, {0, 0}, {0, 0}, {2, 2}, true)),
        linear("AvgPool rounded up", {2, 8, 8},
               avg_pool<op::v1::AvgPool>({2, 2}, {0, 0}, {0, 0}, {3, 3}, true, RoundingType::CEIL)),
        linear("AvgPool rounded up, counts padding", {2, 8, 8},
               avg_pool<op::v1::AvgPool>({2, 2}, {1, 1}, {1, 1}, {3, 3}, false, RoundingType::CEIL)),
        linear("AvgPool same", {2, 8, 7},
               avg_pool<op::v1::AvgPool>({2, 2}, {0, 0}, {0, 0}, {3, 3}, true, RoundingType::FLOOR,
                                         op::PadType::SAME_UPPER)),
        linear("AvgPool over all", {3, 5, 4}, avg_pool<op::v14::AvgPool>({1, 1}, {0, 0}, {0, 0}, {5, 4}, true)),
        linear("AvgPool 1d", {3, 9}, avg_pool<op::v1::AvgPool>({2}, {1}, {1}, {3}, true)),
        linear("AvgPool 3d", {2, 4, 5, 6}, avg_pool<op::v1::AvgPool>({2, 2, 2}, {0, 0, 0}, {0, 0, 0}, {2, 2, 2}, true)),
        linear(
            "AdaptiveAvgPool", {2, 7, 5},
            [](const Values& in) -> Value { return std::make_shared<op::v8::AdaptiveAvgPool>(in[0], ints({3, 2})); }),
        largest("AdaptiveMaxPool", {2, 7, 5},
                [](const Values& in) -> Value {
                    return std::make_shared<op::v8::AdaptiveMaxPool>(in[0], ints({3, 2}), ov::element::i32)->output(0);
                }),
    };
}

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

Value strided(const Value& x, const std::vector<std::int64_t>& begin, const std::vector<std::int64_t>& end,
              const std::vector<std::int64_t>& step, const std::vector<std::vector<std::int64_t>>& masks) {
    return std::make_shared<op::v1::StridedSlice>(x, ints(begin), ints(end), ints(step), masks[0], masks[1], masks[2],
                                                  masks[3], masks[4]);
}

std::vector<Case> cuts() {
    const auto slice = [](const std::vector<std::int64_t>& start, const std::vector<std::int64_t>& stop,
                          const std::vector<std::int64_t>& step, const std::vector<std::int64_t>& axes) {
        return [=](const Values& in) -> Value {
            return std::make_shared<op::v8::Slice>(in[0], ints(start), ints(stop), ints(step), ints(axes));
        };
    };
    const auto pad = [](op::PadMode mode, const std::vector<std::int64_t>& begin,
                        const std::vector<std::int64_t>& end) {
        return [=](const Values& in) -> Value {
            return std::make_shared<op::v12::Pad>(in[0], ints(begin), ints(end), floats({}, 1, 0, 0), mode);
        };
    };
    const auto masked = [](auto... arguments) {
        return [=](const Values& in) -> Value { return strided(in[0], arguments...); };
    };
    using Ints = std::vector<std::int64_t>;
    using Masks = std::vector<Ints>;
    return {
        linear("Slice", {4, 6}, slice({1, -4}, {3, 100}, {1, 1}, {1, 2})),
        linear("Slice with steps", {5, 7}, slice({1, 6}, {5, 0}, {2, -3}, {1, 2})),
        linear("Slice, every extent unknown", {5, 7}, slice({1, -2}, {-1, -6}, {2, -1}, {-2, 2}), true),
        linear("StridedSlice", {4, 6},
               masked(Ints{0, 1, 2}, Ints{0, 3, 0}, Ints{1, 1, 2}, Masks{{1, 0, 0}, {1, 0, 1}, {}, {}, {}})),
        linear("StridedSlice, last element taken", {4, 6},
               masked(Ints{0, -1}, Ints{0, 0}, Ints{1, 1}, Masks{{1, 0}, {1, 0}, {0, 0}, {0, 1}, {}})),
        linear("StridedSlice, axis added", {4, 6},
               masked(Ints{0, 0, 1}, Ints{0, 0, 3}, Ints{1, 1, 1}, Masks{{1, 0, 0}, {1, 0, 0}, {0, 1, 0}, {}, {}})),
        linear("StridedSlice, ellipsis", {4, 5, 6},
               masked(Ints{0, 0, 5}, Ints{0, 0, 1}, Ints{1, 1, -2}, Masks{{1, 0, 0}, {1, 0, 0}, {}, {}, {0, 1, 0}})),
        linear("Pad", {3, 4}, pad(op::PadMode::CONSTANT, {0, 1, 2}, {0, 0, 1})),
        linear("Pad that cuts", {3, 4}, pad(op::PadMode::CONSTANT, {0, 1, -1}, {0, -1, 1})),
        linear("Pad, every extent unknown", {3, 4}, pad(op::PadMode::CONSTANT, {0, 1, 2}, {0, 0, 1}), true),
        linear("Pad reflected", {3, 4, 5}, pad(op::PadMode::REFLECT, {0, 0, 2, 1}, {0, 0, 1, 3})),
        linear("Pad symmetric", {3, 4, 5}, pad(op::PadMode::SYMMETRIC, {0, 1, 2, 1}, {0, 0, 1, 3})),
        linear("Pad by the edge", {3, 4, 5}, pad(op::PadMode::EDGE, {0, 1, 2, 1}, {0, 2, 1, 3})),
    };
}

template <class Gather>
Build gather(const std::vector<std::int64_t>& indices, const ov::Shape& shape, std::int64_t axis) {
    return [=](const Values& in) -> Value {
        const auto picks = op::v0::Constant::create(ov::element::i64, shape, indices);
        return std::make_shared<Gather>(in[0], picks, integer(axis));
    };
}

Case scatter(const std::string& name, std::function<Value(const Values&)> build, const ov::Shape& updates) {
    return {.name = name,
            .inputs = {{.extents = {4, 3}, .batched = false}, {.extents = updates, .batched = false}},
            .build = std::move(build),
            .linear = false};
}

std::vector<Case> picks() {
    const auto index = [](const ov::Shape& shape, const std::vector<std::int64_t>& v) {
        return op::v0::Constant::create(ov::element::i64, shape, v)->output(0);
    };
    using Elements = op::v12::ScatterElementsUpdate;
    using Places = op::v15::ScatterNDUpdate;
    return {
        linear("Gather one", {5, 3}, gather<op::v8::Gather>({0}, {}, 1)),
        linear("Gather a run", {5, 3}, gather<op::v8::Gather>({-3, -2}, {2}, 1)),
        linear("Gather some twice", {5, 3}, gather<op::v8::Gather>({4, 0, 4, -1}, {2, 2}, 1)),
        linear("Gather last axis", {5, 3}, gather<op::v7::Gather>({2, 0, 2}, {3}, -1)),
        linear("Gather (first form)", {5, 3}, gather<op::v1::Gather>({3, 1}, {2}, 1)),
        linear("Gather, every extent unknown", {5, 3}, gather<op::v8::Gather>({3, 1, 1}, {3}, 1), true),
        {.name = "Gather within batches",
         .inputs = {{.extents = {2, 5}, .batched = false}},
         .build = [=](const Values& in) -> Value {
             return std::make_shared<op::v8::Gather>(in[0], index({2, 3}, {0, 4, 4, 1, 2, 1}), integer(1), 1);
         },
         .linear = true},
        {.name = "GatherElements",
         .inputs = {{.extents = {2, 4}, .batched = false}},
         .build = [=](const Values& in) -> Value {
             return std::make_shared<op::v6::GatherElements>(in[0], index({2, 3}, {0, 3, 3, 1, 1, 2}), 1);
         },
         .linear = true},
        {.name = "GatherND",
         .inputs = {{.extents = {3, 4, 2}, .batched = false}},
         .build = [=](const Values& in) -> Value {
             return std::make_shared<op::v8::GatherND>(in[0], index({3, 2}, {0, 1, 2, 3, 0, 1}));
         },
         .linear = true},
        largest("TopK", {3, 7},
                [](const Values& in) -> Value {
                    return std::make_shared<op::v11::TopK>(in[0], integer(3), -1, op::TopKMode::MAX,
                                                           op::TopKSortType::SORT_VALUES)
                        ->output(0);
                }),
        largest("TopK smallest (third form)", {7, 2},
                [](const Values& in) -> Value {
                    return std::make_shared<op::v3::TopK>(in[0], integer(2), 1, op::TopKMode::MIN,
                                                          op::TopKSortType::SORT_VALUES)
                        ->output(0);
                }),
        scatter("ScatterElementsUpdate",
                [=](const Values& in) -> Value {
                    return std::make_shared<op::v3::ScatterElementsUpdate>(in[0], index({2, 3}, {0, 3, 1, 2, 1, 0}),
                                                                           in[1], integer(0));
                },
                {2, 3}),
        scatter("ScatterElementsUpdate, summed",
                [=](const Values& in) -> Value {
                    return std::make_shared<Elements>(in[0], index({2, 3}, {0, 3, 1, 0, 1, 0}), in[1], integer(0),
                                                      Elements::Reduction::SUM);
                },
                {2, 3}),
        scatter("ScatterNDUpdate",
                [=](const Values& in) -> Value {
                    return std::make_shared<op::v3::ScatterNDUpdate>(in[0], index({2, 1}, {3, 1}), in[1]);
                },
                {2, 3}),
        scatter("ScatterNDUpdate, summed",
                [=](const Values& in) -> Value {
                    return std::make_shared<Places>(in[0], index({2, 1}, {3, 3}), in[1], Places::Reduction::SUM);
                },
                {2, 3}),
        scatter("ScatterUpdate",
                [=](const Values& in) -> Value {
                    return std::make_shared<op::v3::ScatterUpdate>(in[0], index({2}, {2, 0}), in[1], integer(0));
                },
                {2, 3}),
    };
}

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

std::vector<Case> resizes() {
    using Base = op::util::InterpolateBase;
    using Mode = Base::InterpolateMode;
    using Place = Base::CoordinateTransformMode;
    const auto resize = [](Mode mode, Place place, const std::vector<std::int64_t>& sizes,
                           const std::vector<std::int64_t>& axes) {
        Base::InterpolateAttrs attributes(mode, Base::ShapeCalcMode::SIZES, {0, 0, 0, 0}, {0, 0, 0, 0}, place);
        return [=](const Values& in) -> Value {
            return std::make_shared<op::v11::Interpolate>(in[0], ints(sizes), ints(axes), attributes);
        };
    };
    const auto scaled = [](Mode mode, Place place, std::vector<float> scales) {
        Base::InterpolateAttrs attributes(mode, Base::ShapeCalcMode::SCALES, {0, 0, 0, 0}, {0, 0, 0, 0}, place);
        return [=](const Values& in) -> Value {
            const auto s = op::v0::Constant::create(ov::element::f32, ov::Shape{2}, scales);
            return std::make_shared<op::v4::Interpolate>(in[0], ints({0, 0}), s, ints({2, 3}), attributes);
        };
    };
    std::vector<Case> cases;
    for (const auto mode : {Mode::NEAREST, Mode::LINEAR, Mode::LINEAR_ONNX, Mode::CUBIC}) {
        for (const auto place :
             {Place::HALF_PIXEL, Place::ASYMMETRIC, Place::ALIGN_CORNERS, Place::PYTORCH_HALF_PIXEL}) {
            const auto name =
                "Interpolate " + std::to_string(static_cast<int>(mode)) + "/" + std::to_string(static_cast<int>(place));
            cases.push_back(linear(name + " up", {2, 4, 5}, resize(mode, place, {8, 11}, {2, 3})));
            cases.push_back(linear(name + " down", {2, 8, 9}, resize(mode, place, {4, 3}, {2, 3})));
            cases.push_back(linear(name + " scaled", {2, 4, 5}, scaled(mode, place, {2.0F, 1.5F})));
        }
    }
    cases.push_back(
        linear("Interpolate, channels last", {4, 5, 2}, resize(Mode::NEAREST, Place::ASYMMETRIC, {8, 10}, {1, 2})));
    return cases;
}

void first(const std::vector<Case>& cases) {
    for (const auto& c : cases) {
        SCOPED_TRACE(c.name);
        EXPECT_NO_THROW(check_first_order(c)) << c.name;
    }
}
void second(const std::vector<Case>& cases) {
    for (const auto& c : cases) {
        SCOPED_TRACE(c.name);
        EXPECT_NO_THROW(check_second_order(c)) << c.name;
    }
}

TEST(DifferentiateStructure, Reductions) { first(reductions()); }
TEST(DifferentiateStructure, Normalisations) { first(normalisations()); }
TEST(DifferentiateStructure, Pools) { first(pools()); }
TEST(DifferentiateStructure, Products) { first(products()); }
TEST(DifferentiateStructure, Cuts) { first(cuts()); }
TEST(DifferentiateStructure, Picks) { first(picks()); }
TEST(DifferentiateStructure, Moves) { first(moves()); }
TEST(DifferentiateStructure, Resizes) { first(resizes()); }
TEST(DifferentiateStructure, DerivativesOfDerivatives) {
    second(reductions());
    second(normalisations());
    second(pools());
    second(products());
    second(cuts());
    second(picks());
    second(moves());
}

}  // namespace
}  // namespace pellucid::graph::testing
