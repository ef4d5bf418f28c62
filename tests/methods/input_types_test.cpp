// Inputs of other types than float32: of a network linear in its inputs, occlusion by windows of one value is w (x - fill),
// and integrated gradients are w (x - baseline) for inputs that a path can lead through.

#include <gtest/gtest.h>

#include <fstream>

#include "methods/small_models.hpp"
#include "openvino/core/model.hpp"
#include "openvino/op/add.hpp"
#include "openvino/op/constant.hpp"
#include "openvino/op/convert.hpp"
#include "openvino/op/matmul.hpp"
#include "openvino/op/parameter.hpp"
#include "openvino/op/reshape.hpp"
#include "pellucid/error.hpp"
#include "pellucid/methods.hpp"

namespace pellucid {
namespace {

using testing::load_network;
using testing::TemporaryFolder;

struct TypedInput {
    std::string name;
    ov::element::Type type;
    Shape shape;  ///< the batch axis left out
    std::vector<float> weights;
};

/// y = the sum over all inputs of <weights, x>.
std::shared_ptr<ov::Model> typed_network(const std::vector<TypedInput>& inputs) {
    ov::ParameterVector parameters;
    ov::Output<ov::Node> sum;
    for (const TypedInput& input : inputs) {
        ov::PartialShape whole{-1};
        for (const std::int64_t extent : input.shape) {
            whole.push_back(extent);
        }
        const auto parameter = std::make_shared<ov::op::v0::Parameter>(input.type, whole);
        parameter->set_friendly_name(input.name);
        parameter->output(0).set_names({input.name});
        parameters.push_back(parameter);
        const auto floats = std::make_shared<ov::op::v0::Convert>(parameter, ov::element::f32);
        const auto rows = ov::op::v0::Constant::create(ov::element::i64, ov::Shape{2}, {0, -1});
        const auto flat = std::make_shared<ov::op::v1::Reshape>(floats, rows, true);
        const auto weights =
            ov::op::v0::Constant::create(ov::element::f32, ov::Shape{1, input.weights.size()}, input.weights);
        const ov::Output<ov::Node> product = std::make_shared<ov::op::v0::MatMul>(flat, weights, false, true);
        sum = sum.get_node() == nullptr ? product : std::make_shared<ov::op::v1::Add>(sum, product);
    }
    sum.get_node()->output(0).set_names({"y"});
    return std::make_shared<ov::Model>(ov::OutputVector{sum}, parameters, "typed");
}

const std::vector<float> kWeights{1.0F, -2.0F, 0.5F, 4.0F};

class InputTypes : public ::testing::Test {
protected:
    void given(const std::vector<TypedInput>& inputs, const std::vector<std::vector<float>>& x) {
        model.emplace(load_network(typed_network(inputs), folder));
        for (std::size_t at = 0; at < inputs.size(); ++at) {
            Shape whole = inputs[at].shape;
            whole.insert(whole.begin(), 1);
            input.tensors.emplace(inputs[at].name, Array(whole, x[at]));
        }
        input.source = "sample.npz";
    }
    [[nodiscard]] Explanation explain(const char* name, std::map<std::string, std::string> options) const {
        Request request;
        request.model = &*model;
        request.input = &input;
        request.targets = {Target::index(0)};
        request.score = Score::kLogit;
        request.options = std::move(options);
        return run(method(name), request).front();
    }
    [[nodiscard]] Explanation occlude(const std::string& fill) const {
        return explain("occlusion", {{"window", "1"}, {"stride", "1"}, {"fill", fill}});
    }
    /// w (x - absent)
    static void expect_linear(const Array& got, const std::vector<float>& x, double absent) {
        ASSERT_EQ(got.size(), x.size());
        for (std::size_t at = 0; at < x.size(); ++at) {
            // Sums of products up to 1000, in float32 in the network; the path's map rounds slopes by some 1e-7.
            EXPECT_NEAR(double{got[at]}, double{kWeights[at]} * (double{x[at]} - absent), 1e-3) << at;
        }
    }
    static bool says(const Explanation& explanation, const std::string& words) {
        for (const std::string& note : explanation.notes) {
            if (note.find(words) != std::string::npos) {
                return true;
            }
        }
        return false;
    }
    void expect_refused(const std::string& fill, const std::string& words) const {
        try {
            static_cast<void>(occlude(fill));
            ADD_FAILURE() << fill;
        } catch (const Error& error) {
            EXPECT_EQ(error.code(), ErrorCode::kUnsupported);
            EXPECT_NE(std::string(error.what()).find(words), std::string::npos) << error.what();
        }
    }

    const TemporaryFolder folder;
    std::optional<Model> model;
    Input input;
};

TEST_F(InputTypes, DoublesHaveABaseline) {
    const std::vector<float> x{0.5F, -1.0F, 2.0F, 4.0F};
    given({{"x", ov::element::f64, {4}, kWeights}}, {x});
    for (const double absent : {0.0, 1.5}) {
        const std::string spec = absent == 0.0 ? "zero" : "1.5";
        expect_linear(occlude(spec).attribution, x, absent);
        const Explanation path = explain("integrated-gradients", {{"baseline", spec}});
        expect_linear(path.attribution, x, absent);
        EXPECT_LT(path.completeness->error, 1e-5);
        EXPECT_FALSE(says(path, "held as given"));
    }
    expect_refused("1e300", "'x', which is f64");
}

TEST_F(InputTypes, WholeNumbersAreCovered) {
    const std::vector<float> x{7, 0, -3, 250};
    given({{"x", ov::element::i64, {4}, kWeights}}, {x});
    expect_linear(occlude("zero").attribution, x, 0.0);
    const Explanation rounded = occlude("2.6");
    expect_linear(rounded.attribution, x, 3.0);
    EXPECT_NE(rounded.baseline.find("rounded to whole numbers"), std::string::npos) << rounded.baseline;
    EXPECT_EQ(occlude("3").baseline.find("rounded"), std::string::npos);
    expect_refused("16777217", "'x', which is i64");  // rows are float32, which holds 2^24 and not 2^24 + 1
}

TEST_F(InputTypes, BooleansAreCovered) {
    const std::vector<float> x{1, 0, 1, 1};
    given({{"x", ov::element::boolean, {4}, kWeights}}, {x});
    expect_linear(occlude("zero").attribution, x, 0.0);
    expect_linear(occlude("1").attribution, x, 1.0);
    expect_refused("2", "takes 0 to 1");
}

TEST_F(InputTypes, APictureOfBytesIsCoveredByAColour) {
    std::ofstream(folder.path() / "model.card.json")
        << R"({"inputs": [{"name": "x", "modality": "image", "layout": "NHWC", "divide_by": 1}]})";
    // Two rows of three pixels of three channels.
    std::vector<float> weights, x;
    Image picture{3, 2, 3, {}};
    for (int at = 0; at < 18; ++at) {
        weights.push_back(0.25F * static_cast<float>(at - 7));
        x.push_back(static_cast<float>(13 * at));
        picture.pixels.push_back(static_cast<std::uint8_t>(13 * at));
    }
    given({{"x", ov::element::u8, {2, 3, 3}, weights}}, {x});
    input.model_picture = picture;
    for (const auto& [fill, colour] : std::map<std::string, double>{{"zero", 0}, {"white", 255}, {"100", 100}}) {
        const Array got = occlude(fill).attribution;
        ASSERT_EQ(got.shape(), (Shape{1, 2, 3, 3}));
        for (std::size_t pixel = 0; pixel < 6; ++pixel) {
            double expected = 0.0;  // a window is a pixel, all of its channels
            for (std::size_t at = 3 * pixel; at < 3 * pixel + 3; ++at) {
                expected += double{weights[at]} * (double{x[at]} - colour);
            }
            for (std::size_t channel = 0; channel < 3; ++channel) {
                // differences of scores up to some thousand, rounded to float32
                EXPECT_NEAR(double{got[3 * pixel + channel]}, expected, 2e-3) << fill << ", pixel " << pixel;
            }
        }
    }
    expect_refused("300", "takes 0 to 255");
    expect_refused("-1", "takes 0 to 255");
}

TEST_F(InputTypes, WholeNumbersBesideFloatsAreHeldOnThePath) {
    const std::vector<float> ids{3, 1, 2, 5}, x{0.5F, -1.0F, 2.0F, 4.0F};
    given({{"ids", ov::element::i64, {4}, kWeights}, {"x", ov::element::f32, {4}, kWeights}}, {ids, x});
    const Explanation got = explain("integrated-gradients", {{"baseline", "1.5"}});
    expect_linear(got.attribution, x, 1.5);
    EXPECT_TRUE(got.further_inputs.empty());
    double at_baseline = 0.0;
    for (std::size_t at = 0; at < ids.size(); ++at) {
        at_baseline += double{kWeights[at]} * (double{ids[at]} + 1.5);
    }
    EXPECT_NEAR(got.f_baseline.value(), at_baseline, 1e-4);  // of 20 or so, in float32
    EXPECT_LT(got.completeness->error, 1e-5);
    EXPECT_TRUE(says(got, "held as given: 'ids' (i64)"));
    expect_linear(occlude("zero").attribution, ids, 0.0);  // of the first input
}

TEST_F(InputTypes, AFillLikeTheInputIsSaid) {
    given({{"x", ov::element::u8, {4}, kWeights}}, {{7, 7, 7, 7}});
    EXPECT_TRUE(says(occlude("7"), "the fill equals the input"));
    EXPECT_FALSE(says(occlude("8"), "the fill equals the input"));
}

}  // namespace
}  // namespace pellucid
