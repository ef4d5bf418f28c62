#include "engine/selfcheck.hpp"

#include <gtest/gtest.h>

#include "engine/nets.hpp"
#include "engine/rows.hpp"
#include "openvino/opsets/opset16.hpp"
#include "pellucid/error.hpp"

namespace {

namespace op = ov::opset16;
using namespace pellucid;
using namespace pellucid::engine;

/// f(x) = (x W)^2 / 2 per class, seed, and its gradient written by hand, times `scale` plus `missing`.
struct Fault {
    float scale = 1.0F;
    std::int64_t classes_kept = 4;   ///< of 4: the gradient of the others is left out
};

std::shared_ptr<ov::Model> score_and_gradient(const Fault& fault) {
    const auto x = nets::rows("x", {30});
    const auto seed = nets::rows("seed", {4});
    const auto w = op::Constant::create(ov::element::f32, {30, 4}, nets::values(120, 8));
    const auto hidden = std::make_shared<op::MatMul>(x, w);
    const auto half = op::Constant::create(ov::element::f32, {1}, {0.5F});
    const auto score = std::make_shared<op::Multiply>(std::make_shared<op::Multiply>(hidden, hidden), half);
    std::vector<float> kept(4, 0.0F);
    std::fill_n(kept.begin(), fault.classes_kept, fault.scale);
    const auto mask = op::Constant::create(ov::element::f32, {1, 4}, kept);
    const auto flow = std::make_shared<op::Multiply>(std::make_shared<op::Multiply>(hidden, seed), mask);
    const auto gradient = std::make_shared<op::MatMul>(flow, w, false, true);
    return nets::named({score, gradient}, {x, seed});
}

DirectionalCheck check(const Fault& fault, float seed_value = 1.0F) {
    const auto session = Session::compile(score_and_gradient(fault), nets::uncached());
    const Array x({1, 30}, nets::values(30, 2));
    return check_gradient(*session, {x, Array({1, 4}, std::vector<float>(4, seed_value))}, {0});
}

TEST(SelfCheck, PassesARightGradient) {
    const DirectionalCheck result = check({});
    EXPECT_TRUE(result.conclusive);
    EXPECT_LT(result.disagreement, 0.01);
    EXPECT_NE(result.note.find("%"), std::string::npos);
}

TEST(SelfCheck, StopsAWrongScaleSignOrAMissingPart) {
    for (const Fault& fault : {Fault{1.2F, 4}, Fault{0.8F, 4}, Fault{-1.0F, 4}, Fault{1.0F, 2}, Fault{0.0F, 4}}) {
        try {
            check(fault);
            ADD_FAILURE() << "passed: scale " << fault.scale << ", " << fault.classes_kept << " classes";
        } catch (const Error& error) {
            EXPECT_EQ(error.code(), ErrorCode::kInternal);
            EXPECT_NE(std::string(error.what()).find("%"), std::string::npos);
        }
    }
}

TEST(SelfCheck, SaysWhenNothingMoves) {
    const DirectionalCheck result = check({}, 0.0F);
    EXPECT_FALSE(result.conclusive);
    EXPECT_NE(result.note.find("could not be checked"), std::string::npos);
}

/// A thousand scores far from zero, waves that a step of 1e-2 is too wide for. Each score rounds for itself: taken at its
/// worst, the sum of all their rounding would leave nothing but such steps.
TEST(SelfCheck, ReadsASumOverManyScoresAtStepsThatFitTheFunction) {
    constexpr std::size_t kScores = 1000;
    const auto x = nets::rows("x", {30});
    const auto seed = nets::rows("seed", {kScores});
    const auto w = op::Constant::create(ov::element::f32, {30, kScores}, nets::values(30 * kScores, 8));
    const auto rate = op::Constant::create(ov::element::f32, {1}, {60.0F});
    const auto offset = op::Constant::create(ov::element::f32, {1}, {1200.0F});
    const auto phase = std::make_shared<op::Multiply>(std::make_shared<op::MatMul>(x, w), rate);
    const auto score = std::make_shared<op::Add>(std::make_shared<op::Sin>(phase), offset);
    const auto slope = std::make_shared<op::Multiply>(std::make_shared<op::Cos>(phase), rate);
    const auto gradient = std::make_shared<op::MatMul>(std::make_shared<op::Multiply>(slope, seed), w, false, true);
    const auto session = Session::compile(nets::named({score, gradient}, {x, seed}), nets::uncached());
    std::vector<float> signs(kScores);
    for (std::size_t at = 0; at < kScores; ++at) signs[at] = at % 2 == 0 ? 1.0F : -1.0F;
    const DirectionalCheck result =
        check_gradient(*session, {Array({1, 30}, nets::values(30, 2)), Array({1, kScores}, signs)}, {0});
    EXPECT_TRUE(result.conclusive) << result.note;
    EXPECT_LT(result.disagreement, 0.02) << result.note;
    EXPECT_LT(result.step, 1e-2);
}

TEST(SelfCheck, ChecksALayerThatAllLeadsThrough) {
    for (const float scale : {1.0F, 1.3F}) {
        const auto x = nets::rows("x", {30});
        const auto seed = nets::rows("seed", {4});
        const auto first = op::Constant::create(ov::element::f32, {30, 20}, nets::values(600, 8));
        const auto second = op::Constant::create(ov::element::f32, {20, 4}, nets::values(80, 9));
        const auto factor = op::Constant::create(ov::element::f32, {1}, {scale});
        const auto layer = std::make_shared<op::Tanh>(std::make_shared<op::MatMul>(x, first));
        const auto score = std::make_shared<op::MatMul>(layer, second);
        const auto gradient =
            std::make_shared<op::Multiply>(std::make_shared<op::MatMul>(seed, second, false, true), factor);
        const auto session = Session::compile(nets::named({score, layer, gradient}, {x, seed}), nets::uncached());
        const std::vector<Array> inputs{Array({1, 30}, nets::values(30, 2)), Array({1, 4}, {1, 0, 0, -1})};
        if (scale == 1.0F) {
            EXPECT_LT(check_gradient(*session, inputs, {0}, GradientOf::kActivation).disagreement, 0.01);
        } else {
            EXPECT_THROW((void)check_gradient(*session, inputs, {0}, GradientOf::kActivation), Error);
        }
    }
}

}  // namespace
