// Convolutions against their adjoint identity and differences: shapes that OpenVINO's engine is known to trip on.
#include <gtest/gtest.h>

#include "graph/differentiate/cases.hpp"
#include "openvino/opsets/opset16.hpp"

namespace pellucid::graph::testing {
namespace {

namespace op = ov::op;

/// One convolution: kernel shape [out, in/groups, spatial…], and how it walks.
struct Shape {
    std::string name;
    ov::Shape input;                 ///< [C, spatial…]
    ov::Shape weights;
    ov::Strides strides, dilations;
    ov::CoordinateDiff begin, end;
    std::size_t groups = 0;          ///< 0: dense
    op::PadType pad = op::PadType::EXPLICIT;
    ov::CoordinateDiff extra = {};   ///< output padding, of transposed ones
    bool dynamic = false;
};

Value constant(const ov::Shape& shape, std::uint64_t seed) {
    Random random(seed);
    return std::make_shared<op::v0::Constant>(random_tensor(shape, random))->output(0);
}

ov::Shape grouped(const Shape& s, bool transposed) {
    ov::Shape shape = s.weights;
    shape[transposed ? 0 : 0] /= s.groups;
    shape.insert(shape.begin(), s.groups);
    return shape;
}

Case forward_case(const Shape& s) {
    const auto build = [s](const std::vector<Value>& in) -> Value {
        if (s.groups > 0) {
            return std::make_shared<op::v1::GroupConvolution>(in[0], constant(grouped(s, false), 7), s.strides, s.begin,
                                                              s.end, s.dilations, s.pad);
        }
        return std::make_shared<op::v1::Convolution>(in[0], constant(s.weights, 7), s.strides, s.begin, s.end,
                                                     s.dilations, s.pad);
    };
    return {.name = s.name, .inputs = {{.extents = s.input}}, .build = build, .linear = true, .dynamic = s.dynamic};
}

Case transposed_case(const Shape& s) {
    const auto build = [s](const std::vector<Value>& in) -> Value {
        if (s.groups > 0) {
            return std::make_shared<op::v1::GroupConvolutionBackpropData>(
                in[0], constant(grouped(s, true), 7), s.strides, s.begin, s.end, s.dilations, s.pad, s.extra);
        }
        return std::make_shared<op::v1::ConvolutionBackpropData>(in[0], constant(s.weights, 7), s.strides, s.begin,
                                                                 s.end, s.dilations, s.pad, s.extra);
    };
    return {.name = s.name, .inputs = {{.extents = s.input}}, .build = build, .linear = true, .dynamic = s.dynamic};
}

/// Weights as an input too: their gradient is checked with the data's.
Case weights_case(Shape s, bool transposed) {
    auto shape = s.groups > 0 ? grouped(s, transposed) : s.weights;
    auto c = transposed ? transposed_case(s) : forward_case(s);
    c.name += " by weights";
    c.inputs.push_back({.extents = shape, .batched = false});
    c.build = [s, transposed](const std::vector<Value>& in) -> Value {
        if (transposed && s.groups > 0) {
            return std::make_shared<op::v1::GroupConvolutionBackpropData>(in[0], in[1], s.strides, s.begin, s.end,
                                                                          s.dilations, s.pad, s.extra);
        }
        if (transposed) {
            return std::make_shared<op::v1::ConvolutionBackpropData>(in[0], in[1], s.strides, s.begin, s.end,
                                                                     s.dilations, s.pad, s.extra);
        }
        if (s.groups > 0) {
            return std::make_shared<op::v1::GroupConvolution>(in[0], in[1], s.strides, s.begin, s.end, s.dilations,
                                                              s.pad);
        }
        return std::make_shared<op::v1::Convolution>(in[0], in[1], s.strides, s.begin, s.end, s.dilations, s.pad);
    };
    c.dynamic = false;
    return c;
}

using op::PadType;

const std::vector<Shape>& forward_shapes() {
    static const std::vector<Shape> kShapes{
        {"1d", {3, 11}, {4, 3, 3}, {1}, {1}, {1}, {1}},
        {"1d stride 3 leaves 2", {3, 13}, {4, 3, 3}, {3}, {1}, {1}, {0}},
        {"2d 3x3", {3, 7, 6}, {5, 3, 3, 3}, {1, 1}, {1, 1}, {1, 1}, {1, 1}},
        {"2d stride 2 leaves 1", {3, 8, 8}, {4, 3, 3, 3}, {2, 2}, {1, 1}, {0, 0}, {0, 0}},
        {"2d stride 2 asymmetric pads", {3, 8, 8}, {4, 3, 3, 3}, {2, 2}, {1, 1}, {0, 0}, {1, 1}},
        {"2d stride 2 pads 2 and 1", {3, 9, 12}, {4, 3, 5, 5}, {2, 2}, {1, 1}, {2, 1}, {1, 2}},
        {"2d dilated", {2, 11, 12}, {4, 2, 3, 3}, {1, 1}, {2, 3}, {2, 3}, {2, 3}},
        {"2d dilated and strided", {2, 12, 13}, {4, 2, 3, 2}, {2, 3}, {2, 2}, {1, 0}, {2, 1}},
        {"2d 1x1 stride 2", {4, 7, 8}, {6, 4, 1, 1}, {2, 2}, {1, 1}, {0, 0}, {0, 0}},
        {"2d 4x4 patches", {3, 8, 8}, {6, 3, 4, 4}, {4, 4}, {1, 1}, {0, 0}, {0, 0}},
        {"2d patches that leave 3", {3, 11, 11}, {6, 3, 4, 4}, {4, 4}, {1, 1}, {0, 0}, {0, 0}},
        {"2d same upper stride 2", {3, 8, 7}, {4, 3, 3, 3}, {2, 2}, {1, 1}, {0, 0}, {0, 0}, 0, PadType::SAME_UPPER},
        {"2d same lower stride 2", {3, 8, 7}, {4, 3, 4, 3}, {2, 2}, {1, 1}, {0, 0}, {0, 0}, 0, PadType::SAME_LOWER},
        {"2d valid", {3, 8, 7}, {4, 3, 3, 3}, {2, 2}, {1, 1}, {1, 1}, {1, 1}, 0, PadType::VALID},
        {"groups 2", {4, 7, 7}, {6, 2, 3, 3}, {1, 1}, {1, 1}, {1, 1}, {1, 1}, 2},
        {"depthwise stride 2 asymmetric", {6, 8, 8}, {6, 1, 3, 3}, {2, 2}, {1, 1}, {0, 0}, {1, 1}, 6},
        {"depthwise 5x5 same", {5, 9, 9}, {5, 1, 5, 5}, {2, 2}, {1, 1}, {0, 0}, {0, 0}, 5, PadType::SAME_UPPER},
        {"depthwise multiplier 2", {3, 7, 7}, {6, 1, 3, 3}, {1, 1}, {1, 1}, {1, 1}, {1, 1}, 3},
        {"3d stride 2", {2, 5, 6, 7}, {3, 2, 3, 3, 3}, {2, 2, 2}, {1, 1, 1}, {1, 0, 1}, {1, 1, 0}},
        {"dynamic sizes", {3, 8, 9}, {4, 3, 3, 3}, {2, 2}, {1, 1}, {0, 1}, {1, 1}, 0, PadType::EXPLICIT, {}, true},
        {"dynamic sizes stride 3 leaves 2",
         {3, 10, 11},
         {4, 3, 2, 2},
         {3, 3},
         {1, 1},
         {0, 0},
         {0, 0},
         0,
         PadType::EXPLICIT,
         {},
         true},
        {"dynamic sizes same stride 1",
         {3, 8, 9},
         {4, 3, 3, 4},
         {1, 1},
         {1, 1},
         {0, 0},
         {0, 0},
         0,
         PadType::SAME_UPPER,
         {},
         true},
        {"dynamic sizes depthwise",
         {4, 9, 8},
         {4, 1, 3, 3},
         {2, 2},
         {1, 1},
         {1, 1},
         {1, 1},
         4,
         PadType::EXPLICIT,
         {},
         true},
    };
    return kShapes;
}

const std::vector<Shape>& transposed_shapes() {
    static const std::vector<Shape> kShapes{
        {"transposed 1d", {3, 6}, {3, 4, 3}, {2}, {1}, {1}, {1}},
        {"transposed 2x2 stride 2", {4, 5, 6}, {4, 3, 2, 2}, {2, 2}, {1, 1}, {0, 0}, {0, 0}},
        {"transposed pads", {4, 5, 6}, {4, 3, 4, 4}, {2, 2}, {1, 1}, {1, 0}, {2, 1}},
        {"transposed output padding",
         {4, 5, 6},
         {4, 3, 3, 3},
         {2, 2},
         {1, 1},
         {1, 1},
         {1, 1},
         0,
         PadType::EXPLICIT,
         {1, 1}},
        {"transposed dilated", {2, 5, 5}, {2, 3, 3, 3}, {1, 1}, {2, 2}, {1, 1}, {0, 1}},
        {"transposed groups", {4, 5, 5}, {4, 3, 3, 3}, {2, 2}, {1, 1}, {1, 1}, {1, 1}, 2},
        {"transposed depthwise", {4, 5, 5}, {4, 1, 3, 3}, {2, 2}, {1, 1}, {1, 1}, {0, 1}, 4},
        {"transposed same", {4, 5, 5}, {4, 3, 3, 3}, {2, 2}, {1, 1}, {0, 0}, {0, 0}, 0, PadType::SAME_UPPER},
        {"transposed 3d", {2, 3, 4, 3}, {2, 3, 2, 3, 2}, {2, 2, 1}, {1, 1, 1}, {0, 1, 0}, {0, 1, 0}},
        {"transposed dynamic", {4, 5, 6}, {4, 3, 4, 4}, {2, 2}, {1, 1}, {1, 1}, {1, 1}, 0, PadType::EXPLICIT, {}, true},
    };
    return kShapes;
}

TEST(DifferentiateConvolution, HasTheAdjointOfEveryShape) {
    for (const auto& shape : forward_shapes()) check_first_order(forward_case(shape));
}

/// With more channels than a vector holds, a stride's adjoint is a transposed convolution.
TEST(DifferentiateConvolution, HasTheAdjointOfStridesOverManyChannels) {
    int found = 0;
    for (Shape shape : forward_shapes()) {
        const bool strided = std::any_of(shape.strides.begin(), shape.strides.end(), [](auto s) { return s > 1; });
        if (!strided || shape.groups > 0 || shape.dynamic) continue;
        shape.input[0] = shape.weights[1] = 17;
        shape.name += ", 17 channels";
        check_first_order(forward_case(shape));
        ++found;
    }
    EXPECT_GE(found, 10);
}

/// How often an op stands in the gradient of a convolution of 7 x 7 by 2, as networks begin with.
std::size_t count_in_stem(std::size_t channels, const std::string& op) {
    const auto x = std::make_shared<op::v0::Parameter>(
        ov::element::f32, ov::PartialShape{-1, static_cast<std::int64_t>(channels), 20, 21});
    const auto y =
        std::make_shared<op::v1::Convolution>(x, constant({8, channels, 7, 7}, 3), ov::Strides{2, 2},
                                              ov::CoordinateDiff{3, 2}, ov::CoordinateDiff{3, 3}, ov::Strides{1, 1});
    const auto model = std::make_shared<ov::Model>(ov::OutputVector{y}, ov::ParameterVector{x});
    std::size_t count = 0;
    for (const auto& node : differentiate(model, {x->output(0)}, y->output(0)).model->get_ops()) {
        count += node->get_type_name() == op;
    }
    return count;
}

/// Of a picture's channels the places between windows are channels of their own (decision 0002 has no say there: the
/// weights are rearranged, and nothing else reads them).
TEST(DifferentiateConvolution, OfFewChannelsGoesBySubpixels) {
    EXPECT_EQ(count_in_stem(3, "DepthToSpace"), 1U);
    EXPECT_EQ(count_in_stem(3, "ConvolutionBackpropData"), 0U);
    EXPECT_EQ(count_in_stem(64, "DepthToSpace"), 0U);
    EXPECT_EQ(count_in_stem(64, "ConvolutionBackpropData"), 1U);
}

TEST(DifferentiateConvolution, TransposedHasTheAdjointOfEveryShape) {
    for (const auto& shape : transposed_shapes()) check_first_order(transposed_case(shape));
}

TEST(DifferentiateConvolution, GradientInItsWeights) {
    for (const auto& shape : forward_shapes()) check_first_order(weights_case(shape, false));
}

TEST(DifferentiateConvolution, TransposedGradientInItsWeights) {
    for (const auto& shape : transposed_shapes()) check_first_order(weights_case(shape, true));
}

TEST(DifferentiateConvolution, DerivativesOfDerivatives) {
    for (const auto& shape : forward_shapes()) check_second_order(weights_case(shape, false));
    for (const auto& shape : transposed_shapes()) check_second_order(weights_case(shape, true));
}

}  // namespace

std::vector<Case> convolution_cases() {
    std::vector<Case> cases;
    for (const auto& shape : forward_shapes()) cases.push_back(weights_case(shape, false));
    for (const auto& shape : transposed_shapes()) cases.push_back(weights_case(shape, true));
    return cases;
}

}  // namespace pellucid::graph::testing
