// Bad input: each gets one line on stderr and its exit code, and nothing is left half-written.

#include <gtest/gtest.h>

#include <algorithm>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <limits>
#include <set>

#include "cli/program.hpp"
#include "core/files.hpp"

namespace pellucid {
namespace {

namespace fs = std::filesystem;

const fs::path kAssets = PELLUCID_ASSETS_DIR;

/// A folder with good and bad files, made once; every case runs in it.
class BadInputs {
public:
    BadInputs() {
        std::string name = (fs::temp_directory_path() / "pellucid-bad-XXXXXX").string();
        folder = mkdtemp(name.data());
        copy("mnist_cnn.onnx", "digits.onnx");
        copy("mnist_cnn.card.json", "digits.card.json");
        copy("efficientnet_lite0.onnx", "net.onnx");
        copy("efficientnet_lite0.card.json", "net.card.json");
        copy("imagenet_labels.json", "imagenet_labels.json");
        copy("coffee.png", "coffee.png");
        truncated("digits.onnx", "cut.onnx", 900000);
        truncated("coffee.png", "cut.png", 20000);
        text("words.png", "this is no picture\n");
        text("words.onnx", "this is no network\n");
        text("empty.png", "");
        text("empty.onnx", "");
        text("bad.card.json", R"({"inputs": [{"meen": [0]}]})");
        text("cut.card.json", R"({"inputs": [)");
        text("file-in-the-way", "here I stand\n");
        text("note.wav", "RIFF");
        fs::create_directory(folder / "folder.onnx");
        std::vector<float> values(28 * 28, 0.0F);
        core::write_npy(folder / "digit.npy", Array(Shape{1, 1, 28, 28}, values));
        core::write_npy(folder / "rank.npy", Array(Shape{28, 28, 1, 1, 1}, values));
        core::write_npy(folder / "batch.npy", Array(Shape{2, 1, 28, 28}));
        core::write_npy(folder / "none.npy", Array(Shape{1, 1, 0, 28}));
        values[5] = std::numeric_limits<float>::quiet_NaN();
        core::write_npy(folder / "nan.npy", Array(Shape{1, 1, 28, 28}, values));
        truncated("digit.npy", "cut.npy", 300);
    }
    ~BadInputs() {
        std::error_code ignored;
        fs::remove_all(folder, ignored);
    }
    fs::path folder;

private:
    void copy(const std::string& asset, const std::string& name) { fs::copy_file(kAssets / asset, folder / name); }
    void text(const std::string& name, const std::string& content) { std::ofstream(folder / name) << content; }
    void truncated(const std::string& from, const std::string& to, std::uintmax_t size) {
        fs::copy_file(folder / from, folder / to);
        fs::resize_file(folder / to, size);
    }
};

const BadInputs& bad_inputs() {
    static const BadInputs inputs;
    return inputs;
}

struct BadCase {
    const char* name;
    std::vector<std::string> arguments;
    int code;
    const char* says;   ///< part of the line on stderr
};

void PrintTo(const BadCase& bad, std::ostream* out) { *out << bad.name; }

class BadInput : public ::testing::TestWithParam<BadCase> {};

/// All files of a folder by their paths in it; what is cached may come and go.
std::set<std::string> files_in(const fs::path& folder) {
    std::set<std::string> names;
    std::error_code missing;
    for (const auto& entry : fs::recursive_directory_iterator(folder, missing)) {
        const std::string name = fs::relative(entry.path(), folder).string();
        if (entry.is_regular_file() && !name.starts_with("cache/")) {
            names.insert(name);
        }
    }
    return names;
}

TEST_P(BadInput, GetsOneLineAndItsExitCode) {
    const fs::path folder = bad_inputs().folder;
    const std::set<std::string> before = files_in(folder);
    const testing::Outcome outcome = testing::run_pellucid(GetParam().arguments, {.folder = folder});
    EXPECT_EQ(outcome.code, GetParam().code) << outcome.err;
    const auto lines = outcome.error_lines();
    ASSERT_EQ(lines.size(), 1U) << outcome.err;
    EXPECT_TRUE(lines.front().starts_with("pellucid: ")) << outcome.err;
    EXPECT_NE(lines.back().find(GetParam().says), std::string::npos) << lines.back();
    EXPECT_EQ(files_in(folder), before) << "something was written";
    EXPECT_FALSE(fs::exists(folder / "out")) << "a folder was made for nothing";
}

std::vector<std::string> explain(const std::string& model, const std::string& input,
                                 std::vector<std::string> more = {}) {
    std::vector<std::string> arguments{"explain", model, input, "--output", "out"};
    if (std::find(more.begin(), more.end(), "--method") == more.end()) {
        more.insert(more.end(), {"--method", "saliency"});
    }
    arguments.insert(arguments.end(), more.begin(), more.end());
    return arguments;
}

INSTANTIATE_TEST_SUITE_P(
    Table, BadInput,
    ::testing::Values(
        BadCase{"NoVerb", {}, 2, "--help"}, BadCase{"UnknownVerb", {"explian"}, 2, "explain"},
        BadCase{"UnknownOption", explain("digits.onnx", "digit.npy", {"--metod", "lime"}), 2, "--method"},
        BadCase{"NoInput", {"explain", "digits.onnx", "--method", "saliency"}, 2, "INPUT"},
        BadCase{"NoMethod", {"explain", "digits.onnx", "digit.npy"}, 2, "--method"},
        BadCase{"UnknownMethod", explain("digits.onnx", "digit.npy", {"--method", "gradcam"}), 2, "grad-cam"},
        BadCase{"MethodTwice", explain("digits.onnx", "digit.npy", {"--method", "lime,lime"}), 2, "twice"},
        BadCase{"MissingModel", explain("nowhere.onnx", "digit.npy"), 3, "nowhere.onnx"},
        BadCase{"ModelIsAFolder", explain("folder.onnx", "digit.npy"), 3, "folder.onnx"},
        BadCase{"EmptyModel", explain("empty.onnx", "digit.npy"), 3, "empty.onnx"},
        BadCase{"TruncatedModel", explain("cut.onnx", "digit.npy"), 3, "cut.onnx"},
        BadCase{"TextAsModel", explain("words.onnx", "digit.npy"), 3, "words.onnx"},
        BadCase{"MissingInput", explain("digits.onnx", "nowhere.npy"), 3, "nowhere.npy"},
        BadCase{"TextAsPicture", explain("net.onnx", "words.png"), 3, "words.png"},
        BadCase{"EmptyPicture", explain("net.onnx", "empty.png"), 3, "empty.png"},
        BadCase{"TruncatedPicture", explain("net.onnx", "cut.png"), 3, "cut.png"},
        BadCase{"TruncatedArray", explain("digits.onnx", "cut.npy"), 3, "cut.npy"},
        BadCase{"WrongRank", explain("digits.onnx", "rank.npy"), 3, "[28, 28, 1, 1, 1]"},
        BadCase{"SeveralSamples", explain("digits.onnx", "batch.npy"), 3, "[2, 1, 28, 28]"},
        BadCase{"ZeroSize", explain("digits.onnx", "none.npy"), 3, "none.npy"},
        BadCase{"NotFinite", explain("digits.onnx", "nan.npy"), 3, "nan.npy"},
        BadCase{"SoundForAPicture", explain("digits.onnx", "note.wav"), 4, "wav"},
        BadCase{"UnknownKeyInCard", explain("digits.onnx", "digit.npy", {"--card", "bad.card.json"}), 3, "mean"},
        BadCase{"TruncatedCard", explain("digits.onnx", "digit.npy", {"--card", "cut.card.json"}), 3, "cut.card.json"},
        BadCase{"UnknownLabel", explain("net.onnx", "coffee.png", {"--target", "expresso"}), 2, "espresso"},
        BadCase{"EmptyTarget", explain("digits.onnx", "digit.npy", {"--target", ""}), 2, "target"},
        BadCase{"EmptyScore", explain("digits.onnx", "digit.npy", {"--score", ""}), 2, "score"},
        BadCase{"EmptyBudget", explain("digits.onnx", "digit.npy", {"--budget", ""}), 2, "(30s, 5min)"},
        BadCase{"EmptyCard", explain("digits.onnx", "digit.npy", {"--card", ""}), 2, "--card: the text is empty"},
        BadCase{"EmptyAs", explain("digits.onnx", "digit.npy", {"--as", ""}), 2, "--as: the text is empty"},
        BadCase{"EmptyShape", explain("program:cat", "digit.npy", {"--method", "occlusion", "--shape", ""}), 2,
                "--shape: the text is empty"},
        BadCase{"EmptyDevice", explain("digits.onnx", "digit.npy", {"--device", ""}), 2, "--device: the text is empty"},
        BadCase{"EmptyOutput",
                {"explain", "digits.onnx", "digit.npy", "--method", "saliency", "--output", ""},
                2,
                "--output: the text is empty"},
        BadCase{"EmptyCardOfInspect", {"inspect", "digits.onnx", "--card", ""}, 2, "--card: the text is empty"},
        BadCase{"EmptyOutputOfCard", {"card", "digits.onnx", "--output", ""}, 2, "--output: the text is empty"},
        BadCase{"EmptyLabelsOfCard",
                {"card", "digits.onnx", "--labels", "", "--output", "-"},
                2,
                "--labels: the text is empty"},
        BadCase{"IndexOutOfRange", explain("digits.onnx", "digit.npy", {"--target", "10"}), 2, "9"},
        BadCase{"UnknownScore", explain("digits.onnx", "digit.npy", {"--score", "logits"}), 2, "logit"},
        BadCase{"UnknownLayer",
                explain("net.onnx", "coffee.png", {"--method", "grad-cam", "--set", "layer=head/relu7"}), 2,
                "head/relu6"},
        BadCase{"UnknownSetting", explain("digits.onnx", "digit.npy", {"--method", "occlusion", "--set", "windw=3"}), 2,
                "window"},
        BadCase{"SettingOfAnotherMethod", explain("digits.onnx", "digit.npy", {"--set", "lime.num_samples=3"}), 2,
                "lime"},
        BadCase{
            "SettingTwice",
            explain("digits.onnx", "digit.npy", {"--method", "occlusion", "--set", "window=3", "--set", "window=5"}), 2,
            "twice"},
        BadCase{"SettingWithoutValue", explain("digits.onnx", "digit.npy", {"--set", "window"}), 2, "KEY=VALUE"},
        BadCase{"SettingOutOfRange",
                explain("digits.onnx", "digit.npy", {"--method", "smoothgrad", "--set", "num_samples=0"}), 2,
                "from 1 to"},
        BadCase{
            "StrideBeyondWindow",
            explain("digits.onnx", "digit.npy", {"--method", "occlusion", "--set", "window=3", "--set", "stride=5"}), 2,
            "stride"},
        BadCase{"OutputIsAFile",
                {"explain", "digits.onnx", "digit.npy", "--method", "saliency", "--output", "file-in-the-way"},
                2,
                "file-in-the-way"},
        BadCase{"BudgetOfNothing", explain("digits.onnx", "digit.npy", {"--budget", "0s"}), 2, "--budget"},
        BadCase{"BudgetWithoutUnit", explain("digits.onnx", "digit.npy", {"--budget", "3.5"}), 2, "30s"},
        BadCase{"ExpiredBudget",
                explain("net.onnx", "coffee.png", {"--method", "integrated-gradients", "--budget", "3"}), 5, "budget"},
        BadCase{"NegativeSeed", explain("digits.onnx", "digit.npy", {"--seed", "-1"}), 2,
                "--seed: '-1' is no whole number from 0 to 18446744073709551615;"},
        BadCase{"UnknownPrecision", explain("digits.onnx", "digit.npy", {"--precision", "f8"}), 2, "f8"},
        BadCase{"UnknownDevice", explain("digits.onnx", "digit.npy", {"--device", "TOASTER"}), 4, "it can use: CPU"},
        BadCase{"BudgetOfWords", explain("digits.onnx", "digit.npy", {"--budget", "abc"}), 2, "(30s, 5min)"},
        BadCase{"MemoryOfWords", explain("digits.onnx", "digit.npy", {"--memory", "abc"}), 2, "such as 2GiB"},
        BadCase{"MemoryOfNoUnit", explain("digits.onnx", "digit.npy", {"--memory", "2QiB"}), 2, "such as 2GiB"},
        BadCase{"ThreadsOfWords", explain("digits.onnx", "digit.npy", {"--threads", "abc"}), 2,
                "--threads: 'abc' is no whole number from 0 to 1024;"},
        BadCase{"ThreadsBeyondAny", explain("digits.onnx", "digit.npy", {"--threads", "1025"}), 2, "from 0 to 1024"},
        BadCase{"FillOutsideThePicture",
                explain("net.onnx", "coffee.png", {"--method", "lime", "--set", "fill=300", "--quiet"}), 2,
                "from 0 to 255"},
        BadCase{"TextForAPicture", {"explain", "digits.onnx", "--text", "words", "--method", "saliency"}, 4, "texts"},
        BadCase{"InspectNothing", {"inspect", "nowhere.onnx"}, 3, "nowhere.onnx"},
        BadCase{"CardInTheWay", {"card", "digits.onnx", "--preset", "unit"}, 2, "--force"},
        BadCase{"UnknownPreset", {"card", "digits.onnx", "--preset", "caffe"}, 2, "caffe"},
        BadCase{"MethodsOfNoName", {"methods", "shap"}, 2, "shap"},
        BadCase{"BlackBoxHasNoGradient", explain("program:cat", "digit.npy", {"--shape", "1,28,28"}), 4, "occlusion"}),
    [](const ::testing::TestParamInfo<BadCase>& each) { return std::string(each.param.name); });

/// Reads what must be whole; names that no finished run has belong to a writer that was killed, and are not looked at.
int expect_whole(const fs::path& folder, const std::set<std::string>& finished) {
    int whole = 0;
    for (const std::string& name : files_in(folder)) {
        const fs::path file = folder / name;
        if (finished.count(name) == 0) {
            EXPECT_TRUE(file.filename().string().starts_with(".")) << name << " is no file of a finished run";
            continue;
        }
        ++whole;
        if (file.extension() == ".npy") {
            EXPECT_NO_THROW(static_cast<void>(core::read_npy(file))) << file;
        } else {
            const auto bytes = core::read_whole(file);   // a document ends with the end of its line
            EXPECT_TRUE(!bytes.empty() && static_cast<char>(bytes.back()) == '\n') << file;
        }
    }
    return whole;
}

TEST(KilledRun, LeavesWholeFilesOrNone) {
    const BadInputs own;   // a kill may leave a temporary behind, which no other case should see
    const auto arguments = [](const std::string& output) {
        return std::vector<std::string>{
            "explain",  "digits.onnx", "digit.npy", "--method", "saliency,smoothgrad,occlusion,integrated-gradients",
            "--output", output};
    };
    ASSERT_EQ(testing::run_pellucid(arguments("whole"), {.folder = own.folder}).code, 0);
    const std::set<std::string> finished = files_in(own.folder / "whole");
    ASSERT_FALSE(finished.empty());
    // Killed as each file of a finished run comes into sight, and a little later: while the next is made or written.
    int left = 0, number = 0;
    for (const std::string& name : finished) {
        const std::string output = "killed-" + std::to_string(number);
        const testing::Outcome outcome =
            testing::run_pellucid(arguments(output), {.folder = own.folder,
                                                      .kill_at = own.folder / output / name,
                                                      .kill_after = std::chrono::milliseconds(number % 3)});
        ++number;
        const int whole = expect_whole(own.folder / output, finished);
        left += outcome.code == 128 + SIGKILL && whole > 0 ? 1 : 0;
    }
    EXPECT_GT(left, 0) << "no run was killed with files already there: nothing was tried";
}

TEST(InterruptedRun, KeepsWhatIsFinishedAndEndsWith130) {
    const fs::path folder = bad_inputs().folder;
    const fs::path finished = fs::path("kept") / "coffee" / "grad-cam" / "explanation.json";
    const testing::Outcome outcome =
        testing::run_pellucid({"explain", "net.onnx", "coffee.png", "--method", "grad-cam,lime", "--set",
                               "num_samples=100000000", "--output", "kept"},
                              {.folder = folder, .interrupt_at = folder / finished});
    EXPECT_EQ(outcome.code, 130) << outcome.err;
    EXPECT_TRUE(fs::exists(folder / finished));
}

}  // namespace
}  // namespace pellucid
