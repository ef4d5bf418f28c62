// Grad-CAM's several targets under a budget, a cancelled run, and a network whose tensors have no batch axis.

#include <gtest/gtest.h>

#include <algorithm>

#include "methods/small_models.hpp"
#include "openvino/op/ops.hpp"
#include "pellucid/error.hpp"
#include "pellucid/methods.hpp"

namespace pellucid {
namespace {

namespace op = ov::op;
using testing::load_network;
using testing::sample;
using testing::TemporaryFolder;

std::vector<float> picture() {
    std::vector<float> x(36);
    for (std::size_t at = 0; at < x.size(); ++at) {
        x[at] = static_cast<float>(static_cast<int>(at % 7) - 3);
    }
    return x;
}

std::vector<Explanation> cam_of(const Model& model, const Input& input, const RunOptions& options) {
    Request request;
    request.model = &model;
    request.input = &input;
    request.targets = {Target::index(0), Target::index(1)};
    request.run = options;
    return run(method("grad-cam"), request);
}

/// cam_network with input [1, 6, 6] and output [2].
std::shared_ptr<ov::Model> without_batch_axis() {
    const testing::CamNetwork cam = testing::cam_network();
    const auto constant = [](std::vector<std::int64_t> values) {
        return op::v0::Constant::create(ov::element::i64, ov::Shape{values.size()}, values);
    };
    const auto x = std::make_shared<op::v0::Parameter>(ov::element::f32, ov::PartialShape{1, 6, 6});
    x->set_friendly_name("x");
    x->output(0).set_names({"x"});
    const auto row = std::make_shared<op::v0::Unsqueeze>(x, constant({0}));
    const auto kernel = op::v0::Constant::create(ov::element::f32, ov::Shape{2, 1, 1, 1}, cam.kernel);
    const auto convolution = std::make_shared<op::v1::Convolution>(
        row, kernel, ov::Strides{1, 1}, ov::CoordinateDiff{0, 0}, ov::CoordinateDiff{0, 0}, ov::Strides{1, 1});
    const auto relu = std::make_shared<op::v0::Relu>(convolution);
    const auto mean = std::make_shared<op::v1::ReduceMean>(relu, constant({2, 3}), false);
    const std::vector<float> head{cam.head[0][0], cam.head[0][1], cam.head[1][0], cam.head[1][1]};
    const auto weights = op::v0::Constant::create(ov::element::f32, ov::Shape{2, 2}, head);
    const auto product = std::make_shared<op::v0::MatMul>(mean, weights, false, true);
    const auto answer = std::make_shared<op::v0::Squeeze>(product, constant({0}));
    return std::make_shared<ov::Model>(ov::OutputVector{answer}, ov::ParameterVector{x});
}

class GradCamRuns : public ::testing::Test {
protected:
    const TemporaryFolder folder;
    const Model model = load_network(testing::cam_network().network, folder);
    const Input input = sample({1, 1, 6, 6}, picture());
};

TEST_F(GradCamRuns, ABudgetKeepsTheTargetsThatItPaysFor) {
    RunOptions options;
    options.budget.evaluations = 4;   // 1 to resolve the targets, 2 a target: the second is a half short
    const auto got = cam_of(model, input, options);
    ASSERT_EQ(got.size(), 1U);
    EXPECT_EQ(got.front().target.index, 0);
    EXPECT_EQ(got.front().evaluations.backward, 1);
    EXPECT_TRUE(std::any_of(got.front().notes.begin(), got.front().notes.end(),
                            [](const std::string& note) { return note.find("1 of 2 targets") != std::string::npos; }));
    EXPECT_EQ(got.front().attribution.values()[0], cam_of(model, input, {}).front().attribution.values()[0]);
}

TEST_F(GradCamRuns, WithoutABudgetForOneTargetThereIsNoResult) {
    RunOptions options;
    options.budget.evaluations = 2;
    try {
        (void)cam_of(model, input, options);
        FAIL() << "a map was made";
    } catch (const Error& error) {
        EXPECT_EQ(error.code(), ErrorCode::kBudget);
    }
}

TEST_F(GradCamRuns, CancellingKeepsWhatIsFinishedAndProgressIsTold) {
    RunOptions options;
    std::vector<std::int64_t> told;
    options.progress = [&](const std::string&, std::int64_t done, std::int64_t total) {
        told.push_back(done);
        EXPECT_EQ(total, 2);
        options.cancel.cancel();
    };
    EXPECT_EQ(cam_of(model, input, options).size(), 1U);
    EXPECT_EQ(told, std::vector<std::int64_t>{1});
    try {
        (void)cam_of(model, input, options);
        FAIL() << "a map was made";
    } catch (const Error& error) {
        EXPECT_EQ(error.code(), ErrorCode::kInterrupted);
    }
}

TEST_F(GradCamRuns, OfANetworkWithoutABatchAxisIsTheSame) {
    const auto wanted = cam_of(model, input, {});
    const TemporaryFolder other;
    const Model bare = load_network(without_batch_axis(), other);
    const auto got = cam_of(bare, sample({1, 6, 6}, picture()), {});
    ASSERT_EQ(got.size(), wanted.size());
    for (std::size_t target = 0; target < got.size(); ++target) {
        ASSERT_EQ(got[target].attribution.size(), wanted[target].attribution.size());
        for (std::size_t at = 0; at < got[target].attribution.size(); ++at) {
            // the same arithmetic, but for the order of a sum of 36 small integers
            EXPECT_NEAR(got[target].attribution[at], wanted[target].attribution[at], 1e-6F);
        }
    }
}

}  // namespace
}  // namespace pellucid
