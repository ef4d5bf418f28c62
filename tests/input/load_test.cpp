#include <cmath>
#include <limits>
#include <numeric>

#include <gtest/gtest.h>

#include "input/load.hpp"
#include "input/picture_fit.hpp"
#include "input/tensors.hpp"
#include "pellucid/error.hpp"

namespace pellucid::input {
namespace {

Image ramp(int width, int height) {
    Image image{.width = width, .height = height, .channels = 3, .pixels = {}};
    for (int i = 0; i < width * height * 3; ++i) {
        image.pixels.push_back(static_cast<std::uint8_t>(i * 7 % 256));
    }
    return image;
}

InputCard card(const std::string& layout, const std::string& color = "RGB") {
    InputCard result;
    result.layout = layout;
    result.color = color;
    result.height = 4;
    result.width = 6;
    return result;
}

std::string refusal(Array array, const Shape& wanted, const std::string& type = "f32") {
    std::vector<std::string> notes;
    try {
        static_cast<void>(
            as_network_takes(std::move(array), {.name = "x", .shape = wanted, .type = type}, "a.npy", notes));
    } catch (const Error& error) {
        EXPECT_EQ(error.code(), ErrorCode::kUnreadable);
        return error.what();
    }
    return "accepted";
}

TEST(Normalise, PlacesEveryValueByTheLayout) {
    const Image picture = ramp(6, 4);
    for (const std::string color : {"RGB", "BGR"}) {
        InputCard chw = card("NCHW", color), hwc = card("NHWC", color);
        chw.mean = hwc.mean = {0.1, 0.2, 0.3};
        chw.std = hwc.std = {0.5, 0.25, 2.0};
        const Array planes = normalise(picture, chw), pixels = normalise(picture, hwc);
        ASSERT_EQ(planes.shape(), (Shape{1, 3, 4, 6}));
        ASSERT_EQ(pixels.shape(), (Shape{1, 4, 6, 3}));
        EXPECT_EQ(normalise(picture, card("CHW")).shape(), (Shape{3, 4, 6}));
        for (std::size_t i = 0; i < 24; ++i) {
            for (std::size_t c = 0; c < 3; ++c) {
                const double value = picture.pixels[i * 3 + (color == "RGB" ? c : 2 - c)];
                const auto expected = static_cast<float>((value / 255.0 - chw.mean[c]) / chw.std[c]);
                EXPECT_EQ(planes[c * 24 + i], expected);
                EXPECT_EQ(pixels[i * 3 + c], expected);
                EXPECT_EQ(fill_value(chw, value)[c], expected);
            }
        }
    }
}

TEST(Normalise, RefusesACardThatContradictsItself) {
    InputCard odd = card("NCHW");
    odd.mean = {0.1, 0.2};
    EXPECT_THROW(static_cast<void>(normalise(ramp(6, 4), odd)), Error);
    odd = card("NCHW");
    odd.std = {1.0, 0.0, 1.0};
    EXPECT_THROW(static_cast<void>(fill_value(odd, 0.0)), Error);
    EXPECT_THROW(static_cast<void>(normalise(ramp(6, 4), card("HW"))), Error);
}

TEST(Fit, GrayIsPillowsLuma) {
    InputCard gray = card("HW", "gray");
    gray.fit = "stretch";
    const FittedPicture fitted = fit_picture({.width = 1, .height = 1, .channels = 3, .pixels = {10, 200, 77}}, gray);
    // 0.299 R + 0.587 G + 0.114 B = 129.168
    EXPECT_EQ(fitted.image.pixels, std::vector<std::uint8_t>(24, 129));
    EXPECT_EQ(normalise(fitted.image, gray).shape(), (Shape{4, 6}));
}

TEST(Fit, CropIsTheShorterSideThenTheCentre) {
    InputCard crop = card("NCHW");
    crop.width = crop.height = 14;
    crop.fit = "crop";
    crop.resize_ratio = 0.875;   // 14 / 0.875 = 16
    const Image picture = ramp(50, 32);
    const FittedPicture fitted = fit_picture(picture, crop);
    const Image whole = resize(picture, 25, 16, Resample::kBilinear);
    ASSERT_EQ(fitted.image.pixels.size(), 14U * 14U * 3U);
    for (int y = 0; y < 14; ++y) {
        for (int x = 0; x < 14 * 3; ++x) {
            // (25 - 14) / 2 = 5.5, rounded to even: 6; (16 - 14) / 2 = 1.
            EXPECT_EQ(fitted.image.pixels[static_cast<std::size_t>(y * 42 + x)],
                      whole.pixels[static_cast<std::size_t>((y + 1) * 75 + 6 * 3 + x)]);
        }
    }
    EXPECT_EQ(fitted.field, (std::array<double, 4>{12.0, 2.0, 28.0, 28.0}));
    EXPECT_EQ(fitted.notes.size(), 2U);
}

TEST(Fit, PadKeepsProportionsOnBlack) {
    InputCard pad = card("NCHW");
    pad.fit = "pad";
    const Image white{.width = 8, .height = 2, .channels = 3, .pixels = std::vector<std::uint8_t>(48, 255)};
    const FittedPicture fitted = fit_picture(white, pad);
    // 8x2 into 6x4: 6x2 (1.5 rounded), one row of black above and below.
    for (std::size_t i = 0; i < fitted.image.pixels.size(); ++i) {
        EXPECT_EQ(fitted.image.pixels[i], i >= 18 && i < 54 ? 255 : 0) << i;
    }
    EXPECT_EQ(fitted.field, (std::array<double, 4>{0.0, -1.0, 8.0, 4.0}));
    EXPECT_EQ(fit_picture(ramp(9, 9), card("NCHW")).field, (std::array<double, 4>{0.0, 0.0, 9.0, 9.0}));
}

TEST(Tensors, ABatchAxisIsAddedAndSaid) {
    std::vector<std::string> notes;
    const TensorInfo wanted{.name = "x", .shape = {-1, 3, 2}, .type = "f32"};
    EXPECT_EQ(as_network_takes(Array({3, 2}), wanted, "a.npy", notes).shape(), (Shape{1, 3, 2}));
    EXPECT_EQ(notes, std::vector<std::string>{"a batch axis was added: [3, 2] became [1, 3, 2]"});
    EXPECT_EQ(as_network_takes(Array({1, 3, 2}), wanted, "a.npy", notes).shape(), (Shape{1, 3, 2}));
    EXPECT_EQ(notes.size(), 1U);
}

TEST(Tensors, WhatDoesNotFitIsOneLineWithBothShapes) {
    EXPECT_EQ(refusal(Array({1, 3, 3}), {-1, 3, 2}),
              "a.npy: the array has shape [1, 3, 3], input 'x' takes [?, 3, 2]; give it in the network's shape");
    EXPECT_NE(refusal(Array({4, 3, 2}), {-1, 3, 2}).find("a batch of 4 samples"), std::string::npos);
    EXPECT_NE(refusal(Array({0, 3}), {-1, 3}).find("empty"), std::string::npos);
    EXPECT_NE(refusal(Array({2}, {1.0F, std::nanf("")}), {-1, 2}).find("NaN at element 1"), std::string::npos);
    EXPECT_NE(refusal(Array({2}, {-std::numeric_limits<float>::infinity(), 0.0F}), {-1, 2}).find("infinite"),
              std::string::npos);
}

TEST(Tensors, IntegersAreWholeAndInRange) {
    const auto one = [](float value) { return Array({1, 1}, {value}); };
    struct Case {
        const char* type;
        float least, most, below, above;
    };
    for (const Case& each :
         {Case{"u8", 0, 255, -1, 256}, Case{"i8", -128, 127, -129, 128}, Case{"u16", 0, 65535, -1, 65536},
          Case{"i16", -32768, 32767, -32769, 32768}, Case{"boolean", 0, 1, -1, 2},
          Case{"i32", -16777216, 16777216, -16777218, 16777218}, Case{"i64", -16777216, 16777216, -2e9F, 2e9F}}) {
        EXPECT_EQ(refusal(one(each.least), {1, 1}, each.type), "accepted") << each.type;
        EXPECT_EQ(refusal(one(each.most), {1, 1}, each.type), "accepted") << each.type;
        EXPECT_NE(refusal(one(each.below), {1, 1}, each.type).find(each.type), std::string::npos) << each.type;
        EXPECT_NE(refusal(one(each.above), {1, 1}, each.type).find("whole numbers"), std::string::npos) << each.type;
        EXPECT_NE(refusal(one(0.5F), {1, 1}, each.type).find("0.5 at element 0"), std::string::npos) << each.type;
    }
    EXPECT_EQ(refusal(one(0.5F), {1, 1}), "accepted");
}

TEST(Tensors, SeveralInputsGoByName) {
    const std::vector<TensorInfo> inputs{{"ids", {-1, 2}, "f32"}, {"mask", {-1, 2}, "f32"}};
    std::vector<std::string> notes;
    const auto matched = match_inputs({{"mask", Array({1, 2})}, {"ids", Array({1, 2})}}, inputs, "a.npz", notes);
    EXPECT_EQ(matched.size(), 2U);
    EXPECT_THROW(static_cast<void>(match_inputs({{"ids", Array({1, 2})}}, inputs, "a.npz", notes)), Error);
    EXPECT_THROW(
        static_cast<void>(match_inputs({{"ids", Array({1, 2})}, {"mask", Array({1, 2})}, {"masks", Array({1, 2})}},
                                       inputs, "a.npz", notes)),
        Error);
}

}  // namespace
}  // namespace pellucid::input
