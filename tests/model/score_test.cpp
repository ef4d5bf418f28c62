// Scores, targets and gradients against closed forms of small networks.

#include <gtest/gtest.h>

#include <cmath>

#include "core/files.hpp"
#include "model/nets.hpp"
#include "model/network.hpp"
#include "model/score.hpp"
#include "pellucid/error.hpp"

namespace pellucid {
namespace {

using nets::complaint;

/// Two float passes over a dozen terms of size one: rounding stays below this.
constexpr double kRounding = 3e-6;

std::vector<double> log_softmax(const std::vector<double>& z) {
    double sum = 0.0;
    for (const double value : z) sum += std::exp(value);
    std::vector<double> logs;
    for (const double value : z) logs.push_back(value - std::log(sum));
    return logs;
}

/// What a score of class k is, by its definition.
double expected_score(nets::End end, Score score, const std::vector<double>& z, std::size_t k) {
    const double logit = z[k];
    const double log_share = end == nets::End::kSigmoid ? -std::log1p(std::exp(-logit)) : log_softmax(z)[k];
    return score == Score::kLogit ? logit : score == Score::kProbability ? std::exp(log_share) : log_share;
}

struct ScoreCase {
    nets::End end;
    Score score;
};
class Scores : public ::testing::TestWithParam<ScoreCase> {};

const std::vector<float> kX{0.3F, -0.8F, 0.5F, 0.9F};

TEST_P(Scores, AreWhatTheyAreCalledInEverySession) {
    const auto [end, score] = GetParam();
    const nets::Folder folder;
    const nets::Linear net = nets::linear(4, 3, 7);
    const Model model = nets::load(folder.save(net.model(end), "net"));
    const Input input = nets::sample({1, 4}, kX);
    std::vector<std::string> notes;
    const auto targets =
        model::resolve(model, input, {{Target::index(0), Target::index(2)}, score, Score::kDefault}, notes);
    const std::vector<double> z = net.logits(kX);
    ASSERT_EQ(targets.size(), 2U);
    EXPECT_EQ(targets[0].tensor.score, score);
    EXPECT_NEAR(targets[0].explained.score, expected_score(end, score, z, 0), kRounding);
    EXPECT_NEAR(targets[1].explained.score, expected_score(end, score, z, 2), kRounding);
    const auto forward = model::forward_session(model, targets[0].tensor)->run_one({input.tensors.at("x")});
    EXPECT_NEAR(targets[1].value(forward[0].values()), expected_score(end, score, z, 2), kRounding);

    // The gradient of class 2 in x_i, by central differences of the definition in double.
    const auto gradient = model::gradient_session(model, targets[1].tensor, "input", input);
    const auto got = gradient.session->run_one({input.tensors.at("x"), targets[1].weights.reshaped({1, 3})});
    ASSERT_EQ(got.size(), 2U);
    EXPECT_NEAR(targets[1].value(got[0].values()), expected_score(end, score, z, 2), kRounding);
    for (std::size_t i = 0; i < kX.size(); ++i) {
        const double step = 1e-3;
        std::vector<double> above = z, below = z;
        for (std::size_t k = 0; k < z.size(); ++k) {
            above[k] += step * double{net.weights[i * 3 + k]};
            below[k] -= step * double{net.weights[i * 3 + k]};
        }
        const double slope = (expected_score(end, score, above, 2) - expected_score(end, score, below, 2)) / (2 * step);
        EXPECT_NEAR(double{got[1][i]}, slope, kRounding) << i;
    }
    EXPECT_FALSE(gradient.notes.empty()) << "the self-check leaves its figure";
}

INSTANTIATE_TEST_SUITE_P(EndsAndScores, Scores, ::testing::ValuesIn([] {
                             std::vector<ScoreCase> cases;
                             for (const auto end : {nets::End::kNone, nets::End::kSoftmax, nets::End::kSoftmaxReshaped,
                                                    nets::End::kLogSoftmax, nets::End::kLogOfSoftmax,
                                                    nets::End::kSigmoid, nets::End::kIdentityOfSoftmax}) {
                                 for (const auto score : {Score::kLogit, Score::kProbability, Score::kLogProbability}) {
                                     cases.push_back({end, score});
                                 }
                             }
                             return cases;
                         }()));

TEST(Scores, DefaultsToWhatTheMethodSays) {
    const nets::Folder folder;
    const Model model = nets::load(folder.save(nets::linear(4, 3, 7).model(nets::End::kSoftmax), "net"));
    std::vector<std::string> notes;
    const Input input = nets::sample({1, 4}, kX);
    const auto of = [&](Score score, Score fallback) {
        return model::resolve(model, input, {{Target::top()}, score, fallback}, notes).front().tensor.score;
    };
    EXPECT_EQ(of(Score::kDefault, Score::kLogit), Score::kLogit);
    EXPECT_EQ(of(Score::kDefault, Score::kProbability), Score::kProbability);
    EXPECT_EQ(of(Score::kLogProbability, Score::kProbability), Score::kLogProbability);
}

TEST(Scores, AreProbabilitiesWhereTheCardSaysSoAndNothingIsFound) {
    // The network's "probabilities" are its bare output: explained as they are, never through a second softmax.
    const nets::Folder folder;
    const nets::Linear net = nets::linear(4, 3, 7);
    const Model model = nets::load(folder.save(net.model(), "net", R"({"outputs": [{"kind": "probabilities"}]})"));
    std::vector<std::string> notes;
    const auto target =
        model::resolve(model, nets::sample({1, 4}, kX), {{Target::index(1)}, Score::kLogit, Score::kLogit}, notes);
    EXPECT_EQ(target[0].tensor.score, Score::kProbability);
    EXPECT_NEAR(target[0].explained.score, net.logits(kX)[1], kRounding);
    EXPECT_EQ(notes.size(), 1U);
}

TEST(Scores, OfIndependentLogitsAreASigmoidEach) {
    const nets::Folder folder;
    const nets::Linear net = nets::linear(4, 3, 7);
    const std::string card = R"({"outputs": [{"kind": "logits", "independent": true}]})";
    const Model model = nets::load(folder.save(net.model(), "net", card));
    const Input input = nets::sample({1, 4}, kX);
    const std::vector<double> z = net.logits(kX);
    std::vector<std::string> notes;
    for (const Score score : {Score::kLogit, Score::kProbability, Score::kLogProbability}) {
        const auto target = model::resolve(model, input, {{Target::index(2)}, score, Score::kLogit}, notes).front();
        const double expected = expected_score(nets::End::kSigmoid, score, z, 2);
        EXPECT_NEAR(target.explained.score, expected, kRounding);
        const auto forward = model::forward_session(model, target.tensor)->run_one({input.tensors.at("x")});
        EXPECT_NEAR(target.value(forward[0].values()), expected, kRounding) << "in the graph";
    }
    bool unsure = false;
    for (const auto& answer : model::top_answers(model, input, 3, unsure)) {
        const double logit = z[static_cast<std::size_t>(answer.index)];
        EXPECT_NEAR(answer.probability, 1.0 / (1.0 + std::exp(-logit)), kRounding);
    }
    EXPECT_NE(complaint([&] { static_cast<void>(nets::load(folder.save(net.model(nets::End::kSoftmax), "s", card))); },
                        ErrorCode::kUnreadable)
                  .find("softmax over the classes ends the graph"),
              std::string::npos);
    const Model guessed = nets::load(folder.save(net.model(), "bare"));
    EXPECT_NE(guessed.notes().back().find("for independent labels say so in the card"), std::string::npos);
    EXPECT_TRUE(Card::parse(model.card().to_json(), "again").outputs[0].independent);
}

TEST(Scores, ThatACardWronglyCallsProbabilitiesAreWarnedOf) {
    struct Case {
        std::vector<float> answer;   ///< x W + b with W = 0
        const char* card;
        const char* says;            ///< nullptr: no warning
    };
    const char* const plain = R"({"outputs": [{"kind": "probabilities"}]})";
    const char* const independent = R"({"outputs": [{"kind": "probabilities", "independent": true}]})";
    for (const Case& each :
         {Case{{-2.5F, 13.34F, 1.0F}, plain, "from -2.5 to 13.34"}, Case{{0.5F, 0.25F, 1.0F}, plain, "sum to 1.75"},
          Case{{0.2F, 0.5F, 0.3F}, plain, nullptr}, Case{{0.5F, 0.25F, 1.0F}, independent, nullptr},
          Case{{-2.5F, 13.34F, 1.0F}, independent, "\"kind\": \"logits\""}}) {
        const nets::Folder folder;
        nets::Linear net = nets::linear(4, 3, 7);
        net.weights.assign(12, 0.0F);
        net.bias = each.answer;
        const Model model = nets::load(folder.save(net.model(), "net", each.card));
        const auto warnings = [&] {
            return std::count_if(model.notes().begin(), model.notes().end(), [](const std::string& note) {
                return note.find("calls output 'y' probabilities") != std::string::npos;
            });
        };
        bool unsure = false;
        for (int run = 0; run < 2; ++run) {
            static_cast<void>(model::top_answers(model, nets::sample({1, 4}, kX), 3, unsure));
            EXPECT_EQ(warnings(), each.says == nullptr ? 0 : 1) << each.answer[1];
        }
        EXPECT_TRUE(each.says == nullptr || model.notes().back().find(each.says) != std::string::npos);
    }
}

TEST(Scores, AreTakenForProbabilitiesWhenTheyLookLikeThem) {
    // x W + b with W = 0: the answer is b, which sums to one.
    const nets::Folder folder;
    nets::Linear net = nets::linear(4, 3, 7);
    net.weights.assign(12, 0.0F);
    net.bias = {0.2F, 0.5F, 0.3F};
    const Model model = nets::load(folder.save(net.model(), "net"));
    bool unsure = false;
    const auto answers = model::top_answers(model, nets::sample({1, 4}, kX), 2, unsure);
    ASSERT_EQ(answers.size(), 2U);
    EXPECT_EQ(answers[0].index, 1);
    EXPECT_NEAR(answers[0].probability, 0.5, kRounding);
    EXPECT_EQ(model.card().outputs[0].kind, OutputKind::kProbabilities);
    EXPECT_NE(model.notes().back().find("sum to one"), std::string::npos);
}

TEST(Layers, TheirGradientIsTheScoresWeightOnEachPosition) {
    // The score of class k is the mean of map k: its gradient on map k is 1 / (H W), and 0 on the others.
    const nets::Folder folder;
    const Model model = nets::load(folder.save(nets::picture_net({-1, 3, 8, 8}, 4), "net"));
    const Input input = nets::sample({1, 3, 8, 8}, nets::values(192, 3));
    const auto session = model::gradient_session(model, {0, Score::kLogit, false}, "last-spatial", input, true);
    Array seed({1, 4});
    seed[2] = 1.0F;
    const auto got = session.session->run_one({input.tensors.at("x"), seed});
    ASSERT_EQ(got.size(), 3U);
    ASSERT_EQ(got[1].shape(), (Shape{1, 4, 8, 8}));
    double mean = 0.0;
    for (std::size_t at = 0; at < 256; ++at) {
        EXPECT_NEAR(double{got[2][at]}, at / 64 == 2 ? 1.0 / 64 : 0.0, 1e-7);
        mean += at / 64 == 2 ? double{got[1][at]} / 64 : 0.0;
    }
    EXPECT_NEAR(double{got[0][2]}, mean, 1e-6);
    EXPECT_FALSE(session.layer.empty());
}

TEST(Sessions, AreMadeOnceForAKey) {
    const nets::Folder folder;
    const Model model = nets::load(folder.save(nets::linear(4, 3, 7).model(), "net"));
    const model::ScoreTensor logit{0, Score::kLogit, false}, probability{0, Score::kProbability, false};
    EXPECT_EQ(model::forward_session(model, logit), model::forward_session(model, logit));
    EXPECT_NE(model::forward_session(model, logit), model::forward_session(model, probability));
    EXPECT_NE(model::forward_session(model, logit), model::forward_session(model, logit, true));
    const Input input = nets::sample({1, 4}, kX);
    EXPECT_EQ(model::gradient_session(model, logit, "input", input).session,
              model::gradient_session(model, logit, "input", input).session);
}

TEST(Sessions, ARegressionIsExplainedAsItIs) {
    const nets::Folder folder;
    const nets::Linear net = nets::linear(4, 1, 7);
    const Model model = nets::load(folder.save(net.model(), "net"));
    std::vector<std::string> notes;
    const auto target =
        model::resolve(model, nets::sample({1, 4}, kX), {{Target::top()}, Score::kDefault, Score::kProbability}, notes);
    EXPECT_EQ(target[0].explained.index, 0);
    EXPECT_NEAR(target[0].explained.score, net.logits(kX)[0], kRounding);
    bool unsure = true;
    const auto answers = model::top_answers(model, nets::sample({1, 4}, kX), 5, unsure);
    ASSERT_EQ(answers.size(), 1U);
    EXPECT_TRUE(std::isnan(answers[0].probability));
    EXPECT_FALSE(unsure);
}

TEST(Sessions, AYesOrNoTakesTheNameOfYes) {
    const nets::Folder folder;
    const nets::Linear net = nets::linear(4, 1, 7);
    const Model model = nets::load(folder.save(net.model(nets::End::kSigmoid), "net",
                                               R"({"outputs": [{"kind": "probabilities", "labels": ["no", "yes"]}]})"));
    std::vector<std::string> notes;
    const Input input = nets::sample({1, 4}, kX);
    for (const Target& target : {Target::top(), Target::index(0), Target::label("yes")}) {
        const auto got = model::resolve(model, input, {{target}, Score::kProbability, Score::kLogit}, notes);
        EXPECT_NEAR(got[0].explained.score, 1.0 / (1.0 + std::exp(-net.logits(kX)[0])), kRounding);
        EXPECT_EQ(got[0].explained.label, "yes");
    }
    EXPECT_NE(complaint(
                  [&] {
                      static_cast<void>(
                          model::resolve(model, input, {{Target::label("no")}, Score::kLogit, Score::kLogit}, notes));
                  },
                  ErrorCode::kUsage)
                  .find("yes"),
              std::string::npos);
    for (const char* margin : {"margin:yes-no", "margin:no-yes", "margin:0-yes"}) {
        const std::string said = complaint(
            [&] {
                static_cast<void>(
                    model::resolve(model, input, {Target::parse(margin), Score::kLogit, Score::kLogit}, notes));
            },
            ErrorCode::kUsage);
        EXPECT_NE(said.find("one output, the score of 'yes', and none for 'no'"), std::string::npos) << said;
    }
}

}  // namespace
}  // namespace pellucid
