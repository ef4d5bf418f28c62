#include "cli/bad_inputs.hpp"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <algorithm>
#include <fstream>
#include <limits>

#include "cli/program.hpp"
#include "core/files.hpp"

namespace pellucid::testing {

namespace {

namespace fs = std::filesystem;

const fs::path kAssets = PELLUCID_ASSETS_DIR;
const fs::path kHostile = fs::path(PELLUCID_SOURCE_DIR) / "tests/cli/hostile";

std::string repeated(const std::string& text, int times) {
    std::string all;
    for (int at = 0; at < times; ++at) {
        all += text;
    }
    return all;
}

}  // namespace

BadInputs::BadInputs() {
    std::string name = (fs::temp_directory_path() / "pellucid-bad-XXXXXX").string();
    folder = mkdtemp(name.data());
    for (const auto& entry : fs::directory_iterator(kHostile)) {
        if (entry.path().extension() != ".py") {
            fs::copy_file(entry.path(), folder / entry.path().filename());
        }
    }
    models();
    pictures();
    arrays();
    cards();
    no_files();
}

BadInputs::~BadInputs() {
    std::error_code ignored;
    fs::remove_all(folder, ignored);
}

void BadInputs::models() const {
    asset("mnist_cnn.onnx", "digits.onnx");
    asset("mnist_cnn.card.json", "digits.card.json");
    asset("efficientnet_lite0.onnx", "net.onnx");
    asset("efficientnet_lite0.card.json", "net.card.json");
    asset("imagenet_labels.json", "imagenet_labels.json");
    truncated("digits.onnx", "cut.onnx", 900000);
    text("words.onnx", "this is no network\n");
    text("empty.onnx", "");
    text("no_weights.xml", "<net name=\"net\" version=\"11\"></net>\n");
    fs::create_directory(folder / "folder.onnx");
}

void BadInputs::pictures() const {
    asset("coffee.png", "coffee.png");
    truncated("coffee.png", "cut.png", 20000);
    text("words.png", "this is no picture\n");
    text("empty.png", "");
    text("note.wav", "RIFF");
    text("file-in-the-way", "here I stand\n");
}

void BadInputs::arrays() const {
    std::vector<float> values(28 * 28, -0.42F);
    for (std::size_t row = 4; row < 24; ++row) {
        values[row * 28 + 14] = 2.8F;
    }
    core::write_npy(folder / "digit.npy", Array(Shape{1, 1, 28, 28}, values));
    core::write_npy(folder / "rank.npy", Array(Shape{28, 28, 1, 1, 1}, values));
    core::write_npy(folder / "batch.npy", Array(Shape{2, 1, 28, 28}));
    core::write_npy(folder / "none.npy", Array(Shape{1, 1, 0, 28}));
    values[5] = std::numeric_limits<float>::quiet_NaN();
    core::write_npy(folder / "nan.npy", Array(Shape{1, 1, 28, 28}, values));
    truncated("digit.npy", "cut.npy", 300);
    text("empty.npy", "");
}

void BadInputs::cards() const {
    text("bad.card.json", R"({"inputs": [{"meen": [0]}]})");
    text("cut.card.json", R"({"inputs": [)");
    text("deep.card.json", repeated("[", 200'000));
    text("deeper.card.json", repeated(R"({"inputs":)", 100'000));
    text("tall.card.json", R"({"inputs": [{"height": "tall"}]})");
    text("object.card.json", R"({"inputs": {"name": "input"}})");
    text("null.card.json", "null");
    text("huge.card.json", R"({"inputs": [{"height": 1e300}]})");
    text("infinite.card.json", R"({"inputs": [{"divide_by": 1e999}]})");
    text("bytes.card.json", "{\"task\": \"\xff\xfe\"}");
    text("few.card.json", R"({"outputs": [{"kind": "logits", "labels": ["a", "b"]}]})");
    text("endless.card.json", R"({"outputs": [{"kind": "logits", "labels": "/dev/zero"}]})");
    text("zero.card.json", R"({"inputs": [{"name": "input", "modality": "image", "color": "gray", "std": [0]}]})");
    text("other.card.json", R"({"inputs": [{"name": "nowhere", "modality": "image"}]})");
}

/// Things that have names and are no files.
void BadInputs::no_files() const {
    fs::create_directory(folder / "folder.npy");
    fs::create_symlink("loop.npy", folder / "loop.npy");
    fs::create_symlink("loop.onnx", folder / "loop.onnx");
    fs::create_symlink("/proc/self/mem", folder / "unreadable.npy");   // to root too: its first page is not mapped
    for (const char* name : {"pipe.npy", "pipe.onnx"}) {
        ASSERT_EQ(mkfifo((folder / name).c_str(), 0600), 0);
    }
}

void BadInputs::asset(const std::string& asset, const std::string& name) const {
    fs::create_symlink(kAssets / asset, folder / name);
}

void BadInputs::text(const std::string& name, const std::string& content) const {
    std::ofstream(folder / name, std::ios::binary) << content;
}

void BadInputs::truncated(const std::string& from, const std::string& to, std::uintmax_t size) const {
    fs::copy_file(folder / from, folder / to);
    fs::resize_file(folder / to, size);
}

const BadInputs& bad_inputs() {
    static const BadInputs inputs;
    return inputs;
}

std::set<std::string> files_in(const fs::path& folder) {
    std::set<std::string> names;
    std::error_code missing;
    for (const auto& entry : fs::recursive_directory_iterator(folder, missing)) {
        const std::string name = entry.path().lexically_relative(folder).string();
        if (!fs::is_directory(entry.symlink_status()) && !name.starts_with("cache/")) {
            names.insert(name);
        }
    }
    return names;
}

void PrintTo(const BadCase& bad, std::ostream* out) { *out << bad.name; }

void expect_one_line(const BadCase& bad) {
    const fs::path folder = bad_inputs().folder;
    const std::set<std::string> before = files_in(folder);
    const Outcome outcome = run_pellucid(bad.arguments, {.folder = folder});
    EXPECT_EQ(outcome.code, bad.code) << outcome.err;
    const auto lines = outcome.error_lines();
    ASSERT_EQ(lines.size(), 1U) << outcome.err;
    EXPECT_TRUE(lines.front().starts_with("pellucid: ")) << outcome.err;
    EXPECT_NE(lines.back().find(bad.says), std::string::npos) << lines.back();
    EXPECT_EQ(files_in(folder), before) << "something was written";
    EXPECT_FALSE(fs::exists(folder / "out")) << "a folder was made for nothing";
}

std::vector<std::string> explain(const std::string& model, const std::string& input, std::vector<std::string> more) {
    std::vector<std::string> arguments{"explain", model, input, "--output", "out"};
    if (std::find(more.begin(), more.end(), "--method") == more.end()) {
        more.insert(more.end(), {"--method", "saliency"});
    }
    arguments.insert(arguments.end(), more.begin(), more.end());
    return arguments;
}

}  // namespace pellucid::testing
