// The engine's cache of packed weights, keyed by where they lie: shapes at which a backward pass that read the forward
// weights was wrong by more than its own size. One shape alone can pass on broken code, so there are many.
#include <gtest/gtest.h>

#include "graph/differentiate/probe.hpp"
#include "graph/tape.hpp"
#include "graph/weights.hpp"
#include "openvino/opsets/opset16.hpp"

namespace pellucid::graph::testing {
namespace {

namespace op = ov::op;

enum class Stored { kFloat, kHalf, kProduct };

struct Layer {
    std::size_t channels, size, kernel = 1, stride = 1, groups = 1;
    Stored stored = Stored::kFloat;
};

std::shared_ptr<op::v0::Constant> random_constant(const ov::Shape& shape, std::uint64_t seed) {
    Random random(seed);
    return std::make_shared<op::v0::Constant>(random_tensor(shape, random));
}

/// Weights as importers leave them: plain, compressed to half precision, or a scale still to be folded in.
Value weights(const Layer& layer) {
    ov::Shape shape{layer.channels, layer.channels / layer.groups, layer.kernel, layer.kernel};
    if (layer.groups > 1) {
        shape[0] /= layer.groups;
        shape.insert(shape.begin(), layer.groups);
    }
    const auto plain = random_constant(shape, 11);
    if (layer.stored == Stored::kFloat) return plain;
    if (layer.stored == Stored::kHalf) {
        const auto half = std::make_shared<op::v0::Constant>(ov::element::f16, shape, plain->cast_vector<float>());
        return std::make_shared<op::v0::Convert>(half, ov::element::f32);
    }
    ov::Shape scales(shape.size(), 1);
    scales[0] = shape[0];
    return std::make_shared<op::v1::Multiply>(plain, random_constant(scales, 12));
}

std::shared_ptr<ov::Model> model_of(const Layer& layer) {
    const auto x = std::make_shared<op::v0::Parameter>(
        ov::element::f32,
        ov::PartialShape{-1, static_cast<std::int64_t>(layer.channels), static_cast<std::int64_t>(layer.size),
                         static_cast<std::int64_t>(layer.size)});
    const ov::Strides strides(2, layer.stride), dilations(2, 1);
    const ov::CoordinateDiff pads(2, static_cast<std::ptrdiff_t>(layer.kernel / 2));
    std::shared_ptr<ov::Node> y;
    if (layer.groups > 1) {
        y = std::make_shared<op::v1::GroupConvolution>(x, weights(layer), strides, pads, pads, dilations);
    } else {
        y = std::make_shared<op::v1::Convolution>(x, weights(layer), strides, pads, pads, dilations);
    }
    return std::make_shared<ov::Model>(ov::OutputVector{y}, ov::ParameterVector{x});
}

/// <f(v), seed> = <v, J^T seed>, f linear; rounding of sums of up to 4608 terms stays below 1e-5 of the norms.
void check_adjoint(const std::shared_ptr<ov::Model>& forward, const std::shared_ptr<ov::Model>& gradient,
                   const std::string& what) {
    auto straight = compile(forward);
    auto back = compile(gradient);
    Random random(3);
    ov::Shape shape = forward->input().get_partial_shape().get_min_shape();
    shape[0] = 1;
    const auto v = random_tensor(shape, random);
    const auto image = run(straight, {v})[0];
    const auto seed = random_tensor(image.get_shape(), random);
    const auto results = run(back, {v, seed});
    EXPECT_LE(relative_error(results[0], image), 1e-5) << what << ", forward pass beside the backward one";
    EXPECT_NEAR(dot(image, seed), dot(v, results[1]), 1e-5 * norm(image) * norm(seed)) << what;
}

std::string name_of(const Layer& layer) {
    return std::to_string(layer.channels) + " channels, " + std::to_string(layer.size) + " px, kernel " +
           std::to_string(layer.kernel) + ", stride " + std::to_string(layer.stride) + ", groups " +
           std::to_string(layer.groups) + ", stored " + std::to_string(static_cast<int>(layer.stored));
}

void check_layers(const std::vector<Layer>& layers) {
    for (const auto& layer : layers) {
        const auto model = model_of(layer);
        const auto made = differentiate(model, {model->input()}, model->output().get_node()->input_value(0));
        check_adjoint(model, made.model, name_of(layer));
        check_adjoint(model, saved_and_read(made.model), name_of(layer) + ", saved and read back");
    }
}

TEST(DifferentiateGuards, SquareConvolutions) {
    check_layers({{64, 14}, {64, 28}, {64, 56}, {128, 14}, {128, 28}, {128, 56}, {512, 14}, {512, 28}});
    check_layers({{64, 14, 3}, {64, 28, 3}, {64, 56, 3}, {128, 28, 3}, {512, 14, 3}});
}

TEST(DifferentiateGuards, SquareConvolutionsOfStride2) {
    check_layers({{256, 14, 1, 2}, {256, 28, 1, 2}, {256, 56, 1, 2}, {256, 28, 3, 2}, {64, 56, 3, 2}});
}

TEST(DifferentiateGuards, GroupedConvolutions) {
    check_layers({{64, 14, 3, 1, 4}, {64, 28, 3, 1, 2}, {128, 56, 3, 1, 4}, {512, 14, 3, 1, 32}, {64, 28, 3, 1, 64}});
}

TEST(DifferentiateGuards, WeightsOfHalfPrecision) {
    check_layers({{64, 14, 1, 1, 1, Stored::kHalf},
                  {64, 56, 3, 1, 1, Stored::kHalf},
                  {128, 28, 1, 1, 1, Stored::kHalf},
                  {512, 14, 1, 1, 1, Stored::kHalf},
                  {64, 28, 3, 1, 2, Stored::kHalf}});
}

TEST(DifferentiateGuards, WeightsThatAreFolded) {
    check_layers({{64, 14, 1, 1, 1, Stored::kProduct},
                  {64, 56, 3, 1, 1, Stored::kProduct},
                  {128, 28, 1, 1, 1, Stored::kProduct},
                  {512, 14, 1, 1, 1, Stored::kProduct}});
}

TEST(DifferentiateGuards, NegatedWeightsAreConstantsOfTheirOwnBytes) {
    for (const auto stored : {Stored::kFloat, Stored::kHalf, Stored::kProduct}) {
        const Layer layer{8, 4, 1, 1, 1, stored};
        const auto w = weights(layer);
        const auto fail = [](const Value& v) -> Value {
            ADD_FAILURE() << "a constant was not folded";
            return v;
        };
        const auto negated = negate_weights(w, true, fail, [](ov::Node&) {});
        const auto expected = Tape::constant_of(w)->cast_vector<float>();
        const auto actual = Tape::constant_of(negated)->cast_vector<float>();
        ASSERT_EQ(actual.size(), expected.size());
        for (std::size_t i = 0; i < actual.size(); ++i) EXPECT_EQ(actual[i], -expected[i]);
        EXPECT_EQ(negate_weights(negated, true, fail, [](ov::Node&) {}).get_element_type(), w.get_element_type());
    }
}

/// x -> W -> ReLU -> W' : a tied auto-encoder, as the engine runs it and in two models that share nothing.
void check_tied(const std::function<Value(const Value&)>& encode, const std::function<Value(const Value&)>& decode,
                const ov::Shape& shape, const std::string& what) {
    ov::PartialShape dynamic(shape);
    dynamic[0] = -1;
    const auto x = std::make_shared<op::v0::Parameter>(ov::element::f32, dynamic);
    const auto code = std::make_shared<op::v0::Relu>(encode(x));
    const auto tied = std::make_shared<ov::Model>(ov::OutputVector{decode(code)}, ov::ParameterVector{x});
    const auto x2 = std::make_shared<op::v0::Parameter>(ov::element::f32, dynamic);
    const auto alone = std::make_shared<op::v0::Relu>(encode(x2));
    const auto encoder = std::make_shared<ov::Model>(ov::OutputVector{alone}, ov::ParameterVector{x2});
    const auto z = std::make_shared<op::v0::Parameter>(ov::element::f32, code->get_output_partial_shape(0));
    const auto decoder = std::make_shared<ov::Model>(ov::OutputVector{decode(z)}, ov::ParameterVector{z});
    Random random(9);
    const auto input = random_tensor(shape, random);
    auto first = compile(encoder);
    auto second = compile(decoder);
    const auto expected = run(second, run(first, {input}))[0];
    EXPECT_EQ(guard_tied_weights(tied), 1) << what;
    EXPECT_EQ(guard_tied_weights(tied), 0) << what << ": a second guard finds nothing left to do";
    auto guarded = compile(tied);
    EXPECT_LE(relative_error(run(guarded, {input})[0], expected), 1e-5) << what;
    auto reloaded = compile(saved_and_read(tied));
    EXPECT_LE(relative_error(run(reloaded, {input})[0], expected), 1e-5) << what << ", saved and read back";
}

TEST(DifferentiateGuards, TiedConvolutions) {
    const ov::Strides one(2, 1);
    const ov::CoordinateDiff pads(2, 1);
    for (const std::size_t channels : {64U, 128U}) {
        for (const std::size_t size : {14U, 28U, 56U}) {
            const auto w = random_constant({channels, channels, 3, 3}, 21);
            check_tied(
                [&](const Value& v) -> Value {
                    return std::make_shared<op::v1::Convolution>(v, w, one, pads, pads, one);
                },
                [&](const Value& v) -> Value {
                    return std::make_shared<op::v1::ConvolutionBackpropData>(v, w, one, pads, pads, one);
                },
                {1, channels, size, size}, std::to_string(channels) + " channels, " + std::to_string(size) + " px");
        }
    }
}

TEST(DifferentiateGuards, TiedMatrices) {
    for (const std::size_t width : {64U, 256U}) {
        const auto w = random_constant({width, width}, 22);
        check_tied([&](const Value& v) -> Value { return std::make_shared<op::v0::MatMul>(v, w, false, true); },
                   [&](const Value& v) -> Value { return std::make_shared<op::v0::MatMul>(v, w, false, false); },
                   {3, width}, "width " + std::to_string(width));
    }
}

TEST(DifferentiateGuards, UntiedModelsAreLeftAlone) {
    const auto model = model_of({16, 8});
    EXPECT_EQ(guard_tied_weights(model), 0);
}

}  // namespace
}  // namespace pellucid::graph::testing
