// A network that leaves its picture's height and width open answers as the same network of fixed size does, by every method.

#include <gtest/gtest.h>

#include <fstream>

#include "core/random.hpp"
#include "methods/small_models.hpp"
#include "openvino/core/model.hpp"
#include "openvino/op/constant.hpp"
#include "openvino/op/convolution.hpp"
#include "openvino/op/matmul.hpp"
#include "openvino/op/parameter.hpp"
#include "openvino/op/reduce_mean.hpp"
#include "openvino/op/relu.hpp"
#include "pellucid/methods.hpp"

namespace pellucid {
namespace {

using testing::load_network;
using testing::sample;
using testing::TemporaryFolder;

constexpr int kSide = 6;

std::shared_ptr<ov::op::v0::Constant> constant(const ov::Shape& shape, std::uint64_t stream) {
    core::RandomStream random(11, 0, stream);
    std::vector<float> values(ov::shape_size(shape));
    for (float& value : values) {
        value = static_cast<float>(random.normal());
    }
    return ov::op::v0::Constant::create(ov::element::f32, shape, values);
}

/// [-1, 1, H, W] -> 3x3 convolution to 2 channels -> ReLU -> (dense: the answer) global mean -> 2 classes.
std::shared_ptr<ov::Model> network(std::int64_t side, bool dense) {
    const auto x = std::make_shared<ov::op::v0::Parameter>(ov::element::f32, ov::PartialShape{-1, 1, side, side});
    x->set_friendly_name("x");
    x->output(0).set_names({"x"});
    const ov::CoordinateDiff pad{1, 1};
    const auto convolution = std::make_shared<ov::op::v1::Convolution>(x, constant({2, 1, 3, 3}, 0), ov::Strides{1, 1},
                                                                       pad, pad, ov::Strides{1, 1});
    const auto relu = std::make_shared<ov::op::v0::Relu>(convolution);
    relu->set_friendly_name("features");
    ov::Output<ov::Node> y = relu;
    if (!dense) {
        const auto axes = ov::op::v0::Constant::create(ov::element::i64, ov::Shape{2}, {2, 3});
        const auto mean = std::make_shared<ov::op::v1::ReduceMean>(relu, axes, false);
        y = std::make_shared<ov::op::v0::MatMul>(mean, constant({2, 2}, 1), false, true);
    }
    y.get_node()->output(0).set_names({"y"});
    return std::make_shared<ov::Model>(ov::OutputVector{y}, ov::ParameterVector{x}, "open");
}

class OpenSizes : public ::testing::Test {
protected:
    OpenSizes() {
        std::ofstream(folder.path() / "model.card.json")
            << R"({"inputs": [{"name": "x", "modality": "image", "layout": "NCHW", "color": "gray"}]})";
        core::RandomStream random(12, 0, 0);
        std::vector<float> values;
        Image picture{kSide, kSide, 1, {}};
        for (int at = 0; at < kSide * kSide; ++at) {
            picture.pixels.push_back(static_cast<std::uint8_t>(random.below(256)));
            values.push_back(static_cast<float>(picture.pixels.back()) / 255.0F);
        }
        input = sample({1, 1, kSide, kSide}, values);
        input.model_picture = picture;
    }
    void expect_same(const MethodRow& row, bool dense, const std::vector<Target>& targets,
                     const std::map<std::string, std::string>& options) const {
        SCOPED_TRACE(row.name);
        const Model open = load_network(network(-1, dense), folder);
        const Model fixed = load_network(network(kSide, dense), folder);
        Request request;
        request.input = &input;
        request.targets = targets;
        request.score = Score::kLogit;
        request.options = options;
        request.model = &fixed;
        const auto expected = run(row, request);
        request.model = &open;
        const auto got = run(row, request);
        ASSERT_EQ(got.size(), expected.size());
        for (std::size_t target = 0; target < got.size(); ++target) {
            const Array& values = got[target].attribution;
            ASSERT_EQ(values.shape(), expected[target].attribution.shape());
            double most = 0.0;
            for (const float value : expected[target].attribution.values()) {
                most = std::max(most, std::abs(double{value}));
            }
            EXPECT_GT(most, 0.0);
            for (std::size_t at = 0; at < values.size(); ++at) {
                // One engine, perhaps other kernels: float32 sums in another order.
                EXPECT_NEAR(double{values[at]}, double{expected[target].attribution[at]}, 2e-5 * most) << at;
            }
        }
    }

    const TemporaryFolder folder;
    Input input;
};

TEST_F(OpenSizes, OfAPictureGiveEveryMethodsValues) {
    const std::map<std::string, std::map<std::string, std::string>> options{
        {"lime", {{"superpixels", "grid"}, {"grid", "3"}, {"num_samples", "40"}}},
        {"smoothgrad", {{"num_samples", "7"}}},
        {"grad-cam", {{"relu", "false"}}}};
    EXPECT_EQ(methods().size(), 7U) << "a method is not tested here";
    for (const MethodRow& row : methods()) {
        const auto given = options.find(std::string(row.name));
        expect_same(row, false, {Target::index(0), Target::index(1)},
                    given == options.end() ? std::map<std::string, std::string>{} : given->second);
    }
}

TEST_F(OpenSizes, OfADenseAnswerAreItsSeeds) {
    for (const char* const name : {"saliency", "integrated-gradients", "occlusion"}) {
        expect_same(method(name), true, Target::parse("y[0,1,:,:].sum"), {});
    }
}

}  // namespace
}  // namespace pellucid
