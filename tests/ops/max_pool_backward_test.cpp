// Max-pool backward: the kernel against its plain twin bit by bit, and the op against its decomposition.
#include <gtest/gtest.h>

#include <cstring>
#include <random>

#include "openvino/openvino.hpp"
#include "openvino/opsets/opset16.hpp"
#include "ops/max_pool_backward/kernel.hpp"
#include "ops/max_pool_backward/max_pool_backward.hpp"
#include "ops/register.hpp"

namespace pellucid::ops {
namespace {

namespace op = ov::op;

/// Small integers: many ties, and sums that are exact in any order.
std::vector<float> integers(std::size_t count, std::uint32_t seed) {
    std::mt19937 engine(seed);
    std::vector<float> values(count);
    for (auto& value : values) value = static_cast<float>(static_cast<int>(engine() % 17U) - 8);
    return values;
}

/// Values whose sums depend on their order.
std::vector<float> reals(std::size_t count, std::uint32_t seed) {
    std::mt19937 engine(seed);
    std::vector<float> values(count);
    for (auto& value : values) value = static_cast<float>(engine()) / 4294967296.0F - 0.5F;
    return values;
}

PoolGeometry::Axis axis(std::int64_t in, std::int64_t kernel, std::int64_t stride, std::int64_t dilation,
                        std::int64_t pad) {
    const auto out = (in + 2 * pad - dilation * (kernel - 1) - 1) / stride + 1;
    return {in, std::max<std::int64_t>(out, 0), kernel, stride, dilation, pad};
}

void expect_same_bits(const PoolGeometry& pool, const std::string& what) {
    const auto in = pool.planes * static_cast<std::size_t>(pool.in_size());
    const auto out = pool.planes * static_cast<std::size_t>(pool.out_size());
    for (const bool exact : {true, false}) {
        const auto x = exact ? integers(in, 1) : reals(in, 1);
        const auto g = exact ? integers(out, 2) : reals(out, 2);
        std::vector<float> expected(in, -1.0F), actual(in, -2.0F);
        max_pool_backward_reference(pool, x.data(), g.data(), expected.data());
        max_pool_backward(pool, x.data(), g.data(), actual.data());
        EXPECT_EQ(std::memcmp(expected.data(), actual.data(), in * sizeof(float)), 0) << what;
    }
}

TEST(MaxPoolBackwardKernel, HasTheReferencesBitsAtEverySizeOfTail) {
    for (const std::int64_t width : {1, 3, 7, 8, 9, 15, 16, 17, 31, 33, 64}) {
        for (const std::int64_t stride : {1, 2, 3}) {
            for (const std::int64_t kernel : {1, 2, 3, 5}) {
                for (const std::int64_t pad : {0, 1, 2}) {
                    if (2 * pad > kernel || width + 2 * pad < kernel) continue;
                    PoolGeometry pool;
                    pool.planes = 3;
                    pool.axis = {axis(1, 1, 1, 1, 0), axis(9, 3, 2, 1, 1), axis(width, kernel, stride, 1, pad)};
                    expect_same_bits(pool, "width " + std::to_string(width) + ", stride " + std::to_string(stride) +
                                               ", kernel " + std::to_string(kernel) + ", pad " + std::to_string(pad));
                }
            }
        }
    }
}

TEST(MaxPoolBackwardKernel, HasTheReferencesBitsInThreeDimensionsAndDilated) {
    for (const std::int64_t dilation : {1, 2, 3}) {
        PoolGeometry pool;
        pool.planes = 2;
        pool.axis = {axis(6, 2, 2, dilation, 1), axis(11, 3, 1, dilation, 1), axis(33, 3, 2, dilation, 1)};
        expect_same_bits(pool, "dilation " + std::to_string(dilation));
    }
}

TEST(MaxPoolBackwardKernel, FirstOfEqualElementsTakesAll) {
    PoolGeometry pool;
    pool.planes = 1;
    pool.axis = {axis(1, 1, 1, 1, 0), axis(2, 2, 2, 1, 0), axis(4, 2, 2, 1, 0)};
    const std::vector<float> x{1, 1, 0, 2, 1, 1, 2, 2}, g{5, 7};
    std::vector<float> out(8);
    max_pool_backward(pool, x.data(), g.data(), out.data());
    EXPECT_EQ(out, (std::vector<float>{5, 0, 0, 7, 0, 0, 0, 0}));
}

struct Shape {
    std::string name;
    ov::Shape data;
    MaxPoolWindow window;
};

std::vector<Shape> shapes() {
    using op::PadType;
    using op::RoundingType;
    return {
        {"1d", {2, 3, 17}, {{3}, {2}, {1}, {1}, {0}}},
        {"2d", {2, 3, 9, 17}, {{2, 2}, {2, 2}, {1, 1}, {0, 0}, {0, 0}}},
        {"2d overlapping, padded", {2, 3, 15, 16}, {{3, 3}, {2, 2}, {1, 1}, {1, 1}, {1, 1}}},
        {"2d dilated", {1, 2, 15, 33}, {{3, 3}, {1, 2}, {2, 3}, {1, 0}, {0, 2}}},
        {"2d rounded up", {1, 2, 8, 8}, {{3, 3}, {2, 2}, {1, 1}, {0, 0}, {0, 0}, RoundingType::CEIL}},
        {"2d same upper",
         {1, 2, 8, 7},
         {{3, 2}, {2, 2}, {1, 1}, {0, 0}, {0, 0}, RoundingType::FLOOR, PadType::SAME_UPPER}},
        {"2d same lower",
         {1, 2, 8, 7},
         {{3, 2}, {2, 2}, {1, 1}, {0, 0}, {0, 0}, RoundingType::FLOOR, PadType::SAME_LOWER}},
        {"2d valid", {1, 2, 8, 7}, {{3, 2}, {2, 2}, {1, 1}, {1, 1}, {1, 1}, RoundingType::FLOOR, PadType::VALID}},
        {"3d", {2, 2, 5, 6, 9}, {{2, 3, 2}, {2, 2, 2}, {1, 1, 1}, {0, 1, 0}, {0, 1, 0}}},
    };
}

/// x and the pooled tensor's cotangent to the gradient; sizes unknown when built if `dynamic`.
std::shared_ptr<ov::Model> model_of(const Shape& shape, bool dynamic) {
    const auto extents =
        dynamic ? ov::PartialShape(std::vector<ov::Dimension>(shape.data.size(), -1)) : ov::PartialShape(shape.data);
    const auto x = std::make_shared<op::v0::Parameter>(ov::element::f32, extents);
    const auto& w = shape.window;
    const auto pooled = std::make_shared<op::v14::MaxPool>(x, w.strides, w.dilations, w.pads_begin, w.pads_end,
                                                           w.kernel, w.rounding, w.auto_pad);
    const auto g = std::make_shared<op::v0::Parameter>(ov::element::f32, pooled->get_output_partial_shape(0));
    const auto back = std::make_shared<MaxPoolBackward>(x, g, w);
    back->set_friendly_name("back");
    return std::make_shared<ov::Model>(ov::OutputVector{back, pooled->output(0)}, ov::ParameterVector{x, g});
}

ov::Core& core() {
    static ov::Core made = [] {
        ov::Core fresh;
        fresh.add_extension(extensions());
        return fresh;
    }();
    return made;
}

ov::Tensor tensor(const ov::Shape& shape, const std::vector<float>& values) {
    ov::Tensor made(ov::element::f32, shape);
    std::copy(values.begin(), values.end(), made.data<float>());
    return made;
}

/// The gradient for integer-valued data.
std::vector<float> answer(const std::shared_ptr<ov::Model>& model, const Shape& shape, const ov::Shape& pooled) {
    auto request =
        core().compile_model(model, "CPU", ov::hint::inference_precision(ov::element::f32)).create_infer_request();
    request.set_input_tensor(0, tensor(shape.data, integers(ov::shape_size(shape.data), 3)));
    request.set_input_tensor(1, tensor(pooled, integers(ov::shape_size(pooled), 4)));
    request.infer();
    const auto out = request.get_output_tensor(0);
    EXPECT_EQ(out.get_shape(), shape.data) << shape.name;
    return {out.data<float>(), out.data<float>() + out.get_size()};
}

TEST(MaxPoolBackward, EqualsItsDecomposition) {
    for (const auto& shape : shapes()) {
        const auto pooled = model_of(shape, false)->output(1).get_shape();
        const auto expected = [&] {
            const auto standard = model_of(shape, false);
            decompose(standard);
            for (const auto& node : standard->get_ops()) EXPECT_FALSE(ov::is_type<MaxPoolBackward>(node));
            return answer(standard, shape, pooled);
        }();
        EXPECT_EQ(answer(model_of(shape, false), shape, pooled), expected) << shape.name;
        EXPECT_EQ(answer(model_of(shape, true), shape, pooled), expected) << shape.name << ", sizes unknown";
        // With sizes unknown the engine's own MaxPool does not work out SAME_LOWER's pads.
        if (shape.window.auto_pad == op::PadType::SAME_LOWER) continue;
        const auto standard = model_of(shape, true);
        decompose(standard);
        EXPECT_EQ(answer(standard, shape, pooled), expected) << shape.name << ", decomposed, sizes unknown";
    }
}

/// Every attribute travels through a saved model: each changed alone changes what is written.
TEST(MaxPoolBackward, VisitsEveryAttribute) {
    const MaxPoolWindow window{{3, 3}, {2, 2}, {1, 1}, {1, 1}, {1, 1}};
    std::vector<MaxPoolWindow> others(7, window);
    others[0].kernel = {3, 2};
    others[1].strides = {2, 1};
    others[2].dilations = {1, 2};
    others[3].pads_begin = {1, 0};
    others[4].pads_end = {0, 1};
    others[5].rounding = op::RoundingType::CEIL;
    others[6].auto_pad = op::PadType::SAME_LOWER;
    const auto written = [](const MaxPoolWindow& w) {
        const auto x = std::make_shared<op::v0::Parameter>(ov::element::f32, ov::PartialShape{1, 2, 9, 9});
        const auto g = std::make_shared<op::v0::Parameter>(ov::element::f32, ov::PartialShape{1, 2, -1, -1});
        for (const auto& node : {x, g}) node->set_friendly_name(node == x ? "x" : "g");
        const auto back = std::make_shared<MaxPoolBackward>(x, g, w);
        back->set_friendly_name("back");
        const auto result = std::make_shared<op::v0::Result>(back);
        result->set_friendly_name("result");
        const auto model = std::make_shared<ov::Model>(ov::ResultVector{result}, ov::ParameterVector{x, g}, "model");
        std::stringstream xml, bin;
        ov::pass::Serialize(xml, bin).run_on_model(model);
        return xml.str();
    };
    const auto base = written(window);
    EXPECT_EQ(written(window), base);
    for (std::size_t i = 0; i < others.size(); ++i) EXPECT_NE(written(others[i]), base) << "attribute " << i;
}

TEST(MaxPoolBackward, SavedAndReadBackAnswersTheSame) {
    const auto shape = shapes()[3];
    const auto model = model_of(shape, false);
    std::stringstream xml, bin;
    ov::pass::Serialize(xml, bin).run_on_model(model);
    const auto bytes = bin.str();
    ov::Tensor weights(ov::element::u8, ov::Shape{bytes.size()});
    std::memcpy(weights.data(), bytes.data(), bytes.size());
    const auto pooled = model->output(1).get_shape();
    EXPECT_EQ(answer(core().read_model(xml.str(), weights), shape, pooled), answer(model, shape, pooled));
}

}  // namespace
}  // namespace pellucid::ops
