// The gradient of a convolution in its data, element by element, where windows leave a rest and pads differ at the two
// ends: what a transposed convolution has to be told of both (`output_padding`) is easy to lose.
#include <gtest/gtest.h>

#include "graph/differentiate/probe.hpp"
#include "openvino/opsets/opset16.hpp"

namespace pellucid::graph::testing {
namespace {

namespace op = ov::op;

/// How a window walks along one axis.
struct Axis {
    std::int64_t in, kernel, stride, dilation, begin, end;
    [[nodiscard]] std::int64_t slack() const { return in + begin + end - (dilation * (kernel - 1) + 1); }
    [[nodiscard]] std::int64_t out() const { return slack() / stride + 1; }
    [[nodiscard]] std::int64_t rest() const { return slack() % stride; }
};

struct Walk {
    std::string name;
    std::vector<Axis> axes;  ///< one or two
    bool depthwise = false;
    bool sized = true;       ///< false: extents unknown when the model is built
};

constexpr std::int64_t kBatch = 2, kChannels = 3, kFilters = 6;  // depthwise: two filters a channel

const std::vector<Walk>& walks() {
    static const std::vector<Walk> kWalks = [] {
        const std::vector<std::pair<std::string, std::vector<Axis>>> shapes{
            {"1d, stride 2", {{9, 3, 2, 1, 0, 1}}},
            {"1d, stride 3 leaves 2", {{12, 3, 3, 1, 2, 0}}},
            {"1d, stride 4 leaves 3, dilated", {{19, 3, 4, 2, 0, 1}}},
            {"1d, pads wider than a stride", {{9, 5, 2, 1, 3, 0}}},
            {"2d, stride 2", {{9, 3, 2, 1, 0, 1}, {7, 3, 2, 1, 1, 0}}},
            {"2d, strides differ", {{9, 3, 3, 1, 2, 0}, {11, 4, 2, 1, 0, 2}}},
            {"2d, dilated", {{12, 3, 2, 2, 1, 2}, {13, 2, 3, 3, 0, 2}}},
            {"2d, one axis leaves nothing", {{9, 3, 2, 1, 0, 2}, {8, 3, 2, 1, 2, 0}}},
            {"2d, kernel 1", {{8, 1, 3, 1, 0, 2}, {7, 1, 2, 1, 1, 0}}},
            {"2d, kernel 5", {{11, 5, 4, 1, 1, 3}, {10, 5, 3, 1, 3, 1}}},
        };
        std::vector<Walk> made;
        for (const auto& [name, axes] : shapes) {
            for (const bool depthwise : {false, true}) {
                for (const bool sized : {true, false}) {
                    made.push_back({name + (depthwise ? ", depthwise" : "") + (sized ? "" : ", sizes unknown"), axes,
                                    depthwise, sized});
                }
            }
        }
        return made;
    }();
    return kWalks;
}

/// Integers: sums of products below 2^24 are exact in f32, in whatever order the engine takes them.
ov::Tensor integers(const ov::Shape& shape, Random& random) {
    ov::Tensor made(ov::element::f32, shape);
    for (std::size_t i = 0; i < made.get_size(); ++i) {
        made.data<float>()[i] = static_cast<float>(static_cast<std::int64_t>(random.uniform(0.0, 9.0)) - 4);
    }
    return made;
}

ov::Shape shape_of(std::int64_t rows, std::int64_t channels, const std::vector<Axis>& axes, std::int64_t Axis::* size) {
    ov::Shape shape{static_cast<std::size_t>(rows), static_cast<std::size_t>(channels)};
    for (const auto& axis : axes) shape.push_back(static_cast<std::size_t>(axis.*size));
    return shape;
}

ov::Shape weights_of(const Walk& walk) {
    auto shape = shape_of(kFilters, kChannels, walk.axes, &Axis::kernel);
    if (!walk.depthwise) return shape;
    shape[0] = kFilters / kChannels;
    shape[1] = 1;
    shape.insert(shape.begin(), kChannels);
    return shape;
}

std::shared_ptr<ov::Model> model_of(const Walk& walk, const ov::Tensor& weights) {
    ov::PartialShape shape{-1, kChannels};
    ov::Strides strides, dilations;
    ov::CoordinateDiff begin, end;
    for (const auto& axis : walk.axes) {
        shape.push_back(walk.sized ? ov::Dimension(axis.in) : ov::Dimension::dynamic());
        strides.push_back(static_cast<std::size_t>(axis.stride));
        dilations.push_back(static_cast<std::size_t>(axis.dilation));
        begin.push_back(axis.begin);
        end.push_back(axis.end);
    }
    const auto x = std::make_shared<op::v0::Parameter>(ov::element::f32, shape);
    x->set_friendly_name("x");
    const auto w = std::make_shared<op::v0::Constant>(weights);
    std::shared_ptr<ov::Node> y;
    if (walk.depthwise) {
        y = std::make_shared<op::v1::GroupConvolution>(x, w, strides, begin, end, dilations);
    } else {
        y = std::make_shared<op::v1::Convolution>(x, w, strides, begin, end, dilations);
    }
    return std::make_shared<ov::Model>(ov::OutputVector{y}, ov::ParameterVector{x});
}

/// dx[n, c, i] = sum of w[f, c, k] g[n, f, o] over i = o stride - begin + k dilation: every product once, where it falls.
std::vector<float> direct_sum(const Walk& walk, const ov::Tensor& weights, const ov::Tensor& seed) {
    const Axis rows = walk.axes.size() == 2 ? walk.axes[0] : Axis{1, 1, 1, 1, 0, 0};
    const Axis columns = walk.axes.back();
    std::vector<float> gradient(static_cast<std::size_t>(kBatch * kChannels * rows.in * columns.in), 0.0F);
    const std::int64_t inner = walk.depthwise ? 1 : kChannels;
    const std::int64_t taps = rows.kernel * columns.kernel, windows = rows.out() * columns.out();
    for (std::int64_t map = 0; map < kBatch * kFilters; ++map) {
        for (std::int64_t window = 0; window < windows; ++window) {
            for (std::int64_t tap = 0; tap < inner * taps; ++tap) {
                const auto filter = map % kFilters;
                const auto channel = walk.depthwise ? filter / (kFilters / kChannels) : tap / taps;
                const auto ky = tap % taps / columns.kernel, kx = tap % columns.kernel;
                const auto iy = window / columns.out() * rows.stride - rows.begin + ky * rows.dilation;
                const auto ix = window % columns.out() * columns.stride - columns.begin + kx * columns.dilation;
                if (iy < 0 || iy >= rows.in || ix < 0 || ix >= columns.in) continue;
                const auto at = ((map / kFilters * kChannels + channel) * rows.in + iy) * columns.in + ix;
                gradient[static_cast<std::size_t>(at)] +=
                    weights.data<float>()[filter * inner * taps + tap] * seed.data<float>()[map * windows + window];
            }
        }
    }
    return gradient;
}

void check(const Walk& walk, bool saved) {
    SCOPED_TRACE(walk.name + (saved ? ", saved and read back" : ""));
    Random random(std::hash<std::string>{}(walk.name));
    const auto weights = integers(weights_of(walk), random);
    const auto x = integers(shape_of(kBatch, kChannels, walk.axes, &Axis::in), random);
    ov::Shape shape{kBatch, kFilters};
    for (const auto& axis : walk.axes) shape.push_back(static_cast<std::size_t>(axis.out()));
    const auto seed = integers(shape, random);
    const auto model = model_of(walk, weights);
    auto made = differentiate(model, {model->input()}, model->get_results()[0]->input_value(0)).model;
    if (saved) made = saved_and_read(made);
    auto compiled = compile(made);
    const auto gradient = run(compiled, {x, seed})[1];
    ASSERT_EQ(gradient.get_shape(), x.get_shape());
    const auto expected = direct_sum(walk, weights, seed);
    for (std::size_t i = 0; i < expected.size(); ++i) ASSERT_EQ(gradient.data<float>()[i], expected[i]) << "at " << i;
}

TEST(DifferentiateConvolutionPads, EveryWalkLeavesARestOrHasUnequalPads) {
    bool rests[2] = {false, false};
    for (const auto& walk : walks()) {
        bool rest = false, unequal = false;
        for (const auto& axis : walk.axes) {
            rest |= axis.rest() > 0;
            unequal |= axis.begin != axis.end;
        }
        EXPECT_TRUE(rest && unequal) << walk.name;
        rests[walk.axes.size() - 1] |= rest;
    }
    EXPECT_TRUE(rests[0] && rests[1]);
}

TEST(DifferentiateConvolutionPads, GradientIsTheDirectSum) {
    for (const auto& walk : walks()) check(walk, false);
}

TEST(DifferentiateConvolutionPads, GradientIsTheDirectSumOnceSaved) {
    for (const auto& walk : walks()) check(walk, true);
}

}  // namespace
}  // namespace pellucid::graph::testing
