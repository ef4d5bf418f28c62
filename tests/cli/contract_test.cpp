// What scripts may rely on: keys of the JSON documents, the files of a run, exit codes, streams.

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include <nlohmann/json.hpp>

#include "cli/program.hpp"
#include "core/files.hpp"

namespace pellucid {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;
using testing::run_pellucid;

class Contract : public ::testing::Test {
protected:
    Contract() {
        std::string name = (fs::temp_directory_path() / "pellucid-contract-XXXXXX").string();
        folder = mkdtemp(name.data());
        std::vector<float> digit(28 * 28, -0.42F);
        for (int row = 4; row < 24; ++row) {
            digit[static_cast<std::size_t>(row) * 28 + 14] = 2.8F;
        }
        core::write_npy(folder / "digit.npy", Array(Shape{1, 1, 28, 28}, digit));
    }
    ~Contract() override {
        std::error_code ignored;
        fs::remove_all(folder, ignored);
    }
    void expect_keys(const json& document, const std::vector<std::string>& keys) const {
        for (const std::string& key : keys) {
            EXPECT_TRUE(document.contains(key)) << key << " is missing in " << document.dump().substr(0, 200);
        }
    }
    fs::path folder;
    const std::string digits = std::string(PELLUCID_ASSETS_DIR) + "/mnist_cnn.onnx";
    const std::string net = std::string(PELLUCID_ASSETS_DIR) + "/efficientnet_lite0.onnx";
    const std::string coffee = std::string(PELLUCID_ASSETS_DIR) + "/coffee.png";
};

TEST_F(Contract, ExplainPrintsWhatTheFilesSay) {
    const auto outcome = run_pellucid(
        {"explain", digits, "digit.npy", "--method", "saliency,integrated-gradients", "--output", "out", "--json"},
        {.folder = folder});
    ASSERT_EQ(outcome.code, 0) << outcome.err;
    const json documents = json::parse(outcome.out);
    ASSERT_EQ(documents.size(), 2U);
    for (const json& document : documents) {
        expect_keys(document, {"schema", "method", "options", "model", "targets", "baseline", "f_input", "evaluations",
                               "seconds", "seed", "versions", "card", "input", "machine", "time", "notes"});
        expect_keys(document.at("targets").at(0), {"index", "label", "score"});
        const fs::path file = folder / "out" / "digit" / document.at("method").get<std::string>() / "explanation.json";
        const auto bytes = core::read_whole(file);
        EXPECT_EQ(json::parse(reinterpret_cast<const char*>(bytes.data()),
                              reinterpret_cast<const char*>(bytes.data()) + bytes.size()),
                  document);
    }
    expect_keys(documents[1].at("completeness"), {"sum", "expected", "error"});
    expect_keys(documents[1], {"f_baseline"});
}

TEST_F(Contract, AttributionsHaveALeadingAxisOnlyForSeveralTargets) {
    const auto shape_for = [this](const std::string& target) {
        const auto outcome = run_pellucid(
            {"explain", digits, "digit.npy", "--method", "saliency", "--target", target, "--output", "out"},
            {.folder = folder});
        EXPECT_EQ(outcome.code, 0) << outcome.err;
        return core::read_npy(folder / "out" / "digit" / "saliency" / "attribution.npy").shape();
    };
    EXPECT_EQ(shape_for("top1"), (Shape{1, 1, 28, 28}));
    EXPECT_EQ(shape_for("top5"), (Shape{5, 1, 1, 28, 28}));
    EXPECT_EQ(shape_for("margin:1-7"), (Shape{1, 1, 28, 28}));
}

TEST_F(Contract, PicturesGetOverlaysAndNoneOfAnEarlierRunStays) {
    const auto explain = [this](const std::string& target) {
        return run_pellucid({"explain", net, coffee, "--method", "grad-cam", "--target", target, "--output", "out"},
                            {.folder = folder})
            .code;
    };
    const fs::path here = folder / "out" / "coffee" / "grad-cam";
    EXPECT_EQ(explain("espresso,tea cup"), 0);
    EXPECT_TRUE(fs::exists(here / "overlay-espresso.png"));
    EXPECT_TRUE(fs::exists(here / "overlay-tea-cup.png"));
    EXPECT_EQ(explain("espresso"), 0);
    EXPECT_TRUE(fs::exists(here / "overlay.png"));
    EXPECT_FALSE(fs::exists(here / "overlay-tea-cup.png"));
}

TEST_F(Contract, OneBadInputOfThreeIsSaidAndTheOthersGoOn) {
    fs::copy_file(folder / "digit.npy", folder / "other.npy");
    const auto outcome = run_pellucid({"explain", digits, "digit.npy", "nowhere.npy", "other.npy", "--method",
                                       "saliency", "--output", "out", "--quiet"},
                                      {.folder = folder});
    EXPECT_EQ(outcome.code, 3);
    EXPECT_EQ(outcome.error_lines().size(), 1U) << outcome.err;
    EXPECT_TRUE(fs::exists(folder / "out" / "digit" / "saliency" / "explanation.json"));
    EXPECT_TRUE(fs::exists(folder / "out" / "other" / "saliency" / "explanation.json"));
}

TEST_F(Contract, InspectAndMethodsTellWhatTheyPromise) {
    const auto inspected = run_pellucid({"inspect", digits, "--json"}, {.folder = folder});
    ASSERT_EQ(inspected.code, 0) << inspected.err;
    const json model = json::parse(inspected.out);
    expect_keys(model, {"format", "opset", "inputs", "outputs", "parameters", "macs", "ops", "methods"});
    EXPECT_EQ(model.at("inputs").at(0).at("shape"), (json{-1, 1, 28, 28}));
    expect_keys(model.at("methods").at(0), {"name", "admitted", "reason"});
    const auto listed = run_pellucid({"methods", "--json"}, {.folder = folder});
    const json methods = json::parse(listed.out);
    ASSERT_EQ(methods.size(), 7U);
    for (const json& method : methods) {
        expect_keys(method, {"name", "family", "needs", "inputs", "options", "cost", "source"});
        for (const json& option : method.at("options")) {
            expect_keys(option, {"name", "default", "doc"});
        }
    }
}

TEST_F(Contract, DefaultsOfMethodsAreWhatARunRecords) {
    const json methods = json::parse(run_pellucid({"methods", "--json"}, {.folder = folder}).out);
    const auto outcome = run_pellucid(
        {"explain", digits, "digit.npy", "--method", "saliency,integrated-gradients,smoothgrad,grad-cam,occlusion,lime",
         "--output", "out", "--json", "--quiet"},
        {.folder = folder});
    ASSERT_EQ(outcome.code, 0) << outcome.err;
    for (const json& document : json::parse(outcome.out)) {
        for (const json& method : methods) {
            for (const json& option : method.at("options")) {
                if (method.at("name") == document.at("method")) {
                    EXPECT_EQ(option.at("default"), document.at("options").at(option.at("name").get<std::string>()))
                        << method.at("name") << ": " << option;
                }
            }
        }
    }
    EXPECT_TRUE(methods.at(0).at("options").at(0).at("default").is_boolean());   // saliency's signed_gradient
}

TEST_F(Contract, ABlackBoxPrintsItsAnswersHighestFirst) {
    std::ofstream(folder / "box.py") << R"(import struct, sys
while head := sys.stdin.buffer.read(12):
    rank = struct.unpack("<4sII", head)[2]
    n = struct.unpack(f"<{rank}q", sys.stdin.buffer.read(8 * rank))[0]
    sys.stdin.buffer.read(struct.unpack("<Q", sys.stdin.buffer.read(8))[0])
    scores = struct.pack("<7f", .05, .5, .02, .3, .01, .08, .04) * n
    sys.stdout.buffer.write(struct.pack("<4sIIqqQ", b"PLT1", 1, 2, n, 7, len(scores)) + scores)
    sys.stdout.buffer.flush()
)";
    const auto outcome = run_pellucid({"explain", std::string("program:") + PELLUCID_PYTHON + " box.py", "digit.npy",
                                       "--shape", "1,28,28", "--method", "occlusion", "--output", "out"},
                                      {.folder = folder});
    ASSERT_EQ(outcome.code, 0) << outcome.err;
    std::size_t from = 0;
    for (const char* answer :
         {"class 1  (answer 0.5)", "class 3  (answer 0.3)", "class 5  (answer 0.08)", "class 0", "class 6"}) {
        const std::size_t at = outcome.out.find(answer, from);
        ASSERT_NE(at, std::string::npos) << answer << " in:\n" << outcome.out;
        from = at;
    }
    EXPECT_EQ(outcome.out.find("class 2"), std::string::npos) << "five answers were promised";
}

TEST_F(Contract, SeveralRunsSayWhoseAnErrorIs) {
    const auto outcome = run_pellucid({"explain", digits, "digit.npy", "--method", "saliency,occlusion", "--set",
                                       "occlusion.stride=99", "--output", "out", "--quiet"},
                                      {.folder = folder});
    EXPECT_EQ(outcome.code, 2);
    ASSERT_EQ(outcome.error_lines().size(), 1U) << outcome.err;
    EXPECT_TRUE(outcome.err.starts_with("pellucid: digit, occlusion: ")) << outcome.err;
}

TEST_F(Contract, PlanWritesNothing) {
    const auto outcome =
        run_pellucid({"explain", digits, "digit.npy", "--method", "occlusion", "--plan", "--json", "--output", "out"},
                     {.folder = folder});
    ASSERT_EQ(outcome.code, 0) << outcome.err;
    const json plan = json::parse(outcome.out).at(0);
    expect_keys(plan, {"evaluations", "at_most", "seconds", "peak_bytes"});
    EXPECT_EQ(plan.at("evaluations"), (json{{"forward", 731}, {"backward", 0}}));   // 27 x 27 windows, x, the target
    EXPECT_FALSE(fs::exists(folder / "out"));
}

TEST_F(Contract, StandardInputIsAnInput) {
    const auto bytes = core::read_whole(folder / "digit.npy");
    const auto outcome =
        run_pellucid({"explain", digits, "-", "--as", "npy", "--method", "saliency", "--output", "out"},
                     {.folder = folder, .standard_input = {reinterpret_cast<const char*>(bytes.data()), bytes.size()}});
    EXPECT_EQ(outcome.code, 0) << outcome.err;
    EXPECT_TRUE(fs::exists(folder / "out" / "stdin" / "saliency" / "attribution.npy"));
}

TEST_F(Contract, TheSameSeedGivesTheSameBytesForAnyNumberOfThreads) {
    for (const char* threads : {"1", "2", "4"}) {
        const auto outcome = run_pellucid({"explain", digits, "digit.npy", "--method", "smoothgrad", "--threads",
                                           threads, "--output", std::string("out") + threads},
                                          {.folder = folder});
        ASSERT_EQ(outcome.code, 0) << outcome.err;
        const std::string file = "digit/smoothgrad/attribution.npy";
        EXPECT_EQ(core::sha256_file(folder / (std::string("out") + threads) / file),
                  core::sha256_file(folder / "out1" / file));
    }
}

}  // namespace
}  // namespace pellucid
