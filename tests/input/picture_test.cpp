#include <algorithm>
#include <array>
#include <filesystem>
#include <sstream>

#include <gtest/gtest.h>

#include "core/files.hpp"
#include "input/picture.hpp"
#include "pellucid/error.hpp"
#include "pellucid/image.hpp"

namespace pellucid {
namespace {

const std::filesystem::path kGoldens = std::filesystem::path(PELLUCID_SOURCE_DIR) / "tests/input/goldens";

std::vector<std::byte> file(const std::string& name) { return core::read_whole(kGoldens / "pictures" / name); }

/// Arrays come as float, which holds bytes exactly.
std::vector<std::uint8_t> bytes_of(const Array& array) {
    std::vector<std::uint8_t> bytes;
    for (const float value : array.values()) {
        bytes.push_back(static_cast<std::uint8_t>(value));
    }
    return bytes;
}

std::string message_of(std::span<const std::byte> bytes, const std::string& name = "x.png") {
    try {
        static_cast<void>(decode_image(bytes, name));
    } catch (const Error& error) {
        EXPECT_EQ(error.code(), ErrorCode::kUnreadable);
        return error.what();
    }
    return "accepted";
}

bool has_note(const std::string& name, const std::string& words) {
    const auto notes = input::decode_picture(file(name), name).notes;
    return std::any_of(notes.begin(), notes.end(),
                       [&](const std::string& note) { return note.find(words) != std::string::npos; });
}

TEST(Picture, EqualsPillowToTheByteInEveryForm) {
    const auto goldens = core::read_npz(kGoldens / "pictures.npz");
    ASSERT_GT(goldens.size(), 60U);
    for (const auto& [name, golden] : goldens) {
        const Image image = read_image(kGoldens / "pictures" / name);
        EXPECT_EQ((Shape{image.height, image.width, 3}), golden.shape()) << name;
        EXPECT_EQ(image.pixels, bytes_of(golden)) << name;
    }
}

TEST(Picture, TellsWhatItLeftOut) {
    EXPECT_TRUE(has_note("rgba.png", "alpha"));
    EXPECT_TRUE(has_note("rgba.webp", "alpha"));
    EXPECT_TRUE(has_note("gray16.png", "16-bit"));
    EXPECT_TRUE(has_note("gray16.tif", "16-bit"));
    EXPECT_TRUE(has_note("animated.png", "first frame"));
    EXPECT_TRUE(has_note("animated.webp", "first frame"));
    EXPECT_TRUE(has_note("pages.tif", "pages"));
    EXPECT_FALSE(has_note("rgb.png", ""));
}

TEST(Picture, RefusesTextInOneLineThatNamesTheFile) {
    const std::string text = "this is no picture\n";
    const std::string message = message_of(std::as_bytes(std::span(text)), "cat.png");
    EXPECT_EQ(message.find("cat.png: not a picture: it holds text"), 0U) << message;
    EXPECT_EQ(message.find('\n'), std::string::npos);
    EXPECT_NE(message_of({}).find("empty"), std::string::npos);
}

TEST(Picture, RefusesTruncationAtAnyLength) {
    for (const std::string name : {"rgb.png", "interlaced.png", "subsampling2.jpg", "progressive.jpg", "cmyk.jpg",
                                   "lossy.webp", "lossless.webp", "animated.webp", "rgb.bmp", "palette.bmp"}) {
        const auto whole = file(name);
        // The last bytes may be padding or an end mark that a decoder can do without.
        for (std::size_t length = 1; length + 16 < whole.size(); length += 7) {
            EXPECT_NE(message_of(std::span(whole).first(length), name), "accepted") << name << " at " << length;
        }
    }
    const auto tiff = file("rgb.tif");
    EXPECT_NE(message_of(std::span(tiff).first(tiff.size() / 2)), "accepted");
}

/// Damage gives a picture or a refusal, never a crash (the asan preset sees what lies beyond).
TEST(Picture, SurvivesDamage) {
    for (const auto& entry : std::filesystem::directory_iterator(kGoldens / "pictures")) {
        const auto whole = core::read_whole(entry.path());
        unsigned state = 1;
        for (int round = 0; round < 60; ++round) {
            auto damaged = whole;
            for (int i = 0; i < 2; ++i) {
                state = state * 1664525U + 1013904223U;
                const std::size_t reach = round % 2 == 0 ? damaged.size() : std::min<std::size_t>(damaged.size(), 120);
                damaged[(state >> 8U) % reach] = static_cast<std::byte>(state >> 24U);
            }
            static_cast<void>(message_of(damaged, entry.path().filename().string()));
        }
    }
}

/// Headers alone: the size is judged before anything is allocated or decoded.
TEST(Picture, RefusesTooManyPixelsByTheHeader) {
    auto bmp = file("rgb.bmp");
    bmp[20] = bmp[24] = std::byte{1};   // 65,559 x 65,553
    EXPECT_NE(message_of(bmp).find("beyond 100 megapixels (65559x65553)"), std::string::npos);
    auto jpeg = file("subsampling2.jpg");
    const std::array<std::byte, 3> frame{std::byte{0xff}, std::byte{0xc0}, std::byte{0}};
    const auto at = std::search(jpeg.begin(), jpeg.end(), frame.begin(), frame.end());
    ASSERT_NE(at, jpeg.end());
    std::fill(at + 5, at + 9, std::byte{0xf0});
    EXPECT_NE(message_of(jpeg).find("beyond 100 megapixels (61680x61680)"), std::string::npos);
}

TEST(Picture, RefusesZeroSize) {
    auto bmp = file("rgb.bmp");
    bmp[18] = std::byte{0};
    EXPECT_NE(message_of(bmp).find("no pixels (0x17)"), std::string::npos);
}

TEST(Resize, EqualsPillowToTheByte) {
    const auto goldens = core::read_npz(kGoldens / "resized.npz");
    int compared = 0;
    for (const auto& [name, golden] : goldens) {
        std::istringstream words(name);
        std::string source, kernel;
        int width = 0, height = 0;
        if (!(words >> source >> width >> height >> kernel)) {
            continue;
        }
        const Array& from = goldens.at(source);
        const Image image{.width = static_cast<int>(from.shape()[1]),
                          .height = static_cast<int>(from.shape()[0]),
                          .channels = static_cast<int>(from.shape()[2]),
                          .pixels = bytes_of(from)};
        EXPECT_EQ(resize(image, width, height, resample_from_name(kernel)).pixels, bytes_of(golden)) << name;
        ++compared;
    }
    EXPECT_EQ(compared, 3 * 9 * 6);
}

TEST(Resize, NamesTheKernels) {
    EXPECT_THROW(static_cast<void>(resample_from_name("bilinaer")), Error);
    EXPECT_THROW(static_cast<void>(resize(Image{}, 2, 2, Resample::kBox)), Error);
}

}  // namespace
}  // namespace pellucid
