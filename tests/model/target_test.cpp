// What users write for a target, and which class it finds.

#include <gtest/gtest.h>

#include "model/classes.hpp"
#include "model/nets.hpp"
#include "model/score.hpp"
#include "pellucid/error.hpp"

namespace pellucid {
namespace {

using nets::complaint;

const char* const kCard = R"({"outputs": [{"kind": "logits", "labels":
    ["tench", "great white shark", "hen", "T-shirt", "cup", "espresso", "crane", "crane", "Shih-Tzu, a dog", "coffee mug",
     "coffeepot", "7"]}]})";

struct TargetCase {
    const char* text;
    std::vector<std::int64_t> plus;
    std::int64_t minus = -1;      ///< of a margin
    std::size_t notes = 0;
};
void PrintTo(const TargetCase& each, std::ostream* out) { *out << each.text; }

class Targets : public ::testing::TestWithParam<TargetCase> {
protected:
    nets::Folder folder;
    Model model = nets::load(folder.save(nets::linear(4, 12, 7).model(), "net", kCard));
    Input input = nets::sample({1, 4}, {0.1F, 0.2F, 0.3F, 0.4F});
};

TEST_P(Targets, FindTheirClasses) {
    std::vector<std::string> notes;
    const auto found =
        model::resolve(model, input, {Target::parse(GetParam().text), Score::kLogit, Score::kLogit}, notes);
    ASSERT_EQ(found.size(), GetParam().plus.size());
    for (std::size_t at = 0; at < found.size(); ++at) {
        for (std::int64_t k = 0; k < 12; ++k) {
            const float expected = k == GetParam().plus[at] ? 1.0F : k == GetParam().minus ? -1.0F : 0.0F;
            EXPECT_EQ(found[at].weights[static_cast<std::size_t>(k)], expected) << "class " << k;
        }
        EXPECT_EQ(found[at].explained.index, GetParam().minus < 0 ? GetParam().plus[at] : -1);
    }
    EXPECT_EQ(notes.size(), GetParam().notes);
}

INSTANTIATE_TEST_SUITE_P(
    Table, Targets,
    ::testing::Values(TargetCase{"5", {5}}, TargetCase{" 5 ", {5}}, TargetCase{"espresso", {5}},
                      TargetCase{"ESPRESSO", {5}}, TargetCase{"esp", {5}, -1, 1}, TargetCase{"shark", {1}, -1, 1},
                      TargetCase{"hen", {2}}, TargetCase{"great white shark", {1}}, TargetCase{"T-shirt", {3}},
                      TargetCase{"t-shirt", {3}}, TargetCase{"Shih-Tzu, a dog", {8}},
                      TargetCase{"shih-tzu, A dog", {8}}, TargetCase{"\"Shih-Tzu, a dog\",5", {8, 5}},
                      TargetCase{"espresso,cup", {5, 4}}, TargetCase{"espresso, 0 , cup", {5, 0, 4}},
                      TargetCase{"7", {7}, -1, 1}, TargetCase{"\"7\"", {11}}, TargetCase{"'7'", {11}},
                      TargetCase{"margin:espresso-cup", {5}, 4}, TargetCase{"margin:5-4", {5}, 4},
                      TargetCase{"margin: espresso - cup", {5}, 4}, TargetCase{"margin:T-shirt-cup", {3}, 4},
                      TargetCase{"margin:cup-T-shirt", {4}, 3}, TargetCase{"margin:\"T-shirt\"-\"cup\"", {3}, 4},
                      TargetCase{"margin:cup-\"Shih-Tzu, a dog\"", {4}, 8}, TargetCase{"margin:esp-cup", {5}, 4, 1}));

TEST_F(Targets, RefuseWhatNamesNothing) {
    struct Case {
        const char* text;
        const char* says;
    };
    for (const Case& each :
         {Case{"expresso", "did you mean 'espresso'?"}, Case{"12", "0 to 11"}, Case{"crane", "6 (crane), 7 (crane)"},
          Case{"coffee", "names 2 classes"}, Case{"", "names nothing"}, Case{"5,,4", "names nothing"},
          Case{"top0", "nothing to explain"}, Case{"margin:espresso", "between two classes"},
          Case{"margin:-cup", "between two classes"}, Case{"margin:5-5", "both are class 5"},
          Case{"margin:5-expresso", "did you mean 'espresso'?"}, Case{"-1", "unknown class"},
          Case{"OUTPUT[0,5].max,OUTPUT[0,4].sum", "separate runs"}}) {
        const std::string said = complaint([&] {
            std::vector<std::string> notes;
            static_cast<void>(
                model::resolve(model, input, {Target::parse(each.text), Score::kLogit, Score::kLogit}, notes));
        });
        EXPECT_NE(said.find(each.says), std::string::npos) << each.text << ": " << said;
    }
}

TEST_F(Targets, TopIsTheMostLikelyInOrder) {
    std::vector<std::string> notes;
    const auto found = model::resolve(model, input, {Target::parse("top5"), Score::kLogit, Score::kLogit}, notes);
    const Array row = model::answer(model, input, {0, Score::kLogit, false});
    ASSERT_EQ(found.size(), 5U);
    for (std::size_t at = 0; at < 5; ++at) {
        const double score = found[at].explained.score;
        EXPECT_EQ(
            std::count_if(row.values().begin(), row.values().end(), [&](float value) { return double{value} > score; }),
            static_cast<std::ptrdiff_t>(at));
    }
    EXPECT_EQ(model::resolve(model, input, {Target::parse("top50"), Score::kLogit, Score::kLogit}, notes).size(), 12U);
    EXPECT_EQ(notes.size(), 1U);
}

TEST_F(Targets, NamedTwiceAreExplainedOnce) {
    struct Case {
        const char* text;
        std::vector<std::int64_t> classes;
        const char* says;
    };
    for (const Case& each :
         {Case{"2,2", {2}, "target 'hen' is named twice"},
          Case{"espresso,4,5", {5, 4}, "target 'espresso' is named twice"}, Case{"2,4", {2, 4}, nullptr}}) {
        std::vector<std::string> notes;
        const auto found =
            model::resolve(model, input, {Target::parse(each.text), Score::kLogit, Score::kLogit}, notes);
        std::vector<std::int64_t> classes;
        for (const auto& target : found) classes.push_back(target.explained.index);
        EXPECT_EQ(classes, each.classes) << each.text;
        ASSERT_EQ(notes.size(), each.says == nullptr ? 0U : 1U) << each.text;
        EXPECT_TRUE(each.says == nullptr || notes[0].find(each.says) == 0) << notes[0];
    }
    std::vector<std::string> notes;
    EXPECT_EQ(model::resolve(model, input, {Target::parse("top2,top1"), Score::kLogit, Score::kLogit}, notes).size(),
              2U);
    EXPECT_EQ(
        model::resolve(model, input, {Target::parse("margin:2-4,margin:2-4"), Score::kLogit, Score::kLogit}, notes)
            .size(),
        1U);
}

TEST(TargetNames, ParsedTargetsTellTheirParts) {
    // What a black-box program's targets are read from: it has no labels to try the whole against.
    const Target margin = Target::parse("margin: 3 - 12").front();
    EXPECT_EQ(margin.kind, Target::Kind::kMargin);
    EXPECT_EQ(margin.text, "3");
    EXPECT_EQ(margin.other, "12");
    EXPECT_EQ(Target::parse("top3").front().count, 3);
    EXPECT_EQ(Target::parse("mask:a b.npy").front().text, "a b.npy");
    EXPECT_EQ(Target::parse("y[0,1].sum, y[0,2].sum").size(), 2U);
    EXPECT_EQ(Target::parse("it's, that").front().text, "it's");
}

TEST(TargetNames, ScoresAreKnownByName) {
    for (const Score score : {Score::kDefault, Score::kLogit, Score::kProbability, Score::kLogProbability}) {
        EXPECT_EQ(score_from_name(name_of(score)), score);
    }
    EXPECT_NE(complaint([] { static_cast<void>(score_from_name("logits")); }).find("'logit'"), std::string::npos);
}

TEST(TargetNames, WithoutLabelsOnlyIndicesAreKnown) {
    std::vector<std::string> notes;
    EXPECT_NE(complaint([&] { static_cast<void>(model::find_class({{}, 4}, "cup", false, notes)); }).find("0 to 3"),
              std::string::npos);
    EXPECT_EQ(model::find_class({{}, 4}, "3", false, notes), 3);
    EXPECT_EQ(model::find_class({{}, 4}, "class 2", false, notes), 2) << "as tables print it";
    EXPECT_EQ(model::find_class({{}, 4}, "Class 3", false, notes), 3);
    EXPECT_NE(complaint([&] { static_cast<void>(model::find_class({{}, 4}, "class 4", false, notes)); }).find("0 to 3"),
              std::string::npos);
    EXPECT_NE(complaint([&] { static_cast<void>(model::find_class({{}, 4}, "class 2", true, notes)); }).find("labels"),
              std::string::npos)
        << "in quotes it is a label";
}

TEST(TargetNames, AnUnknownOutputIsSaidToBeOne) {
    const nets::Folder folder;
    const Model model = nets::load(folder.save(nets::two_by_two_net(), "net"));
    Input input = nets::sample({1, 2}, {0.1F, 0.2F});
    input.tensors = {{"a", Array({1, 2}, {0.1F, 0.2F})}, {"b", Array({1, 2}, {0.3F, 0.4F})}};
    std::vector<std::string> notes;
    const auto found = [&](const char* text) {
        return model::resolve(model, input, {Target::parse(text), Score::kLogit, Score::kLogit}, notes);
    };
    EXPECT_EQ(found("z:1").front().explained.output, "z");
    EXPECT_EQ(found("z:0,z:1").size(), 2U);
    EXPECT_NE(complaint([&] { static_cast<void>(found("x:1")); }).find("no output 'x'"), std::string::npos);
    EXPECT_NE(complaint([&] { static_cast<void>(found("1,x:1")); }).find("no output 'x'"), std::string::npos);
}

}  // namespace
}  // namespace pellucid
