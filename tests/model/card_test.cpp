// Cards: read strictly, written whole, and held against the network that they describe.

#include <gtest/gtest.h>

#include <fstream>
#include <regex>

#include <nlohmann/json.hpp>

#include "model/card_names.hpp"
#include "model/draft.hpp"
#include "model/labels.hpp"
#include "model/nets.hpp"
#include "pellucid/error.hpp"

namespace pellucid {
namespace {

using nets::complaint;

struct BadCard {
    const char* text;
    const char* says;
};

class BadCards : public ::testing::TestWithParam<BadCard> {};

TEST_P(BadCards, AreRefusedByPath) {
    const std::string said = complaint([] { Card::parse(GetParam().text, "m.card.json"); }, ErrorCode::kUnreadable);
    EXPECT_NE(said.find(GetParam().says), std::string::npos) << said;
    EXPECT_NE(said.find("m.card.json"), std::string::npos) << said;
    EXPECT_EQ(said.find('\n'), std::string::npos);
}

INSTANTIATE_TEST_SUITE_P(
    Table, BadCards,
    ::testing::Values(
        BadCard{R"({"inputs": [{"meen": [0]}]})", "unknown key 'meen' in inputs[0]; did you mean 'mean'?"},
        BadCard{R"({"input": []})", "unknown key 'input'; did you mean 'inputs'?"},
        BadCard{R"({"outputs": [{"label": []}]})", "unknown key 'label' in outputs[0]; did you mean 'labels'?"},
        BadCard{R"({"inputs": [)", "is no JSON"}, BadCard{"", "is no JSON"},
        BadCard{R"([1])", "the document must be an object, not a list"},
        BadCard{R"({"inputs": {}})", "inputs must be a list of objects, not an object"},
        BadCard{R"({"inputs": [3]})", "inputs[0] must be an object, not a number"},
        BadCard{R"({"inputs": [{}, {"mean": [0, "1"]}]})", "inputs[1].mean[1] must be a number, not a text"},
        BadCard{R"({"inputs": [{"mean": 0.5}]})", "inputs[0].mean must be a list of numbers, not a number"},
        BadCard{R"({"inputs": [{"height": 1.5}]})", "inputs[0].height must be a whole number"},
        BadCard{R"({"inputs": [{"height": -1}]})", "inputs[0].height must be a whole number"},
        BadCard{R"({"inputs": [{"layout": "NCWH"}]})", "inputs[0].layout is 'NCWH', which is unknown"},
        BadCard{R"({"inputs": [{"color": "RBG"}]})", "inputs[0].color is 'RBG', which is unknown; did you mean"},
        BadCard{R"({"inputs": [{"resize": "bicubik"}]})", "did you mean 'bicubic'?"},
        BadCard{R"({"inputs": [{"fit": "strech"}]})", "did you mean 'stretch'?"},
        BadCard{R"({"inputs": [{"modality": "picture"}]})", "inputs[0].modality"},
        BadCard{R"({"inputs": [{"modality": "image", "mean": [0, 0]}]})", "inputs[0].mean has 2 values"},
        BadCard{R"({"inputs": [{"modality": "image", "color": "gray", "std": [1, 1, 1]}]})",
                "inputs[0].std has 3 values"},
        BadCard{R"({"inputs": [{"std": [1, 0]}]})", "inputs[0].std[1] must be above 0"},
        BadCard{R"({"inputs": [{"divide_by": 0}]})", "inputs[0].divide_by must be above 0"},
        BadCard{R"({"inputs": [{"resize_ratio": 2}]})", "inputs[0].resize_ratio"},
        BadCard{R"({"outputs": [{"kind": "logit"}]})", "did you mean 'logits'?"},
        BadCard{R"({"outputs": [{"kind": "logits", "independent": "yes"}]})", "must be true or false, not a text"},
        BadCard{R"({"outputs": [{"independent": true}]})", "outputs[0].independent is true, and an output of kind"},
        BadCard{R"({"outputs": [{"class_axis": 0}]})", "outputs[0].class_axis is 0"},
        BadCard{R"({"outputs": [{"class_axis": "1"}]})", "outputs[0].class_axis must be a number, not a text"},
        BadCard{R"({"outputs": [{"labels": [1]}]})", "outputs[0].labels[0] must be a text, not a number"},
        BadCard{R"({"task": null})", "task must be a text, not null"},
        BadCard{R"({"notes": "x"})", "notes must be a list of texts"}));

const char* const kFull = R"({
  "task": "classification",
  "inputs": [{"name": "x", "modality": "image", "layout": "NHWC", "color": "BGR", "height": 20, "width": 30,
              "resize": "lanczos", "fit": "pad", "resize_ratio": 0.5, "divide_by": 127.5, "mean": [1, 2, 3],
              "std": [4, 5, 6.5]}],
  "outputs": [{"name": "y", "kind": "log-probabilities", "class_axis": -1, "labels": ["a", "b \"c\"", "ünïcode"],
               "independent": true}],
  "license": "MIT", "provenance": "here", "notes": ["one", "two"]})";

TEST(Card, KeepsEveryFieldWhenWrittenAndReadAgain) {
    for (const Card& card : {Card::parse(kFull, "a"), Card::parse(Card::parse(kFull, "a").to_json(), "b")}) {
        ASSERT_EQ(card.inputs.size(), 1U);
        const InputCard& input = card.inputs[0];
        EXPECT_EQ(card.task, "classification");
        EXPECT_EQ(input.name, "x");
        EXPECT_EQ(input.modality, Modality::kImage);
        EXPECT_EQ(input.layout, "NHWC");
        EXPECT_EQ(input.color, "BGR");
        EXPECT_EQ(input.height, 20);
        EXPECT_EQ(input.width, 30);
        EXPECT_EQ(input.resize, "lanczos");
        EXPECT_EQ(input.fit, "pad");
        EXPECT_EQ(input.resize_ratio, 0.5);
        EXPECT_EQ(input.divide_by, 127.5);
        EXPECT_EQ(input.mean, (std::vector<double>{1, 2, 3}));
        EXPECT_EQ(input.std, (std::vector<double>{4, 5, 6.5}));
        ASSERT_EQ(card.outputs.size(), 1U);
        EXPECT_EQ(card.outputs[0].kind, OutputKind::kLogProbabilities);
        EXPECT_EQ(card.outputs[0].class_axis, -1);
        EXPECT_TRUE(card.outputs[0].independent);
        EXPECT_EQ(card.outputs[0].labels, (std::vector<std::string>{"a", "b \"c\"", "ünïcode"}));
        EXPECT_EQ(card.license, "MIT");
        EXPECT_EQ(card.provenance, "here");
        EXPECT_EQ(card.notes, (std::vector<std::string>{"one", "two"}));
    }
}

TEST(Card, TakesLabelsFromAFileBesideIt) {
    const nets::Folder folder;
    const std::vector<std::string> expected{"cat", "dog"};
    struct Case {
        const char* name;
        const char* text;
    };
    for (const Case& each : {Case{"lines.txt", "cat\ndog\r\n\n"}, Case{"list.json", "[\"cat\", \"dog\"]"},
                             Case{"index.json", "{\"1\": \"dog\", \"0\": \"cat\"}"},
                             Case{"keras.json", "{\"0\": [\"n1\", \"cat\"], \"1\": [\"n2\", \"dog\"]}"}}) {
        static_cast<void>(folder.write(each.name, each.text));
        const auto file =
            folder.write("m.card.json", std::string(R"({"outputs": [{"labels": ")") + each.name + R"("}]})");
        EXPECT_EQ(Card::read(file).outputs[0].labels, expected) << each.name;
    }
    for (const char* text : {"", "[1]", "{\"5\": \"cat\"}", "{\"0\": 3}", "[\"cat\""}) {
        const auto file = folder.write("bad", text);
        EXPECT_NE(complaint([&] { static_cast<void>(model::read_labels(file)); }, ErrorCode::kUnreadable).find("bad"),
                  std::string::npos)
            << text;
    }
}

TEST(Card, SchemaNamesWhatTheReaderTakes) {
    std::ifstream file(std::string(PELLUCID_SOURCE_DIR) + "/docs/reference/card.schema.json");
    const auto schema = nlohmann::json::parse(file);
    const auto input = schema.at("$defs").at("input").at("properties");
    const auto output = schema.at("$defs").at("output").at("properties");
    const auto same = [](const nlohmann::json& listed, std::span<const std::string> names) {
        std::vector<std::string> known(names.begin(), names.end());
        known.erase(std::remove(known.begin(), known.end(), ""), known.end());
        EXPECT_EQ(listed.get<std::vector<std::string>>(), known);
    };
    same(input.at("modality").at("enum"), model::modality_names());
    same(input.at("layout").at("enum"), model::layout_names());
    same(input.at("color").at("enum"), model::color_names());
    same(input.at("resize").at("enum"), model::resize_names());
    same(input.at("fit").at("enum"), model::fit_names());
    same(output.at("kind").at("enum"), model::output_kind_names());
    // Every key that is written is described, and every key that is described is read.
    const auto written = nlohmann::json::parse(Card::parse(kFull, "a").to_json());
    const auto keys = [](const nlohmann::json& object) {
        std::set<std::string> names;
        for (const auto& [key, value] : object.items()) names.insert(key);
        return names;
    };
    EXPECT_EQ(keys(written.at("inputs")[0]), keys(input));
    EXPECT_EQ(keys(written.at("outputs")[0]), keys(output));
    auto top = keys(schema.at("properties"));
    top.erase("$schema");
    EXPECT_EQ(keys(written), top);
}

TEST(Card, IsHeldAgainstTheNetwork) {
    const nets::Folder folder;
    const auto net = nets::picture_net({-1, 3, 16, 16}, 4);
    struct Case {
        const char* card;
        const char* says;
    };
    int number = 0;
    for (const Case& each :
         {Case{R"({"inputs": [{"name": "xx"}]})", "no input 'xx'; did you mean 'x'?"},
          Case{R"({"outputs": [{"name": "z"}]})", "no output 'z'"},
          Case{R"({"inputs": [{"modality": "image", "height": 32, "width": 16}]})", "inputs[0].height is 32"},
          Case{R"({"inputs": [{"modality": "image", "layout": "NHWC"}]})", "inputs[0]"},
          Case{R"({"inputs": [{"modality": "image", "color": "gray"}]})", "1 channels"},
          Case{R"({"inputs": [{"modality": "image", "layout": "HW"}]})", "inputs[0].layout is HW"},
          Case{R"({"inputs": [{"name": "x"}, {"name": "x"}]})", "another entry"},
          Case{R"({"outputs": [{"class_axis": 2}]})", "outputs[0].class_axis is 2"},
          Case{R"({"outputs": [{"kind": "logits", "labels": ["a", "b"]}]})", "2 labels, and the network answers 4"}}) {
        const auto path = folder.save(net, "net" + std::to_string(number++), each.card);
        const std::string said = complaint([&] { static_cast<void>(nets::load(path)); }, ErrorCode::kUnreadable);
        EXPECT_NE(said.find(each.says), std::string::npos) << said;
    }
}

TEST(Card, DraftMarksItsGuessesAndIsReadBack) {
    const nets::Folder folder;
    const auto labels = folder.write("labels.txt", "a\nb\nc\nd\n");
    const Model model = nets::load(folder.save(nets::picture_net({-1, 3, 16, 16}, 4), "net"));
    struct Case {
        const char* preset;
        double divide;
        std::vector<double> mean, std;
        const char* fit;
    };
    for (const Case& each : {Case{"imagenet", 255.0, {0.485, 0.456, 0.406}, {0.229, 0.224, 0.225}, "crop"},
                             Case{"tf", 127.5, {1, 1, 1}, {1, 1, 1}, "stretch"}, Case{"unit", 255.0, {}, {}, "stretch"},
                             Case{"", 255.0, {}, {}, "stretch"}}) {
        const Card card = Card::parse(model::draft(model, each.preset, labels.string()).to_json(), "draft");
        EXPECT_EQ(card.inputs[0].layout, "NCHW");
        EXPECT_EQ(card.inputs[0].divide_by, each.divide) << each.preset;
        EXPECT_EQ(card.inputs[0].mean, each.mean) << each.preset;
        EXPECT_EQ(card.inputs[0].std, each.std) << each.preset;
        EXPECT_EQ(card.inputs[0].fit, each.fit) << each.preset;
        EXPECT_EQ(card.outputs[0].labels, (std::vector<std::string>{"a", "b", "c", "d"}));
        EXPECT_EQ(card.outputs[0].kind, OutputKind::kLogits);
        EXPECT_GE(std::count_if(card.notes.begin(), card.notes.end(),
                                [](const std::string& note) { return note.starts_with("guess: "); }),
                  3);
    }
    EXPECT_NE(
        complaint([&] { static_cast<void>(model::draft(model, "imagnet", "")); }, ErrorCode::kUsage).find("imagenet"),
        std::string::npos);
    const auto few = folder.write("few.txt", "a\nb\n");
    EXPECT_NE(complaint([&] { static_cast<void>(model::draft(model, "", few.string())); }, ErrorCode::kUsage)
                  .find("4 classes"),
              std::string::npos);
}

bool any_note(const Card& card, const std::string& part) {
    return std::any_of(card.notes.begin(), card.notes.end(),
                       [&](const std::string& note) { return note.find(part) != std::string::npos; });
}

TEST(Card, DraftKeepsNoGuessThatThePresetDecides) {
    const nets::Folder folder;
    const Model model = nets::load(folder.save(nets::picture_net({-1, 3, 16, 16}, 4), "net"));
    const Card guessed = model::draft(model, "", "");
    EXPECT_TRUE(any_note(guessed, "guess: 'x' is scaled to 0 to 1"));
    EXPECT_TRUE(any_note(guessed, "fit stretch"));
    for (const char* preset : {"imagenet", "tf", "unit"}) {
        const Card given = model::draft(model, preset, "");
        EXPECT_TRUE(any_note(given, "given: 'x' is scaled as preset " + std::string(preset))) << preset;
        EXPECT_FALSE(any_note(given, "scaled to 0 to 1")) << preset;
        EXPECT_EQ(any_note(given, ", fit "), std::string(preset) != "imagenet") << preset;
        EXPECT_TRUE(any_note(given, "guess: input 'x' is taken as a picture: NCHW, 16x16, RGB")) << preset;
    }
}

TEST(Card, DraftRefusesAPresetThatHasNoPixelsToScale) {
    const nets::Folder folder;
    const Model table = nets::load(folder.save(nets::linear(4, 3, 7).model(), "table"));
    EXPECT_NE(complaint([&] {
                  static_cast<void>(model::draft(table, "imagenet", ""));
              }).find("the network takes none: 'x' [-1, 4]"),
              std::string::npos);
    EXPECT_EQ(model::draft(table, "", "").inputs[0].modality, Modality::kTensor);
    const Model whole = nets::load(folder.save(nets::byte_picture_net(), "bytes"));
    EXPECT_EQ(model::draft(whole, "", "").inputs[0].divide_by, 1.0) << "whole pixels stay whole";
    EXPECT_NE(complaint([&] { static_cast<void>(model::draft(whole, "unit", "")); }).find("0 to 255"),
              std::string::npos);
}

TEST(Card, ImagenetsNamesComeFromTheDataFolder) {
    const nets::Folder folder;
    ASSERT_EQ(setenv("PELLUCID_DATA", folder.path.c_str(), 1), 0);
    static_cast<void>(folder.write("imagenet_labels.json", "[\"tench\", \"goldfish\"]"));
    EXPECT_EQ(model::labels_from("imagenet", {}), (std::vector<std::string>{"tench", "goldfish"}));
    unsetenv("PELLUCID_DATA");
}

}  // namespace
}  // namespace pellucid
