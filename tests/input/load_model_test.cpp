#include <array>
#include <filesystem>
#include <fstream>

#include <gtest/gtest.h>
#include <unistd.h>

#include "core/files.hpp"
#include "input/load.hpp"
#include "pellucid/error.hpp"
#include "pellucid/model.hpp"

namespace pellucid::input {
namespace {

const std::filesystem::path kAssets = PELLUCID_ASSETS_DIR;

const Model& classifier() {
    static const Model kModel = Model::load(kAssets / "efficientnet_lite0.onnx");
    return kModel;
}

ErrorCode code_of(const std::string& source, const std::string& as = {}) {
    try {
        static_cast<void>(load(classifier(), source, as));
    } catch (const Error& error) {
        EXPECT_EQ(std::string(error.what()).find('\n'), std::string::npos);
        return error.code();
    }
    return ErrorCode::kInternal;
}

class Files : public testing::Test {
protected:
    void SetUp() override {
        folder_ = std::filesystem::temp_directory_path() / ("pellucid-load-" + std::to_string(::getpid()));
        std::filesystem::create_directories(folder_);
    }
    void TearDown() override { std::filesystem::remove_all(folder_); }
    [[nodiscard]] std::string at(const std::string& name) const { return (folder_ / name).string(); }

private:
    std::filesystem::path folder_;
};

TEST(Load, APictureForARealModel) {
    const std::string source = (kAssets / "coffee.png").string();
    const Input input = load(classifier(), source);
    EXPECT_EQ(input.stem, "coffee");
    ASSERT_EQ(input.tensors.size(), 1U);
    const Array& tensor = input.tensors.begin()->second;
    ASSERT_EQ(tensor.shape(), (Shape{1, 3, 224, 224}));
    // 600x400: the shorter side to 224 / 0.875 = 256, the longer to 384; then the centre.
    const Image resized = resize(read_image(source), 384, 256, Resample::kBicubic);
    EXPECT_EQ(input.picture->width, 600);
    EXPECT_EQ(input.field, (std::array<double, 4>{125.0, 25.0, 350.0, 350.0}));
    for (std::size_t i = 0; i < tensor.size(); ++i) {
        const std::size_t channel = i / (224 * 224), y = i / 224 % 224, x = i % 224;
        const std::size_t value = resized.pixels[((y + 16) * 384 + x + 80) * 3 + channel];
        // EfficientNet-Lite0's own formula; exact in float.
        EXPECT_EQ(tensor[i], (static_cast<float>(value) - 127.0F) / 128.0F);
    }
}

TEST_F(Files, AnArrayIsTakenAsItIs) {
    Array array({3, 224, 224});
    array[5] = 0.25F;
    core::write_npy(at("x.npy"), array);
    const Input input = load(classifier(), at("x.npy"));
    EXPECT_EQ(input.tensors.begin()->second.shape(), (Shape{1, 3, 224, 224}));
    EXPECT_EQ(input.tensors.begin()->second[5], 0.25F);
    EXPECT_EQ(input.notes.size(), 1U);
    EXPECT_FALSE(input.picture.has_value());
    core::write_npy_int32(at("whole.npy"), {1, 3, 224, 224}, std::vector<std::int32_t>(3 * 224 * 224, 7));
    const Input whole = load(classifier(), at("whole.npy"));
    EXPECT_EQ(whole.tensors.begin()->second[5], 7.0F);
    ASSERT_EQ(whole.notes.size(), 1U);
    EXPECT_NE(whole.notes[0].find("int32 values became float32, exactly"), std::string::npos) << whole.notes[0];
    core::write_npz(at("x.npz"), {{"any name will do for one input", array}});
    EXPECT_EQ(load(classifier(), at("x.npz")).tensors.begin()->second[5], 0.25F);
    core::write_npy(at("wrong.npy"), Array({3, 224, 223}));
    EXPECT_EQ(code_of(at("wrong.npy")), ErrorCode::kUnreadable);
}

TEST_F(Files, WhatIsNotReadIsRefusedByItsCode) {
    std::ofstream(at("text.png")) << "no picture";
    EXPECT_EQ(code_of(at("text.png")), ErrorCode::kUnreadable);
    EXPECT_EQ(code_of(at("missing.png")), ErrorCode::kUnreadable);
    EXPECT_EQ(code_of(at("rows.csv")), ErrorCode::kUnsupported);
    EXPECT_EQ(code_of(at("words.txt")), ErrorCode::kUnsupported);
    EXPECT_EQ(code_of(at("sound.wav")), ErrorCode::kUnsupported);
    EXPECT_EQ(code_of("-"), ErrorCode::kUsage);
    EXPECT_EQ(code_of(at("text.png"), "imgae"), ErrorCode::kUsage);
}

}  // namespace
}  // namespace pellucid::input
