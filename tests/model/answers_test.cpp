// The answers that are shown first, and whether they tell anything.

#include <gtest/gtest.h>

#include <cmath>
#include <numeric>

#include "model/nets.hpp"
#include "model/network.hpp"
#include "model/score.hpp"

namespace pellucid {
namespace {

constexpr double kRounding = 3e-6;   // as in score_test.cpp
const std::vector<float> kX{0.3F, -0.8F, 0.5F, 0.9F};

std::vector<double> log_softmax(const std::vector<double>& z) {
    double sum = 0.0;
    for (const double value : z) sum += std::exp(value);
    std::vector<double> logs;
    for (const double value : z) logs.push_back(value - std::log(sum));
    return logs;
}

TEST(TopAnswers, RankBySoftmaxAndWarnAtChance) {
    const nets::Folder folder;
    nets::Linear net = nets::linear(4, 10, 7);
    const Model model = nets::load(folder.save(net.model(nets::End::kSoftmax), "sure"));
    const auto z = net.logits(kX);
    bool unsure = false;
    const auto answers = model::top_answers(model, nets::sample({1, 4}, kX), 5, unsure);
    ASSERT_EQ(answers.size(), 5U);
    EXPECT_EQ(answers[0].index, std::max_element(z.begin(), z.end()) - z.begin());
    for (std::size_t k = 0; k < 5; ++k) {
        const double p = std::exp(log_softmax(z)[static_cast<std::size_t>(answers[k].index)]);
        EXPECT_NEAR(answers[k].probability, p, kRounding);
        EXPECT_NEAR(answers[k].score, p, kRounding);   // the output as it is: behind the softmax
        EXPECT_TRUE(k == 0 || answers[k].probability <= answers[k - 1].probability);
    }
    EXPECT_FALSE(unsure);
    net.weights.assign(40, 0.0F);
    net.bias.assign(10, 0.0F);
    const Model even = nets::load(folder.save(net.model(), "even"));
    static_cast<void>(model::top_answers(even, nets::sample({1, 4}, kX), 5, unsure));
    EXPECT_TRUE(unsure);
    net.bias[3] = 5.0F;
    const Model sure = nets::load(folder.save(net.model(), "certain"));
    static_cast<void>(model::top_answers(sure, nets::sample({1, 4}, kX), 5, unsure));
    EXPECT_FALSE(unsure);
}

/// What was answered to the last input is kept: to another one, however near, it is no answer.
TEST(TopAnswers, AreThoseOfEachInput) {
    const nets::Folder folder;
    const nets::Linear net = nets::linear(4, 3, 7);
    const Model model = nets::load(folder.save(net.model(), "linear"));
    std::vector<float> other = kX;
    other[2] = std::nextafter(100.0F, 200.0F);
    for (const std::vector<float>& x : {kX, other, other, kX}) {
        const Array found = model::answer(model, nets::sample({1, 4}, x), {0, Score::kLogit, false});
        for (std::size_t k = 0; k < 3; ++k) {
            EXPECT_NEAR(found[k], net.logits(x)[k], 1e-5 * 100.0);   // rounding, relative to the largest value
        }
    }
}

/// A network of constant answers: probabilities through their logarithms and a softmax, or logits through a sigmoid.
struct Chance {
    const char* name;
    std::vector<double> answers;
    nets::End end;
    bool unsure;
};
void PrintTo(const Chance& chance, std::ostream* out) { *out << chance.name; }

class Chances : public ::testing::TestWithParam<Chance> {};

std::vector<double> one_above(std::size_t classes, double top) {
    std::vector<double> p(classes, (1.0 - top) / static_cast<double>(classes - 1));
    p[1] = top;
    return p;
}

TEST_P(Chances, AreToldFromAnswers) {
    const Chance& chance = GetParam();
    const nets::Folder folder;
    nets::Linear net = nets::linear(4, static_cast<std::int64_t>(chance.answers.size()), 7);
    net.weights.assign(net.weights.size(), 0.0F);
    for (std::size_t k = 0; k < net.bias.size(); ++k) {
        const double p = chance.answers[k];
        net.bias[k] = static_cast<float>(chance.end == nets::End::kSigmoid ? std::log(p / (1.0 - p)) : std::log(p));
    }
    const Model model = nets::load(folder.save(net.model(chance.end), "net"));
    bool unsure = !chance.unsure;
    static_cast<void>(model::top_answers(model, nets::sample({1, 4}, kX), 5, unsure));
    EXPECT_EQ(unsure, chance.unsure);
}

INSTANTIATE_TEST_SUITE_P(
    Sides, Chances,
    ::testing::Values(Chance{"two at 52 %", {0.48, 0.52}, nets::End::kSoftmax, true},
                      Chance{"two at 60 %", {0.4, 0.6}, nets::End::kSoftmax, false},
                      Chance{"three at 38 %", one_above(3, 0.38), nets::End::kSoftmax, true},
                      Chance{"three at 45 %", one_above(3, 0.45), nets::End::kSoftmax, false},
                      Chance{"seven at 27 %", one_above(7, 0.27), nets::End::kSoftmax, false},
                      Chance{"seven at 18 %", one_above(7, 0.18), nets::End::kSoftmax, true},
                      Chance{
                          "seven in two halves", {0.3, 0.3, 0.08, 0.08, 0.08, 0.08, 0.08}, nets::End::kSoftmax, false},
                      Chance{"a thousand at 3 %", one_above(1000, 0.03), nets::End::kSoftmax, false},
                      Chance{"a thousand at 0.3 %", one_above(1000, 0.003), nets::End::kSoftmax, true},
                      Chance{"a bare logit head", one_above(7, 0.16), nets::End::kNone, true},
                      Chance{"yes or no at 52 %", {0.52}, nets::End::kSigmoid, true},
                      Chance{"yes or no at 40 %", {0.4}, nets::End::kSigmoid, false},
                      Chance{"yes or no, sure of no", {0.02}, nets::End::kSigmoid, false},
                      Chance{"several at one half", {0.5, 0.51, 0.5}, nets::End::kSigmoid, true},
                      Chance{"one of several is sure", {0.5, 0.97, 0.5}, nets::End::kSigmoid, false}));

}  // namespace
}  // namespace pellucid
