// What a run tells of its answers, where it tells it, and how it ends when somebody stops reading or the disk is full.

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>

#include <nlohmann/json.hpp>

#include "cli/program.hpp"
#include "core/files.hpp"

namespace pellucid {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;
using testing::Outcome;
using testing::run_pellucid;

std::string join(const Shape& shape, const std::string& before, const std::string& after) {
    std::string text;
    for (const std::int64_t extent : shape) {
        text += before + std::to_string(extent) + after;
    }
    return text;
}

/// A layer of OpenVINO's IR: its number, the operation's name and attributes, the shapes that go in and out.
std::string layer(int id, const std::string& operation, const Shape& in, const Shape& out) {
    const auto port = [](int number, const Shape& shape, const std::string& name) {
        return "<port id=\"" + std::to_string(number) + "\" precision=\"FP32\"" + name + ">" +
               join(shape, "<dim>", "</dim>") + "</port>";
    };
    const std::string name = id == 0 ? "x" : id == 1 ? "y" : "result";
    return "<layer id=\"" + std::to_string(id) + "\" name=\"" + name + "\" " + operation +
           (in.empty() ? "" : "<input>" + port(0, in, "") + "</input>") +
           (out.empty() ? "" : "<output>" + port(1, out, " names=\"" + name + "\"") + "</output>") + "</layer>";
}

/// Networks of one operation, written as text: no weights are needed.
class Results : public ::testing::Test {
protected:
    Results() {
        std::string name = (fs::temp_directory_path() / "pellucid-results-XXXXXX").string();
        folder = mkdtemp(name.data());
    }
    ~Results() override {
        std::error_code ignored;
        fs::remove_all(folder, ignored);
    }
    void network(const std::string& name, const std::string& operation, const Shape& in, const Shape& out) const {
        std::string extents = join(in, ",", "").substr(1);
        std::ofstream(folder / (name + ".bin"));
        std::ofstream(folder / (name + ".xml"))
            << R"(<?xml version="1.0"?><net name="net" version="11"><layers>)"
            << layer(0, R"(type="Parameter" version="opset1"><data shape=")" + extents + R"(" element_type="f32"/>)",
                     {}, in)
            << layer(1, operation, in, out) << layer(2, R"(type="Result" version="opset1">)", out, {})
            << R"(</layers><edges><edge from-layer="0" from-port="1" to-layer="1" to-port="0"/>)"
            << R"(<edge from-layer="1" from-port="1" to-layer="2" to-port="0"/></edges></net>)";
    }
    /// A softmax of four values, and two inputs: one at which it is even, one at which it is sure of class 1.
    void four_classes() const {
        network("four", R"(type="SoftMax" version="opset8"><data axis="1"/>)", {1, 4}, {1, 4});
        core::write_npy(folder / "even.npy", Array(Shape{1, 4}));
        core::write_npy(folder / "sure.npy", Array(Shape{1, 4}, {0.0F, 9.0F, 0.0F, 0.0F}));
    }
    [[nodiscard]] Outcome run(const std::vector<std::string>& arguments) const {
        return run_pellucid(arguments, {.folder = folder});
    }
    [[nodiscard]] json document(const std::string& path) const {
        std::ifstream file(folder / path / "explanation.json");
        return json::parse(file);
    }
    fs::path folder;
};

bool says(const std::string& text, const std::string& words) { return text.find(words) != std::string::npos; }

std::size_t times(const std::string& text, const std::string& words) {
    std::size_t count = 0;
    for (std::size_t at = text.find(words); at != std::string::npos; at = text.find(words, at + 1)) {
        ++count;
    }
    return count;
}

TEST_F(Results, AnAnswerAtChanceIsToldOnceAndStandsInTheNotes) {
    four_classes();
    const std::string warning = "no surer than chance";
    const Outcome outcome =
        run({"explain", "four.xml", "even.npy", "sure.npy", "--method", "saliency,occlusion", "--output", "out"});
    ASSERT_EQ(outcome.code, 0) << outcome.err;
    EXPECT_EQ(times(outcome.out, warning), 1U) << "with the answers of the input that is at chance";
    EXPECT_EQ(times(outcome.err, warning), 0U) << "said a second time";
    for (const char* method : {"saliency", "occlusion"}) {
        for (const char* input : {"even", "sure"}) {
            const std::string notes = document(std::string("out/") + input + "/" + method).at("notes").dump();
            EXPECT_EQ(says(notes, warning), input == std::string("even")) << input << ", " << method << ": " << notes;
        }
    }
}

TEST_F(Results, QuietSilencesStandardErrorAlone) {
    four_classes();
    const std::vector<std::string> arguments{"explain",  "four.xml", "sure.npy", "--method",
                                             "saliency", "--output", "out",      "--quiet"};
    const Outcome outcome = run(arguments);
    ASSERT_EQ(outcome.code, 0) << outcome.err;
    EXPECT_TRUE(says(outcome.out, "class 1  (1, output 0.99")) << outcome.out;
    EXPECT_EQ(outcome.err, "");
    for (const char* other : {"--json", "--plan"}) {
        std::vector<std::string> more = arguments;
        more.emplace_back(other);
        const Outcome silent = run(more);
        EXPECT_FALSE(says(silent.out, "(1, output")) << "answers among the results of " << other;
        EXPECT_EQ(silent.err, "") << other;
    }
}

TEST_F(Results, NoAnswersAreNoSilence) {
    network("flat", R"(type="Squeeze" version="opset1">)", {1, 4}, {4});   // an output without a batch axis
    core::write_npy(folder / "row.npy", Array(Shape{1, 4}, {0.1F, 0.9F, -0.3F, 0.5F}));
    const Outcome outcome =
        run({"explain", "flat.xml", "row.npy", "--method", "saliency", "--target", "1", "--output", "out"});
    ASSERT_EQ(outcome.code, 0) << outcome.err;
    EXPECT_TRUE(says(outcome.out, "no list of answers: output 'y' [4] has no axis of classes")) << outcome.out;
    network("values", R"(type="Tanh" version="opset1">)", {1, 4}, {1, 4});
    std::ofstream(folder / "values.card.json") << R"({"outputs": [{"name": "y", "kind": "other"}]})";
    const Outcome values =
        run({"explain", "values.xml", "row.npy", "--method", "saliency", "--target", "1", "--output", "out"});
    ASSERT_EQ(values.code, 0) << values.err;
    EXPECT_TRUE(says(values.out, "no list of answers: output 'y' [1, 4] is taken as values")) << values.out;
}

TEST_F(Results, ASumUnderAMaskSaysThatItIsOne) {
    network("dense", R"(type="SoftMax" version="opset8"><data axis="1"/>)", {1, 2, 4, 5}, {1, 2, 4, 5});
    core::write_npy(folder / "grid.npy", Array(Shape{1, 2, 4, 5}));
    core::write_npy(folder / "mask.npy", Array(Shape{4, 5}, std::vector<float>(20, 1.0F)));
    const Outcome outcome = run({"explain", "dense.xml", "grid.npy", "--method", "saliency", "--target",
                                 "mask:mask.npy@1", "--score", "probability", "--output", "out"});
    ASSERT_EQ(outcome.code, 0) << outcome.err;
    EXPECT_TRUE(says(outcome.out, "probability 10 (sum over 20 of 40 values)")) << outcome.out;   // 20 halves
}

/// The network has no layer for grad-cam (4), and class 77 is not among its four (2).
TEST_F(Results, TheFirstErrorDecidesTheExitCode) {
    four_classes();
    const auto ends = [this](const std::string& methods, const std::string& target) {
        return run({"explain", "four.xml", "sure.npy", "--method", methods, "--target", target, "--output", "out",
                    "--json", "--quiet"});
    };
    for (const char* methods : {"grad-cam,occlusion", "occlusion,grad-cam"}) {
        const Outcome both = ends(methods, "77");
        EXPECT_EQ(both.code, 4) << methods;   // what a model does not admit is told before anything runs
        EXPECT_EQ(both.out, "[]\n");
        const auto lines = both.error_lines();
        ASSERT_EQ(lines.size(), 2U) << both.err;
        EXPECT_TRUE(says(lines[0], "grad-cam")) << both.err;
        EXPECT_TRUE(says(lines[1], "sure, occlusion: ")) << both.err;
    }
    const Outcome none = ends("grad-cam,lime", "1");   // neither is admitted, in the order in which they were named
    EXPECT_EQ(none.code, 4);
    EXPECT_EQ(none.out, "[]\n");
    ASSERT_EQ(none.error_lines().size(), 2U) << none.err;
    EXPECT_TRUE(says(none.error_lines()[0], "grad-cam") && says(none.error_lines()[1], "lime")) << none.err;
    const Outcome one = ends("occlusion", "77");
    EXPECT_EQ(one.code, 2);
    EXPECT_EQ(one.out, "[]\n");
    const Outcome half = ends("grad-cam,occlusion", "1");
    EXPECT_EQ(half.code, 4);
    EXPECT_EQ(json::parse(half.out).size(), 1U);
}

/// Verbs whose results are written piece by piece and at once.
std::vector<std::vector<std::string>> verbs() {
    return {{"inspect", "four.xml"},
            {"inspect", "four.xml", "--json"},
            {"methods"},
            {"methods", "--json"},
            {"methods", "lime"},
            {"completion", "bash"},
            {"--help"},
            {"--version"},
            {"card", "four.xml", "--output", "-"},
            {"explain", "four.xml", "sure.npy", "--method", "saliency", "--output", "out", "--quiet"},
            {"explain", "four.xml", "sure.npy", "--method", "saliency", "--output", "out", "--quiet", "--json"}};
}

TEST_F(Results, AReaderThatLeavesEndsThemQuietly) {
    four_classes();
    for (const auto& verb : verbs()) {
        const Outcome outcome = run_pellucid(verb, {.folder = folder, .reader_leaves = true});
        EXPECT_EQ(outcome.code, 0) << verb.front() << ": " << outcome.err;
        EXPECT_EQ(outcome.err, "") << verb.front();
    }
    EXPECT_TRUE(fs::exists(folder / "out" / "sure" / "saliency" / "explanation.json")) << "files are results too";
}

TEST_F(Results, AFullDiskIsOneLine) {
    four_classes();
    for (const auto& verb : verbs()) {
        const Outcome outcome = run_pellucid(verb, {.folder = folder, .standard_output = "/dev/full"});
        EXPECT_EQ(outcome.code, 2) << verb.front();
        EXPECT_EQ(outcome.err, "pellucid: cannot write to standard output (No space left on device)\n") << verb.front();
    }
}

/// Escape sequences, of one byte and of two, a bell, a line's end: in a label of the card and in the file's name.
TEST_F(Results, LabelsAndNamesDoNotSteerTheTerminal) {
    four_classes();
    std::ofstream(folder / "four.card.json")
        << R"({"outputs": [{"name": "y", "kind": "probabilities", "class_axis": 1,)"
        << R"( "labels": ["a\u001b[31m", "b\nc", "\u009b2Jd", "e\u0007"]}]})";
    fs::copy_file(folder / "sure.npy", folder / "\x1b[2J.npy");
    const Outcome outcome = run({"explain", "four.xml", "\x1b[2J.npy", "--method", "saliency,occlusion", "--target",
                                 "0,1,2,3", "--output", "out"});
    ASSERT_EQ(outcome.code, 0) << outcome.err;
    for (const std::string& text : {outcome.out, outcome.err}) {
        const auto steers = [](unsigned char letter) { return (letter < 0x20 && letter != '\n') || letter == 0x7F; };
        EXPECT_TRUE(std::none_of(text.begin(), text.end(), steers)) << text;
        EXPECT_EQ(text.find("\xc2\x9b"), std::string::npos) << text;
    }
    for (const char* shown : {"a?[31m", "b c", "?2Jd", "e?", "?[2J.npy"}) {
        EXPECT_TRUE(says(outcome.out, shown)) << shown << " in " << outcome.out;
    }
}

TEST_F(Results, MethodsMayStandWithBlanks) {
    four_classes();
    const Outcome outcome =
        run({"explain", "four.xml", "sure.npy", "--method", " saliency, occlusion ", "--output", "out", "--json"});
    ASSERT_EQ(outcome.code, 0) << outcome.err;
    EXPECT_EQ(json::parse(outcome.out).size(), 2U);
}

}  // namespace
}  // namespace pellucid
