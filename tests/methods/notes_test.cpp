// What looks like a fault and is an answer is said, with the reason; and nothing is said where there is nothing to say.

#include <gtest/gtest.h>

#include "core/files.hpp"
#include "methods/small_models.hpp"
#include "pellucid/methods.hpp"

namespace pellucid {
namespace {

using testing::load_network;
using testing::sample;
using testing::TemporaryFolder;

using Options = std::map<std::string, std::string>;

class Notes : public ::testing::Test {
protected:
    /// All notes of a run, a line each.
    static std::string notes(const char* name, const Model& model, const Input& input, const Options& options,
                             const std::vector<Target>& targets = {Target::index(0)}) {
        Request request;
        request.model = &model;
        request.input = &input;
        request.targets = targets;
        request.score = Score::kLogit;
        request.options = options;
        std::string all;
        const Explanation last = run(method(name), request).back();
        for (const std::string& note : last.notes) {
            all += note + "\n";
        }
        return all;
    }
    static void expect_said(const std::string& all, const std::string& words, bool said = true) {
        EXPECT_EQ(all.find(words) != std::string::npos, said) << words << "\n--\n" << all;
    }
    const TemporaryFolder folder;
};

TEST_F(Notes, SmoothGradWithoutNoise) {
    const Model model = load_network(testing::two_layer_network("relu"), folder);
    const Input varied = sample({1, 4}, {0.5F, -1.0F, 2.0F, 4.0F});
    const Input constant = sample({1, 4}, {2.0F, 2.0F, 2.0F, 2.0F});
    const Options few{{"num_samples", "3"}};
    expect_said(notes("smoothgrad", model, constant, few), "one value everywhere");
    expect_said(notes("smoothgrad", model, varied, {{"num_samples", "3"}, {"noise_level", "0"}}), "noise_level is 0");
    expect_said(notes("smoothgrad", model, varied, few), "plain gradient", false);
}

/// A block would be filled up with copies of the one row, and each would be run.
TEST_F(Notes, OnlyMethodsOfManyRowsRunThemInBlocks) {
    const Model model = load_network(testing::two_layer_network("relu"), folder);
    const Input input = sample({1, 4}, {0.5F, -1.0F, 2.0F, 4.0F});
    const std::string words = "rows go in blocks";
    expect_said(notes("saliency", model, input, {}), words, false);
    expect_said(notes("input-x-gradient", model, input, {}), words, false);
    expect_said(notes("smoothgrad", model, input, {{"num_samples", "3"}}), words);
}

TEST_F(Notes, LimeOfFewSuperpixels) {
    const Model model = load_network(testing::two_layer_network("relu"), folder);
    const Input input = sample({1, 4}, {0.5F, -1.0F, 2.0F, 4.0F});
    const auto with = [&](const std::vector<float>& segments) {
        const auto file = folder.path() / "segments.npy";
        core::write_npy(file, Array(Shape{1, 4}, segments));
        return notes("lime", model, input, {{"segments", file.string()}, {"num_samples", "50"}});
    };
    expect_said(with({7, 7, 7, 7}), "there is 1 superpixel");
    expect_said(with({0, 0, 1, 1}), "there are 2 superpixels");
    expect_said(with({0, 0, 1, 2}), "tell one part", false);
}

TEST_F(Notes, AnAttributionOfNothing) {
    // The second class does not depend on the input at all.
    const Model model = load_network(testing::linear_network({{1.0F, 2.0F, 0, 0}, {0, 0, 0, 0}}, {0.0F, 1.0F}), folder);
    const Input input = sample({1, 4}, {0.5F, -1.0F, 2.0F, 4.0F});
    for (const char* name : {"saliency", "input-x-gradient", "integrated-gradients", "smoothgrad"}) {
        const std::string all = notes(name, model, input, {}, {Target::index(0), Target::index(1)});
        expect_said(all, "the attribution of 'class 1' is 0 everywhere: the gradient is 0");
        expect_said(all, "'class 0'", false);
    }
    expect_said(notes("occlusion", model, input, {}, {Target::index(1)}), "nothing that was covered moved it");
    expect_said(notes("saliency", model, input, {}), "0 everywhere", false);
}

TEST_F(Notes, AClassActivationMapOfNothing) {
    testing::CamNetwork cam = testing::cam_network();
    const Model model = load_network(cam.network, folder);
    // Negative values go through the second channel alone, whose weight for class 1 is positive, and positive ones through
    // the first, whose weight for class 1 is negative: a picture of positive values speaks against class 1 everywhere.
    const Input input = sample({1, 1, 6, 6}, std::vector<float>(36, 1.5F));
    expect_said(notes("grad-cam", model, input, {}, {Target::index(1)}), "nowhere in 'features'");
    expect_said(notes("grad-cam", model, input, {{"relu", "false"}}, {Target::index(1)}), "is empty", false);
    expect_said(notes("grad-cam", model, input, {}), "is empty", false);
}

}  // namespace
}  // namespace pellucid
