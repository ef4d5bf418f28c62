// Pictures as masks, and what arrays of other types become.

#include <gtest/gtest.h>
#include <png.h>
#include <unistd.h>

#include <cstring>
#include <fstream>

#include "core/npy.hpp"
#include "input/load.hpp"
#include "input/mask.hpp"
#include "input/npy_type.hpp"
#include "pellucid/error.hpp"

namespace pellucid::input {
namespace {

class MaskPictures : public testing::Test {
protected:
    MaskPictures() {
        std::string name = (std::filesystem::temp_directory_path() / "pellucid-mask-XXXXXX").string();
        folder = mkdtemp(name.data());
    }
    ~MaskPictures() override {
        std::error_code ignored;
        std::filesystem::remove_all(folder, ignored);
    }
    /// A gray PNG of `width` columns.
    std::filesystem::path saved(const std::vector<std::uint8_t>& pixels, std::uint32_t width) const {
        png_image image;
        std::memset(&image, 0, sizeof image);
        image.version = PNG_IMAGE_VERSION;
        image.width = width;
        image.height = static_cast<std::uint32_t>(pixels.size()) / width;
        image.format = PNG_FORMAT_GRAY;
        const std::filesystem::path file = folder / "mask.png";
        EXPECT_NE(png_image_write_to_file(&image, file.c_str(), 0, pixels.data(), 0, nullptr), 0);
        return file;
    }
    std::vector<float> read(const std::filesystem::path& file, std::int64_t rows, std::int64_t columns) {
        notes.clear();
        const Array mask = read_mask(file, input, {rows, columns}, notes);
        EXPECT_EQ(mask.shape(), (Shape{rows, columns}));
        return {mask.values().begin(), mask.values().end()};
    }
    std::filesystem::path folder;
    Input input;
    std::vector<std::string> notes;
};

TEST_F(MaskPictures, OfTwoValuesAreInsideWhereNotBlack) {
    EXPECT_EQ(read(saved({0, 1, 1, 0, 0, 1}, 3), 2, 3), (std::vector<float>{0, 1, 1, 0, 0, 1}));
    EXPECT_TRUE(notes.empty());
    EXPECT_EQ(read(saved({0, 255, 255, 0, 0, 255}, 3), 2, 3), (std::vector<float>{0, 1, 1, 0, 0, 1}));
    EXPECT_TRUE(notes.empty());
}

TEST_F(MaskPictures, OfManyValuesAreInsideFromHalfBrightOn) {
    EXPECT_EQ(read(saved({0, 127, 128, 255}, 2), 2, 2), (std::vector<float>{0, 0, 1, 1}));
    ASSERT_EQ(notes.size(), 1U);
    EXPECT_NE(notes[0].find("128 of 255"), std::string::npos);
}

TEST_F(MaskPictures, OfAnotherSizeAreReadAtNearestPixels) {
    // 6x4, the third column and the last row white; at 2x3 positions pixel centres fall on columns 1, 3, 5 and rows 1, 3.
    std::vector<std::uint8_t> pixels(24, 0);
    for (std::size_t at = 0; at < 24; ++at) {
        pixels[at] = at % 6 == 3 || at / 6 == 3 ? 255 : 0;
    }
    EXPECT_EQ(read(saved(pixels, 6), 2, 3), (std::vector<float>{0, 1, 0, 1, 1, 1}));
    ASSERT_EQ(notes.size(), 1U);
    EXPECT_NE(notes[0].find("6x4"), std::string::npos);
    EXPECT_NE(notes[0].find("3x2"), std::string::npos);
    EXPECT_NE(notes[0].find("laid over"), std::string::npos);
    EXPECT_EQ(read(saved({0, 255}, 2), 2, 4), (std::vector<float>{0, 0, 1, 1, 0, 0, 1, 1}));
}

TEST_F(MaskPictures, OfThePicturesSizeAreCutAsItIs) {
    // A picture of 6x2, of which the network sees the 2x2 in the middle; the mask's left half is white.
    input.picture = Image{.width = 6, .height = 2, .channels = 3, .pixels = std::vector<std::uint8_t>(36, 0)};
    input.field = {2.0, 0.0, 2.0, 2.0};
    const auto file = saved({255, 255, 255, 0, 0, 0, 255, 255, 255, 0, 0, 0}, 6);
    EXPECT_EQ(read(file, 2, 2), (std::vector<float>{1, 0, 1, 0}));
    EXPECT_NE(notes.at(0).find("cut as the picture is"), std::string::npos);
    // Padded above and below: what lies outside of the picture is outside of the mask.
    input.field = {0.0, -2.0, 6.0, 6.0};
    EXPECT_EQ(read(file, 3, 2), (std::vector<float>{0, 0, 1, 0, 0, 0}));
}

TEST_F(MaskPictures, ThatCannotBeReadAreNamed) {
    std::ofstream(folder / "words.png") << "no picture";
    for (const char* name : {"words.png", "nowhere.png"}) {
        try {
            static_cast<void>(read(folder / name, 2, 2));
            ADD_FAILURE() << name;
        } catch (const Error& error) {
            EXPECT_EQ(error.code(), ErrorCode::kUnreadable);
            EXPECT_NE(std::string(error.what()).find(name), std::string::npos) << error.what();
        }
    }
}

template <class T>
std::vector<std::string> notes_of(const std::string& dtype, const std::vector<T>& values) {
    std::vector<std::string> notes;
    note_conversion(core::npy_bytes(dtype, Shape{static_cast<std::int64_t>(values.size())},
                                    std::as_bytes(std::span<const T>(values))),
                    "a.npy", notes);
    return notes;
}

TEST(Types, WhatTheyWereAndWhetherFloat32HoldsThemIsSaid) {
    EXPECT_TRUE(notes_of<float>("<f4", {0.1F, 3.0F}).empty());
    const std::string as_is = "; they are taken as they are, nothing is scaled";
    EXPECT_EQ(notes_of<std::uint8_t>("|u1", {0, 255}).at(0),
              "the array's uint8 values became float32, exactly" + as_is);
    EXPECT_EQ(notes_of<std::int64_t>("<i8", {-5, 1LL << 24}).at(0),
              "the array's int64 values became float32, exactly" + as_is);
    EXPECT_NE(notes_of<std::int64_t>("<i8", {-5, (1LL << 24) + 1}).at(0).find("rounded"), std::string::npos);
    EXPECT_NE(notes_of<std::int32_t>("<i4", {-(1 << 24) - 1}).at(0).find("rounded"), std::string::npos);
    EXPECT_NE(notes_of<std::int32_t>("<i4", {-3}).at(0).find("exactly"), std::string::npos);
    EXPECT_NE(notes_of<std::uint32_t>(">u4", {0x02000000U}).at(0).find("exactly"), std::string::npos) << "2, swapped";
    EXPECT_EQ(notes_of<double>("<f8", {0.5, -0.25}).at(0), "the array's float64 values became float32, exactly");
    EXPECT_EQ(notes_of<double>("<f8", {0.5, 0.1}).at(0),
              "the array's float64 values became float32, rounded to seven digits");
}

}  // namespace
}  // namespace pellucid::input
