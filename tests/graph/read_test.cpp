// Models from files: the formats, bad files, names that are the same in every run.
#include "graph/read.hpp"

#include <gtest/gtest.h>

#include <fstream>
#include <set>

#include "core/files.hpp"
#include "core/scratch.hpp"
#include "graph/small_nets.hpp"
#include "pellucid/error.hpp"

namespace pellucid::graph::testing {
namespace {

namespace fs = std::filesystem;

const fs::path kData = fs::path(PELLUCID_SOURCE_DIR) / "tests/graph/data";

std::string bytes_of(const fs::path& path) {
    const auto bytes = core::read_whole(path);
    return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

void write(const fs::path& path, const std::string& bytes) {
    std::ofstream(path, std::ios::binary).write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
}

// Messages of onnx.proto, by hand.
std::string varint(std::uint64_t value) {
    std::string bytes;
    for (; value > 0x7F; value >>= 7U) {
        bytes += static_cast<char>((value & 0x7FU) | 0x80U);
    }
    return bytes + static_cast<char>(value);
}
std::string number(std::uint64_t field, std::uint64_t value) { return varint(field << 3U) + varint(value); }
std::string message(std::uint64_t field, const std::string& bytes) {
    return varint(field << 3U | 2U) + varint(bytes.size()) + bytes;
}

std::string value_info(const std::string& name) {
    const std::string shape = message(1, number(1, 1)) + message(1, number(1, 3));   // [1, 3]
    return message(1, name) + message(2, message(1, number(1, 1) + message(2, shape)));
}

/// A model of one node y = op(x, w), w[3] as the tensor says.
std::string onnx_model(const std::string& op, const std::string& tensor) {
    const std::string node = message(1, "x") + message(1, "w") + message(2, "y") + message(3, "node") + message(4, op);
    const std::string graph = message(1, node) + message(2, "graph") + message(5, tensor) +
                              message(11, value_info("x")) + message(12, value_info("y"));
    return number(1, 8) + message(7, graph) + message(8, number(2, 13));
}
std::string inner_tensor() {
    const float values[3] = {1.0F, 2.0F, 3.0F};
    return number(1, 3) + number(2, 1) + message(8, "w") +
           message(9, std::string(reinterpret_cast<const char*>(values), sizeof values));
}
std::string outer_tensor(const std::string& location) {
    const std::string entry = message(1, "location") + message(2, location);
    return number(1, 3) + number(2, 1) + message(8, "w") + message(13, entry) + number(14, 1);
}

/// What the reader says of a file that it must refuse.
std::string refusal(const fs::path& path) {
    try {
        (void)read(path);
    } catch (const Error& error) {
        const std::string what = error.what();
        EXPECT_EQ(error.code(), ErrorCode::kUnreadable) << what;
        EXPECT_NE(what.find(path.filename().string()), std::string::npos) << "names the file: " << what;
        EXPECT_EQ(what.find('\n'), std::string::npos) << "one line: " << what;
        EXPECT_LT(what.size(), 700U);
        return what;
    }
    return "not refused";
}

void expect_refused(const fs::path& path, const std::string& reason) {
    const std::string what = refusal(path);
    EXPECT_NE(what.find(reason), std::string::npos) << path.filename() << ": " << what;
}

struct Sample {
    const char* file;
    const char* format;
    const char* opset;
    std::size_t inputs;
};

TEST(Read, EveryFormatHasASample) {
    for (const Sample& sample :
         {Sample{"residual_torchscript.onnx", "onnx", "onnx 17", 1},
          Sample{"residual_dynamo.onnx", "onnx", "onnx 20", 1}, Sample{"residual_torch.xml", "ir", "ir 11", 1},
          Sample{"format.tflite", "tflite", "", 1}, Sample{"format.pb", "tensorflow", "", 1}}) {
        SCOPED_TRACE(sample.file);
        const ReadModel found = read(kData / sample.file);
        EXPECT_EQ(found.format, sample.format);
        EXPECT_EQ(found.opset, sample.opset);
        EXPECT_EQ(found.model->inputs().size(), sample.inputs);
        EXPECT_EQ(found.model->outputs().size(), 1U);
    }
}

/// softmax(x W + b), W = k/8 - 3/4, against the formula.
TEST(Read, TensorFlowAndTfliteAnswerAsTheyWereWritten) {
    const std::vector<float> x{0.5F, -1.0F, 2.0F, 0.25F};
    const std::vector<double> bias{0.5, -0.25, 0.0};
    std::vector<double> expected(3);
    double sum = 0.0;
    for (std::size_t k = 0; k < 3; ++k) {
        double logit = bias[k];
        for (std::size_t i = 0; i < 4; ++i) {
            logit += static_cast<double>(x[i]) * (static_cast<double>(3 * i + k) / 8.0 - 0.75);
        }
        sum += expected[k] = std::exp(logit);
    }
    for (const char* file : {"format.pb", "format.tflite"}) {
        auto compiled = compile(read(kData / file).model);
        ov::Tensor input(ov::element::f32, {1, 4});
        std::copy(x.begin(), x.end(), input.data<float>());
        const auto answer = run(compiled, {input})[0];
        for (std::size_t k = 0; k < 3; ++k) {
            EXPECT_NEAR(static_cast<double>(answer.data<float>()[k]), expected[k] / sum, 1e-6) << file;   // of f32
        }
    }
}

TEST(Read, RefusesWhatIsNoModel) {
    const core::Scratch scratch;
    expect_refused(scratch / "missing.onnx", "there is no such file");
    fs::create_directory(scratch / "folder.onnx");
    expect_refused(scratch / "folder.onnx", "it is a folder");
    write(scratch / "empty.onnx", "");
    expect_refused(scratch / "empty.onnx", "it is empty");
    write(scratch / "text.onnx", "This is a letter, no network.\n");
    expect_refused(scratch / "text.onnx", "no ONNX model");
    write(scratch / "text.xml", "<html><body>no network</body></html>");
    expect_refused(scratch / "text.xml", "no <net>");
    write(scratch / "text.tflite", "This is a letter, no network.\n");
    expect_refused(scratch / "text.tflite", "");
    write(scratch / "text.pb", "This is a letter, no network.\n");
    expect_refused(scratch / "text.pb", "no frozen graph");
    write(scratch / "cut.pb", bytes_of(kData / "format.pb").substr(0, 200));
    expect_refused(scratch / "cut.pb", "truncated");
    write(scratch / "cut.tflite", bytes_of(kData / "format.tflite").substr(0, 300));
    expect_refused(scratch / "cut.tflite", "");
    write(scratch / "weights.pth", "PK");
    expect_refused(scratch / "weights.pth", "'.pth' is none that Pellucid reads");
    expect_refused(scratch / "weights.pth", ".onnx");
}

TEST(Read, RefusesTruncatedOnnx) {
    const core::Scratch scratch;
    const std::string whole = bytes_of(kData / "residual_torchscript.onnx");
    for (const std::size_t percent : {1, 10, 50, 90, 99}) {
        write(scratch / "cut.onnx", whole.substr(0, whole.size() * percent / 100));
        expect_refused(scratch / "cut.onnx", "truncated");
    }
    write(scratch / "cut.onnx", whole.substr(0, whole.size() - 1));
    expect_refused(scratch / "cut.onnx", "truncated");
}

TEST(Read, RefusesTruncatedIr) {
    const core::Scratch scratch;
    const std::string text = bytes_of(kData / "residual_torch.xml");
    const std::string weights = bytes_of(kData / "residual_torch.bin");
    write(scratch / "net.xml", text);
    expect_refused(scratch / "net.xml", "net.bin, is not beside it");
    for (const std::size_t percent : {0, 50, 99}) {
        write(scratch / "net.bin", weights.substr(0, weights.size() * percent / 100));
        EXPECT_NE(refusal(scratch / "net.xml"), "not refused") << percent << " % of the weights";
    }
    write(scratch / "net.bin", weights);
    EXPECT_NO_THROW((void)read(scratch / "net.xml"));
    for (const std::size_t percent : {10, 50, 90}) {
        write(scratch / "net.xml", text.substr(0, text.size() * percent / 100));
        expect_refused(scratch / "net.xml", "truncated");
    }
}

TEST(Read, UnknownOpsAreNamed) {
    const core::Scratch scratch;
    write(scratch / "op.onnx", onnx_model("Frobnicate", inner_tensor()));
    expect_refused(scratch / "op.onnx", "Frobnicate");
    std::string text = bytes_of(kData / "residual_torch.xml");
    const std::size_t at = text.find("type=\"Convolution\"");
    text.replace(at, 18, "type=\"Frobnicates\"");
    write(scratch / "op.xml", text);
    fs::copy_file(kData / "residual_torch.bin", scratch / "op.bin");
    expect_refused(scratch / "op.xml", "Frobnicates");
}

TEST(Read, WeightsInOtherFilesStayInTheFolder) {
    const core::Scratch outside;
    const core::Scratch scratch;
    const float values[3] = {1.0F, 2.0F, 3.0F};
    const std::string raw(reinterpret_cast<const char*>(values), sizeof values);
    write(outside / "secret.bin", raw);
    write(scratch / "weights.bin", raw);
    const auto with = [&](const std::string& location) {
        write(scratch / "model.onnx", onnx_model("Mul", outer_tensor(location)));
        return scratch / "model.onnx";
    };
    EXPECT_NO_THROW((void)read(with("weights.bin")));
    expect_refused(with((outside / "secret.bin").string()), "outside its folder");
    expect_refused(with("../" + outside.path().filename().string() + "/secret.bin"), "outside its folder");
    expect_refused(with("sub/../../weights.bin"), "outside its folder");
    expect_refused(with("absent.bin"), "'absent.bin', is not beside it");
    expect_refused(with("."), "");
    fs::create_symlink(outside / "secret.bin", scratch / "link.bin");
    expect_refused(with("link.bin"), "behind the link");
    fs::create_directory_symlink(outside.path(), scratch / "linked");
    expect_refused(with("linked/secret.bin"), "behind the link");
    write(scratch / "weights.bin", raw.substr(0, 5));
    EXPECT_NE(refusal(with("weights.bin")), "not refused") << "too short";
}

/// Tensors stand in initializers, in attributes of nodes, and in those of functions: all are looked at.
TEST(Read, WeightsOutsideAreFoundWhereverTheyStand) {
    const core::Scratch scratch;
    const std::string outside = outer_tensor("../weights.bin");
    const std::string attribute = message(5, message(1, "value") + message(5, outside));
    const std::string branch = message(5, message(1, "then_branch") + message(6, message(5, outside)));
    const std::string graph = message(7, message(5, inner_tensor()));
    for (const std::string& model :
         {message(7, message(1, attribute)), message(7, message(1, branch)),
          message(7, message(15, message(1, outside))), graph + message(25, message(7, attribute))}) {
        write(scratch / "model.onnx", model);
        expect_refused(scratch / "model.onnx", "outside its folder");
    }
}

std::vector<std::string> names_in(const ov::Model& model) {
    std::vector<std::string> names;
    for (const auto& node : model.get_ordered_ops()) {
        names.push_back(node->get_friendly_name());
    }
    return names;
}

TEST(Read, NamesAreTheSameInEveryRunAndUnique) {
    for (const auto& entry : fs::directory_iterator(kData)) {
        const fs::path& path = entry.path();
        if (path.extension() == ".bin" || path.extension() == ".py") {
            continue;
        }
        const auto first = names_in(*read(path).model);
        EXPECT_EQ(first, names_in(*read(path).model)) << path.filename();
        EXPECT_EQ(std::set<std::string>(first.begin(), first.end()).size(), first.size()) << path.filename();
    }
}

/// Seeded changes of one byte: each reads or is refused, and none brings the process down.
void flip_bytes(const std::string& file, const std::string& companion, int runs) {
    const core::Scratch scratch;
    if (!companion.empty()) {
        fs::copy_file(kData / companion, scratch / companion);
    }
    const std::string whole = bytes_of(kData / file);
    Random random(11);
    int refused = 0;
    for (int run = 0; run < runs; ++run) {
        std::string changed = whole;
        const auto at = static_cast<std::size_t>(random.uniform(0.0, static_cast<double>(whole.size())));
        const auto mask = static_cast<unsigned>(random.uniform(1.0, 256.0));
        changed[at] = static_cast<char>(static_cast<unsigned char>(changed[at]) ^ mask);
        write(scratch / file, changed);
        SCOPED_TRACE(file + ": byte " + std::to_string(at) + " by mask " + std::to_string(mask));
        try {
            EXPECT_TRUE(read(scratch / file).model);
        } catch (const Error& error) {
            EXPECT_EQ(error.code(), ErrorCode::kUnreadable) << error.what();
            ++refused;
        }
    }
    EXPECT_GT(refused, runs / 50) << "the changes hit what matters";
}

TEST(Read, ChangedBytesOfOnnx) { flip_bytes("gates_torchscript.onnx", "", 300); }
TEST(Read, ChangedBytesOfTensorFlow) { flip_bytes("format.pb", "", 300); }
TEST(Read, ChangedBytesOfIr) { flip_bytes("residual_torch.xml", "residual_torch.bin", 300); }

}  // namespace
}  // namespace pellucid::graph::testing
