// Answers at many positions: reductions, the mean of a class's map, masks, shares of the positions won.

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

/// A dense net's answers [2, 4, 5] for one picture, with its model.
struct Dense {
    nets::Folder folder;
    Model model = nets::load(folder.save(nets::picture_net({-1, 3, 4, 5}, 2, true), "dense"));
    Input input = nets::sample({1, 3, 4, 5}, nets::values(60, 3));
    Array row = model::answer(model, input, {0, Score::kLogit, false});
    model::ResolvedTarget resolve(const Target& target) {
        std::vector<std::string> notes;
        return model::resolve(model, input, {{target}, Score::kLogit, Score::kLogit}, notes).front();
    }
    double at(std::size_t c, std::size_t y, std::size_t x) const { return double{row[(c * 4 + y) * 5 + x]}; }
};

TEST(Reductions, SelectAsNumpyDoes) {
    Dense dense;
    ASSERT_EQ(dense.row.shape(), (Shape{2, 4, 5}));
    struct Case {
        const char* text;
        std::vector<std::size_t> c, y, x;
    };
    const std::vector<std::size_t> all_y{0, 1, 2, 3}, all_x{0, 1, 2, 3, 4};
    for (const Case& each : {Case{"OUTPUT[0,1,2,3]", {1}, {2}, {3}}, Case{"OUTPUT[0,:,1:3,4]", {0, 1}, {1, 2}, {4}},
                             Case{"OUTPUT[0, -1, ::2, -2:]", {1}, {0, 2}, {3, 4}},
                             Case{"OUTPUT[0]", {0, 1}, all_y, all_x}, Case{"OUTPUT[...,2]", {0, 1}, all_y, {2}},
                             Case{"OUTPUT[0,0,:-1,1::3]", {0}, {0, 1, 2}, {1, 4}}, Case{"y[:,1]", {1}, all_y, all_x}}) {
        double sum = 0.0, largest = -1e9, count = 0.0;
        for (const auto c : each.c)
            for (const auto y : each.y)
                for (const auto x : each.x) {
                    sum += dense.at(c, y, x);
                    largest = std::max(largest, dense.at(c, y, x));
                    count += 1.0;
                }
        const auto value = [&](const char* how) {
            return dense.resolve(Target::parse(each.text + std::string(how)).front()).explained.score;
        };
        EXPECT_NEAR(value(".sum"), sum, 1e-5) << each.text;
        EXPECT_NEAR(value(".mean"), sum / count, 1e-6) << each.text;
        EXPECT_NEAR(value(".max"), largest, 1e-7) << each.text;
    }
    EXPECT_NEAR(dense.resolve(Target::parse("OUTPUT[0,1,2,3]").front()).explained.score, dense.at(1, 2, 3), 1e-7);
    for (const char* bad :
         {"OUTPUT[0,2].sum", "OUTPUT[0,0,0,0,0].sum", "OUTPUT[0,a].sum", "OUTPUT[1].sum", "OUTPUT[0,:].mode",
          "OUTPUT[0,3:3].sum", "OUTPUT[0,0:1:0].sum", "OUTPUT[0].", "OUTPUT[0]", "z[0].sum", "OUTPUT[].sum"}) {
        EXPECT_NE(complaint([&] { dense.resolve(Target::parse(bad).front()); }, ErrorCode::kUsage), "no complaint")
            << bad;
    }
}

TEST(Reductions, TheGradientOfAMaximumIsThatOfItsLargestEntry) {
    Dense dense;
    for (const char* text : {"OUTPUT[0,1].max", "OUTPUT[0,:,2].max", "OUTPUT[0].max"}) {
        const auto most = dense.resolve(Target::parse(text).front());
        const auto session = model::gradient_session(dense.model, most.tensor, "input", dense.input);
        Shape seed{1, 2, 4, 5};
        const auto got = session.session->run_one({dense.input.tensors.at("x"), most.weights.reshaped(seed)});
        std::size_t best = 0;
        double largest = -1e9;
        for (std::size_t at = 0; at < 40; ++at) {
            if (most.weights[at] != 0.0F && double{dense.row[at]} > largest) {
                largest = double{dense.row[at]};
                best = at;
            }
        }
        EXPECT_NEAR(most.value(got[0].values()), largest, 1e-6);
        Array alone(seed);
        alone[best] = 1.0F;
        const auto plain = model::gradient_session(dense.model, {0, Score::kLogit, false}, "input", dense.input);
        const auto expected = plain.session->run_one({dense.input.tensors.at("x"), alone});
        for (std::size_t at = 0; at < 60; ++at) {
            EXPECT_NEAR(double{got[1][at]}, double{expected[1][at]}, 1e-6) << text;
        }
    }
}

/// Twenty terms of size one, summed in float or in double.
constexpr double kRounding = 1e-5;

TEST(DenseTargets, AClassIsTheMeanOfItsMapAndSaysSo) {
    Dense dense;
    std::vector<double> means(2, 0.0), shares(2, 0.0);
    for (std::size_t y = 0; y < 4; ++y)
        for (std::size_t x = 0; x < 5; ++x) {
            const double sum = std::exp(dense.at(0, y, x)) + std::exp(dense.at(1, y, x));
            for (std::size_t c = 0; c < 2; ++c) {
                means[c] += dense.at(c, y, x) / 20.0;
                shares[c] += std::exp(dense.at(c, y, x)) / sum / 20.0;
            }
        }
    std::vector<std::string> notes;
    const auto resolve = [&](const Target& target, Score score) {
        return model::resolve(dense.model, dense.input, {{target}, score, score}, notes).front();
    };
    const auto logit = resolve(Target::index(1), Score::kLogit);
    EXPECT_NEAR(logit.explained.score, means[1], kRounding);
    EXPECT_EQ(logit.explained.reading, "mean over 4x5 positions");
    EXPECT_EQ(logit.explained.output, "y");
    EXPECT_EQ(notes, std::vector<std::string>{"the score of class 1 is its mean over 4x5 positions"});
    EXPECT_NEAR(resolve(Target::index(1), Score::kProbability).explained.score, shares[1], kRounding);
    EXPECT_NEAR(resolve(Target::parse("margin:1-0").front(), Score::kLogit).explained.score, means[1] - means[0],
                kRounding);
    EXPECT_NE(complaint([&] { static_cast<void>(resolve(Target::top(), Score::kLogit)); }).find("20 positions"),
              std::string::npos);
}

TEST(DenseTargets, TopAnswersAreSharesOfThePositions) {
    Dense dense;
    std::vector<double> shares(2, 0.0), means(2, 0.0);
    for (std::size_t y = 0; y < 4; ++y)
        for (std::size_t x = 0; x < 5; ++x) {
            shares[dense.at(1, y, x) > dense.at(0, y, x) ? 1 : 0] += 0.05;
            for (std::size_t c = 0; c < 2; ++c) means[c] += dense.at(c, y, x) / 20.0;
        }
    ASSERT_GT(std::min(shares[0], shares[1]), 0.0) << "a net that tells nothing of shares";
    bool unsure = false;
    const auto answers = model::top_answers(dense.model, dense.input, 5, unsure);
    ASSERT_EQ(answers.size(), 2U);
    for (const auto& answer : answers) {
        const auto c = static_cast<std::size_t>(answer.index);
        EXPECT_NEAR(answer.probability, shares[c], 1e-12);
        EXPECT_NEAR(answer.score, means[c], kRounding);
        EXPECT_EQ(answer.grid, (Shape{4, 5}));
    }
    EXPECT_GE(answers[0].probability, answers[1].probability);
}

/// 1 in the two columns on the left, whatever picture is named.
Array left_columns(const std::filesystem::path& /*file*/, const Input& /*input*/,
                   const std::array<std::int64_t, 2>& grid, std::vector<std::string>& /*notes*/) {
    Array mask(Shape{grid[0], grid[1]});
    for (std::size_t at = 0; at < mask.size(); ++at) {
        mask[at] = at % static_cast<std::size_t>(grid[1]) < 2 ? 1.0F : 0.0F;
    }
    return mask;
}

class Masks : public ::testing::Test {
protected:
    Dense dense;
    std::string at(const std::string& name) const { return (dense.folder.path / name).string(); }
    model::ResolvedTarget masked(const std::string& text, model::MaskReader reader = nullptr) {
        std::vector<std::string> notes;
        return model::resolve(dense.model, dense.input,
                              {{Target::parse("mask:" + text).front()}, Score::kLogit, Score::kLogit, reader}, notes)
            .front();
    }
    std::string refusal(const std::string& text, ErrorCode code = ErrorCode::kUsage) {
        return complaint([&] { static_cast<void>(masked(text)); }, code);
    }
};

TEST_F(Masks, SumWhatTheySelect) {
    double left = 0.0, weighted = 0.0;
    Array mask({4, 5}), raised({1, 1, 4, 5}), whole({2, 4, 5});
    for (std::size_t y = 0; y < 4; ++y)
        for (std::size_t x = 0; x < 5; ++x) {
            mask[y * 5 + x] = raised[y * 5 + x] = x < 2 ? 1.0F : 0.0F;
            left += x < 2 ? dense.at(1, y, x) : 0.0;
            whole[20 + y * 5 + x] = 0.5F;
            weighted += 0.5 * dense.at(1, y, x);
        }
    core::write_npy(at("mask.npy"), mask);
    core::write_npy(at("raised.npy"), raised);
    core::write_npy(at("whole.npy"), whole);
    EXPECT_NEAR(masked(at("mask.npy@1")).explained.score, left, kRounding);
    EXPECT_NEAR(masked(at("raised.npy@1")).explained.score, left, kRounding);
    EXPECT_NEAR(masked(at("whole.npy")).explained.score, weighted, kRounding);
    EXPECT_NEAR(masked(at("mask.png@1"), left_columns).explained.score, left, kRounding);
    EXPECT_EQ(masked(at("mask.npy@1")).explained.reading, "sum over 8 of 40 values");
}

TEST_F(Masks, AreRefusedInOneLine) {
    core::write_npy(at("mask.npy"), Array({4, 5}, std::vector<float>(20, 1.0F)));
    core::write_npy(at("turned.npy"), Array({5, 4}, std::vector<float>(20, 1.0F)));
    core::write_npy(at("flat.npy"), Array({20}, std::vector<float>(20, 1.0F)));
    core::write_npy(at("zero.npy"), Array({4, 5}));
    core::write_npy(at("nan.npy"), Array({4, 5}, std::vector<float>(20, std::nanf(""))));
    EXPECT_NE(refusal(at("mask.npy")).find("mask:FILE@CLASS"), std::string::npos);
    EXPECT_NE(refusal(at("turned.npy@1")).find("is [5, 4], and output 'y' [2, 4, 5] has the positions [4, 5]"),
              std::string::npos);
    EXPECT_NE(refusal(at("flat.npy@1")).find("[20]"), std::string::npos);
    EXPECT_NE(refusal(at("zero.npy@1")).find("zero everywhere"), std::string::npos);
    EXPECT_NE(refusal(at("mask.npy@2")).find("0 to 1"), std::string::npos);
    EXPECT_NE(refusal(at("nan.npy@1"), ErrorCode::kUnreadable).find("NaN"), std::string::npos);
    EXPECT_NE(refusal(at("nowhere.npy@1"), ErrorCode::kUnreadable).find("nowhere.npy"), std::string::npos);
    EXPECT_NE(refusal(at("mask.png@1"), ErrorCode::kUnsupported).find(".npy"), std::string::npos);
    const Model flat = nets::load(dense.folder.save(nets::linear(4, 3, 7).model(), "flat"));
    EXPECT_NE(complaint([&] {
                  std::vector<std::string> notes;
                  static_cast<void>(model::resolve(
                      flat, nets::sample({1, 4}, {1, 2, 3, 4}),
                      {Target::parse("mask:m.png@1"), Score::kLogit, Score::kLogit, left_columns}, notes));
              }).find("no rows and columns"),
              std::string::npos);
}

}  // namespace
}  // namespace pellucid
