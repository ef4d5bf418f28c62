// Logits found behind a last activation whatever moves or picks its values; probabilities known where there are none.

#include <gtest/gtest.h>

#include <cmath>

#include "model/nets.hpp"
#include "model/network.hpp"
#include "model/score.hpp"
#include "openvino/op/concat.hpp"
#include "openvino/op/constant.hpp"
#include "openvino/op/gather.hpp"
#include "openvino/op/interpolate.hpp"
#include "openvino/op/log.hpp"
#include "openvino/op/log_softmax.hpp"
#include "openvino/op/relu.hpp"
#include "openvino/op/reshape.hpp"
#include "openvino/op/sigmoid.hpp"
#include "openvino/op/slice.hpp"
#include "openvino/op/softmax.hpp"
#include "openvino/op/split.hpp"
#include "openvino/op/squeeze.hpp"
#include "openvino/op/strided_slice.hpp"
#include "openvino/op/subtract.hpp"
#include "openvino/op/transpose.hpp"
#include "openvino/op/unsqueeze.hpp"
#include "openvino/op/variadic_split.hpp"
#include "pellucid/error.hpp"

namespace pellucid {
namespace {

namespace op = ov::op;
using Value = ov::Output<ov::Node>;

/// Two float passes over a dozen terms of size one: rounding stays below this.
constexpr double kRounding = 3e-6;
const std::vector<float> kX{0.3F, -0.8F, 0.5F, 0.9F};

Value integers(const std::vector<std::int64_t>& values) {
    return op::v0::Constant::create(ov::element::i64, {values.size()}, values);
}
Value integer(std::int64_t value) { return op::v0::Constant::create(ov::element::i64, {}, {value}); }
Value softmax(const Value& z) { return std::make_shared<op::v8::Softmax>(z, 1); }
Value sigmoid(const Value& z) { return std::make_shared<op::v0::Sigmoid>(z); }
Value reshaped(const Value& x, const std::vector<std::int64_t>& to) {
    return std::make_shared<op::v1::Reshape>(x, integers(to), true);
}
Value transposed(const Value& x, const std::vector<std::int64_t>& order) {
    return std::make_shared<op::v1::Transpose>(x, integers(order));
}
Value gathered(const Value& x, const std::vector<std::int64_t>& which) {
    return std::make_shared<op::v8::Gather>(x, integers(which), integer(1));
}
Value without_background(const Value& x) {
    return std::make_shared<op::v8::Slice>(x, integers({1}), integers({INT64_MAX}), integers({1}), integers({1}));
}
Value without_last(const Value& x) {
    const std::vector<std::int64_t> first_axis{1, 0};
    return std::make_shared<op::v1::StridedSlice>(x, integers({0, 0}), integers({0, -1}), first_axis, first_axis);
}
Value concat(const Value& a, const Value& b) { return std::make_shared<op::v0::Concat>(ov::OutputVector{a, b}, 1); }
Value one_less(const Value& p) {
    return std::make_shared<op::v1::Subtract>(op::v0::Constant::create(ov::element::f32, {}, {1.0F}), p);
}

/// A head over four logits, and which logit each of its outputs is.
struct Head {
    const char* name;
    nets::Linear::Head make;
    std::vector<std::size_t> of;
    bool sigmoid = false;
};
void PrintTo(const Head& head, std::ostream* out) { *out << head.name; }

const std::vector<Head>& heads() {
    static const std::vector<Head> all{
        {"slice", [](const Value& z) { return without_background(softmax(z)); }, {1, 2, 3}},
        {"strided", [](const Value& z) { return without_last(softmax(z)); }, {0, 1, 2}},
        {"gather", [](const Value& z) { return gathered(softmax(z), {2, 0, 3}); }, {2, 0, 3}},
        {"split",
         [](const Value& z) { return std::make_shared<op::v1::Split>(softmax(z), integer(1), 2)->output(1); },
         {2, 3}},
        {"variadic",
         [](const Value& z) {
             return std::make_shared<op::v1::VariadicSplit>(softmax(z), integer(1), integers({1, 3}))->output(1);
         },
         {1, 2, 3}},
        {"transposed",
         [](const Value& z) { return reshaped(transposed(reshaped(softmax(z), {0, 2, 2}), {0, 2, 1}), {0, 4}); },
         {0, 2, 1, 3}},
        {"raised",
         [](const Value& z) -> Value {
             const auto raised = std::make_shared<op::v0::Unsqueeze>(softmax(z), integers({2, 3}));
             return std::make_shared<op::v0::Squeeze>(without_background(raised), integers({2, 3}));
         },
         {1, 2, 3}},
        {"logs", [](const Value& z) { return gathered(std::make_shared<op::v5::LogSoftmax>(z, -1), {3, 1}); }, {3, 1}},
        {"log-of-gather",
         [](const Value& z) { return Value(std::make_shared<op::v0::Log>(gathered(softmax(z), {3, 1}))); },
         {3, 1}},
        {"sigmoid", [](const Value& z) { return without_background(sigmoid(z)); }, {1, 2, 3}, true},
        {"two-slices", [](const Value& z) { return without_last(without_background(softmax(z))); }, {1, 2}},
    };
    return all;
}

double score_of(const Head& head, Score score, const std::vector<double>& z, std::size_t k) {
    const double logit = z[head.of[k]];
    double sum = 0.0;
    for (const double each : z) sum += std::exp(each);
    const double log_share = head.sigmoid ? -std::log1p(std::exp(-logit)) : logit - std::log(sum);
    return score == Score::kLogit ? logit : score == Score::kProbability ? std::exp(log_share) : log_share;
}

class Heads : public ::testing::TestWithParam<Head> {};

TEST_P(Heads, ScoresAreThoseOfTheRightLogits) {
    const Head& head = GetParam();
    const nets::Folder folder;
    const nets::Linear net = nets::linear(4, 4, 7);
    const Model model = nets::load(folder.save(net.model(head.make), "net"));
    const Input input = nets::sample({1, 4}, kX);
    const std::vector<double> z = net.logits(kX);
    EXPECT_EQ(model.card().outputs[0].class_axis, 1);
    for (const Score score : {Score::kLogit, Score::kProbability, Score::kLogProbability}) {
        for (std::size_t k = 0; k < head.of.size(); ++k) {
            std::vector<std::string> notes;
            const auto target =
                model::resolve(model, input, {{Target::index(static_cast<std::int64_t>(k))}, score, score}, notes)
                    .front();
            EXPECT_EQ(target.tensor.score, score);
            EXPECT_NEAR(target.explained.score, score_of(head, score, z, k), kRounding) << name_of(score) << k;
            const auto session = model::gradient_session(model, target.tensor, "input", input);
            const Shape seed{1, static_cast<std::int64_t>(head.of.size())};
            const auto got = session.session->run_one({input.tensors.at("x"), target.weights.reshaped(seed)});
            EXPECT_NEAR(target.value(got[0].values()), score_of(head, score, z, k), kRounding);
            for (std::size_t i = 0; i < kX.size(); ++i) {   // central differences of the definition, in double
                const double step = 1e-3;
                std::vector<double> above = z, below = z;
                for (std::size_t c = 0; c < z.size(); ++c) {
                    above[c] += step * double{net.weights[i * 4 + c]};
                    below[c] -= step * double{net.weights[i * 4 + c]};
                }
                const double slope = (score_of(head, score, above, k) - score_of(head, score, below, k)) / (2 * step);
                EXPECT_NEAR(double{got[1][i]}, slope, kRounding) << name_of(score) << k;
            }
        }
    }
}

TEST_P(Heads, TopAnswersAreWhatTheNetworkAnswers) {
    const Head& head = GetParam();
    const nets::Folder folder;
    const nets::Linear net = nets::linear(4, 4, 7);
    const Model model = nets::load(folder.save(net.model(head.make), "net"));
    const std::vector<double> z = net.logits(kX);
    const bool logs = std::string(head.name).starts_with("log");
    bool unsure = false;
    const auto answers = model::top_answers(model, nets::sample({1, 4}, kX), 5, unsure);
    ASSERT_EQ(answers.size(), head.of.size());
    for (const auto& answer : answers) {
        const auto k = static_cast<std::size_t>(answer.index);
        const double p = score_of(head, Score::kProbability, z, k);
        EXPECT_NEAR(answer.probability, p, kRounding) << answer.index;
        EXPECT_NEAR(answer.score, logs ? std::log(p) : p, kRounding) << answer.index;
    }
}

INSTANTIATE_TEST_SUITE_P(All, Heads, ::testing::ValuesIn(heads()));

/// Heads whose answers are probabilities that no one activation gives.
struct Made {
    const char* name;
    nets::Linear::Head make;
    std::function<std::vector<double>(const std::vector<double>&)> answers;
};
void PrintTo(const Made& made, std::ostream* out) { *out << made.name; }

double logistic(double z) { return 1.0 / (1.0 + std::exp(-z)); }

const std::vector<Made>& made_heads() {
    const auto first = [](const Value& z) { return gathered(z, {0}); };
    const auto second = [](const Value& z) { return gathered(z, {1, 2, 3}); };
    static const std::vector<Made> all{
        {"no-and-yes", [=](const Value& z) { return concat(one_less(sigmoid(first(z))), sigmoid(first(z))); },
         [](const auto& z) { return std::vector<double>{logistic(-z[0]), logistic(z[0])}; }},
        {"two-sigmoids", [=](const Value& z) { return concat(sigmoid(first(z)), sigmoid(second(z))); },
         [](const auto& z) {
             return std::vector<double>{logistic(z[0]), logistic(z[1]), logistic(z[2]), logistic(z[3])};
         }},
        {"two-softmaxes",
         [=](const Value& z) {
             return reshaped(concat(softmax(gathered(z, {0, 1})), softmax(gathered(z, {2, 3}))), {0, 4});
         },
         [](const auto& z) {
             return std::vector<double>{logistic(z[0] - z[1]), logistic(z[1] - z[0]), logistic(z[2] - z[3]),
                                        logistic(z[3] - z[2])};
         }}};
    return all;
}

class MadeHeads : public ::testing::TestWithParam<Made> {};

TEST_P(MadeHeads, AreProbabilitiesAndGoThroughNoSoftmax) {
    const nets::Folder folder;
    const nets::Linear net = nets::linear(4, 4, 7);
    const Input input = nets::sample({1, 4}, kX);
    const std::vector<double> expected = GetParam().answers(net.logits(kX));
    for (const char* card : {"", R"({"outputs": [{"kind": "logits"}]})"}) {
        const Model model = nets::load(folder.save(net.model(GetParam().make), *card == 0 ? "bare" : "card", card));
        EXPECT_EQ(model.card().outputs[0].kind, OutputKind::kProbabilities);
        EXPECT_NE(model.notes().back().find("softmaxes or sigmoids"), std::string::npos) << model.notes().back();
        for (const Score asked : {Score::kLogit, Score::kProbability}) {
            std::vector<std::string> notes;
            const auto target = model::resolve(model, input, {{Target::index(1)}, asked, asked}, notes).front();
            EXPECT_EQ(target.tensor.score, Score::kProbability);
            EXPECT_NEAR(target.explained.score, expected[1], kRounding);
            EXPECT_EQ(notes.size(), asked == Score::kLogit ? 1U : 0U) << "that there is no logit is said";
        }
        bool unsure = false;
        for (const auto& answer : model::top_answers(model, input, 5, unsure)) {
            EXPECT_NEAR(answer.probability, expected[static_cast<std::size_t>(answer.index)], kRounding);
        }
    }
}

INSTANTIATE_TEST_SUITE_P(All, MadeHeads, ::testing::ValuesIn(made_heads()));

TEST(Logits, AnActivationInsideTheNetworkIsNotTheLastOne) {
    // A gate's sigmoid behind a ReLU: what is answered is no probability.
    const nets::Folder folder;
    const nets::Linear net = nets::linear(4, 4, 7);
    for (const auto& head : std::vector<nets::Linear::Head>{
             [](const Value& z) { return Value(std::make_shared<op::v0::Relu>(sigmoid(z))); },
             [](const Value& z) { return concat(sigmoid(gathered(z, {0})), gathered(z, {1})); },
             [](const Value& z) { return Value(std::make_shared<op::v1::Subtract>(sigmoid(z), softmax(z))); }}) {
        const Model model = nets::load(folder.save(net.model(head), "net"));
        EXPECT_EQ(model.card().outputs[0].kind, OutputKind::kLogits);
        EXPECT_EQ(model::logits_of(model.impl(), 0).found, "");
    }
}

TEST(Logits, APickedClassIsAnswered) {
    // softmax(z)[:, 2], one number a row.
    const nets::Folder folder;
    const nets::Linear net = nets::linear(4, 4, 7);
    const Head head{"picked", {}, {2}};
    const auto pick = [](const Value& z) -> Value {
        return std::make_shared<op::v8::Gather>(softmax(z), integer(2), integer(1));
    };
    const Model model = nets::load(folder.save(net.model(pick), "net"));
    for (const Score score : {Score::kLogit, Score::kProbability}) {
        std::vector<std::string> notes;
        const auto target =
            model::resolve(model, nets::sample({1, 4}, kX), {{Target::top()}, score, score}, notes).front();
        EXPECT_NEAR(target.explained.score, score_of(head, score, net.logits(kX), 0), kRounding);
    }
}

TEST(Logits, ASegmentationTransposedToChannelsLastKeepsItsClasses) {
    const nets::Folder folder;
    const Input input = nets::sample({1, 3, 4, 5}, nets::values(60, 3));
    const Model plain = nets::load(folder.save(nets::picture_net({-1, 3, 4, 5}, 3, true), "plain"));
    const Array logits = model::answer(plain, input, {0, Score::kLogit, false});
    const Model model = nets::load(
        folder.save(nets::picture_net({-1, 3, 4, 5}, 3, true,
                                      [](const Value& maps) { return transposed(softmax(maps), {0, 2, 3, 1}); }),
                    "last"));
    EXPECT_EQ(model.card().outputs[0].class_axis, 3);
    const Array got = model::answer(model, input, {0, Score::kProbability, false});
    ASSERT_EQ(got.shape(), (Shape{4, 5, 3}));
    for (std::size_t at = 0; at < 20; ++at) {
        double sum = 0.0;
        for (std::size_t c = 0; c < 3; ++c) sum += std::exp(double{logits[c * 20 + at]});
        for (std::size_t c = 0; c < 3; ++c) {
            EXPECT_NEAR(double{got[at * 3 + c]}, std::exp(double{logits[c * 20 + at]}) / sum, kRounding);
        }
    }
    std::vector<std::string> notes;
    const auto one =
        model::resolve(model, input, {Target::parse("OUTPUT[0,1,2,0]"), Score::kLogit, Score::kLogit}, notes);
    EXPECT_NEAR(one.front().explained.score, double{logits[7]}, kRounding);   // class 0 at row 1, column 2
}

TEST(Logits, AResizedSegmentationIsStillProbabilities) {
    const nets::Folder folder;
    const auto enlarged = [](op::util::InterpolateBase::InterpolateMode mode) {
        return [mode](const Value& maps) -> Value {
            op::util::InterpolateBase::InterpolateAttrs how;
            how.mode = mode;
            how.shape_calculation_mode = op::util::InterpolateBase::ShapeCalcMode::SIZES;
            return std::make_shared<op::v11::Interpolate>(softmax(maps), integers({8, 10}), integers({2, 3}), how);
        };
    };
    using Mode = op::util::InterpolateBase::InterpolateMode;
    const auto kind = [&](Mode mode) {
        return nets::load(folder.save(nets::picture_net({-1, 3, 4, 5}, 3, true, enlarged(mode)), "net"))
            .card()
            .outputs[0]
            .kind;
    };
    EXPECT_EQ(kind(Mode::LINEAR_ONNX), OutputKind::kProbabilities);
    EXPECT_EQ(kind(Mode::CUBIC), OutputKind::kLogits) << "cubic kernels overshoot";
}

}  // namespace
}  // namespace pellucid
