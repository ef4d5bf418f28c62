#include <gtest/gtest.h>

#include <cmath>

#include "pellucid/error.hpp"
#include "render/raster.hpp"
#include "render/resample.hpp"
#include "render/samples.hpp"
#include "render/superpixels.hpp"

namespace pellucid::render {
namespace {

using namespace pellucid::testing;

TEST(HeatMap, SumsChannelsOfEitherLayout) {
    // Value 100 c + 10 y + x at channel c, row y, column x: the sum over three channels is 300 + 3 (10 y + x).
    Array nchw({1, 3, 2, 4}), nhwc({1, 2, 4, 3});
    for (std::size_t c = 0; c < 3; ++c) {
        for (std::size_t y = 0; y < 2; ++y) {
            for (std::size_t x = 0; x < 4; ++x) {
                const auto value = static_cast<float>(100 * c + 10 * y + x);
                nchw[(c * 2 + y) * 4 + x] = value;
                nhwc[(y * 4 + x) * 3 + c] = value;
            }
        }
    }
    const HeatMap first = heat_map(explanation_of(nchw), 1), second = heat_map(explanation_of(nhwc), 3);
    for (const HeatMap& map : {first, second}) {
        ASSERT_EQ(map.width, 4);
        ASSERT_EQ(map.height, 2);
        EXPECT_TRUE(map.is_signed);   // what the method says, though no value happens to be negative
        EXPECT_FALSE(map.smooth);
        for (int y = 0; y < 2; ++y) {
            for (int x = 0; x < 4; ++x) {
                EXPECT_EQ(map.values[static_cast<std::size_t>(4 * y + x)], static_cast<float>(300 + 3 * (10 * y + x)));
            }
        }
    }
}

TEST(HeatMap, TakesWhatStandsForAllChannelsOnce) {
    Array nhwc({1, 1, 2, 3});
    for (std::size_t at = 0; at < 3; ++at) {
        nhwc[at] = 0.5F;
        nhwc[3 + at] = -2.0F;
    }
    Explanation occlusion = explanation_of(nhwc, "occlusion");
    EXPECT_EQ(heat_map(occlusion, 3).values, (std::vector<float>{1.5F, -6.0F}));
    occlusion.channels_alike = true;
    EXPECT_EQ(heat_map(occlusion, 3).values, (std::vector<float>{0.5F, -2.0F}));
}

TEST(HeatMap, TakesALayersOneChannelWhereverTheInputHasIts) {
    Explanation cam = explanation_of(Array({1, 1, 2, 3}, {0, 1, 2, 3, 4, 5}), "grad-cam");
    cam.place = "conv";
    cam.is_signed = false;
    const HeatMap map = heat_map(cam, 3);   // a network that takes NHWC, whose layers are NCHW
    EXPECT_EQ(map.height, 2);
    EXPECT_EQ(map.width, 3);
    EXPECT_EQ(map.values, (std::vector<float>{0, 1, 2, 3, 4, 5}));
    EXPECT_TRUE(map.smooth);
    EXPECT_FALSE(map.is_signed);
}

TEST(HeatMap, SpreadsFeaturesAndRefusesWhatIsNoPicture) {
    Explanation lime = explanation_of(Array({2}, {-0.5F, 2.0F}), "lime");
    lime.features = Array({2, 2}, {0, 1, 1, 0});
    const HeatMap map = heat_map(lime, 1);
    EXPECT_EQ(map.values, (std::vector<float>{-0.5F, 2.0F, 2.0F, -0.5F}));
    EXPECT_TRUE(map.is_signed);
    lime.features = Array({1, 2}, {0, 2});
    EXPECT_THROW((void)heat_map(lime, 1), Error);
    EXPECT_THROW(
        (void)heat_map(explanation_of(Array({1, 5})).attribution.rank() == 2 ? explanation_of(Array({1, 2, 3, 4, 5}))
                                                                             : explanation_of(Array({5})),
                       1),
        Error);
    EXPECT_THROW((void)heat_map(explanation_of(Array({1, 1, 1, 1}, {std::nanf("")})), 1), Error);
}

TEST(Scale, EndsAtTheInterpolatedPercentile) {
    HeatMap map{101, 1, {}, true, false};
    for (int i = 0; i <= 100; ++i) {
        map.values.push_back(static_cast<float>(i % 2 == 0 ? i : -i));
    }
    EXPECT_DOUBLE_EQ(scale_of(map, 99.0, false).end, 99.0);     // |values| are 0 … 100: the percentile is itself
    EXPECT_NEAR(scale_of(map, 98.5, false).end, 98.5, 1e-9);    // rounding of the position
    EXPECT_DOUBLE_EQ(scale_of(map, 50.0, true).end, 100.0);     // features: the largest
    map.values.assign(101, 0.0F);
    map.values[7] = -4.0F;
    const Scale sparse = scale_of(map, 50.0, false);
    EXPECT_DOUBLE_EQ(sparse.end, 4.0);
    EXPECT_TRUE(sparse.largest);
}

TEST(Resample, KeepsPixelsWhenEnlargingAndAveragesWhenReducing) {
    const std::vector<float> source{1, 2, 3, 4, 5, 6, 7, 8};   // 4 x 2
    const auto reader = [&source](int y, std::vector<float>& row) {
        for (std::size_t x = 0; x < 4; ++x) {
            row[x] = source[static_cast<std::size_t>(y) * 4 + x];
        }
    };
    const Plane large = box_resampled(reader, {4, 2}, {0, 0, 4, 2}, {12, 6});
    for (std::size_t y = 0; y < 6; ++y) {
        for (std::size_t x = 0; x < 12; ++x) {
            EXPECT_FLOAT_EQ(large.values[y * 12 + x], source[y / 3 * 4 + x / 3]);
        }
    }
    EXPECT_EQ(box_resampled(reader, {4, 2}, {0, 0, 4, 2}, {2, 1}).values, (std::vector<float>{3.5F, 5.5F}));
}

TEST(Resample, CubicPassesThroughItsPointsAndStaysInRange) {
    const Plane source{3, 1, {0.0F, 1.0F, 0.0F}};
    const Plane plane = cubic_resampled(source, {0, 0, 3, 1}, 27, 9);
    EXPECT_FLOAT_EQ(plane.values[4], 0.0F);
    EXPECT_FLOAT_EQ(plane.values[13], 1.0F);
    EXPECT_FLOAT_EQ(plane.values[22], 0.0F);
    for (const float value : plane.values) {
        EXPECT_GE(value, 0.0F);
        EXPECT_LE(value, 1.0F);
    }
}

TEST(Overlaid, HasTheColorsOfTheMapAndThePictureAtZero) {
    // 3 x 1 map: -end, 0, +end over a gray picture of 30 x 10.
    const HeatMap map{3, 1, {-2.0F, 0.0F, 2.0F}, true, false};
    const Image picture = flat_picture(30, 10, 100);
    const Image image = overlaid(picture, map, {2.0, false, false}, place(picture, {0, 0, 30, 10}, 30, 10), {});
    const auto low = color_at(ColorMap::kBlueRed, 0.0), high = color_at(ColorMap::kBlueRed, 1.0);
    EXPECT_EQ(pixel(image, 4, 5), (std::array<int, 3>{low[0], low[1], low[2]}));
    EXPECT_EQ(pixel(image, 25, 5), (std::array<int, 3>{high[0], high[1], high[2]}));
    const auto middle = pixel(image, 15, 5);
    EXPECT_EQ(middle[0], 185);   // 100 moved 0.55 of the way to 255
    EXPECT_EQ(middle[0], middle[1]);
    EXPECT_EQ(middle[1], middle[2]);
}

TEST(Overlaid, LiesInItsFieldOnly) {
    const HeatMap map{1, 1, {1.0F}, true, false};
    const Image picture = flat_picture(40, 20, 0);
    const Image image = overlaid(picture, map, {1.0, false, false}, place(picture, {10, 5, 20, 10}, 80, 40), {});
    const auto high = color_at(ColorMap::kBlueRed, 1.0);
    for (int y = 0; y < 40; ++y) {
        for (int x = 0; x < 80; ++x) {
            const bool inside = x >= 20 && x < 60 && y >= 10 && y < 30;
            const auto seen = pixel(image, x, y);
            EXPECT_EQ(seen == (std::array<int, 3>{high[0], high[1], high[2]}), inside) << x << ", " << y;
            if (!inside) {
                EXPECT_EQ(seen[0], seen[2]);   // gray
            }
        }
    }
}

TEST(Superpixels, LabelsStandInsideTheStrongest) {
    // Left half feature 0, right half feature 1 but for a corner of feature 2.
    Explanation lime = explanation_of(Array({3}, {0.1F, -0.9F, 0.0F}), "lime");
    Array features({20, 40});
    for (std::size_t i = 0; i < features.size(); ++i) {
        features[i] = i % 40 < 20 ? 0.0F : i % 40 > 35 && i / 40 < 4 ? 2.0F : 1.0F;
    }
    lime.features = features;
    const Image picture = flat_picture(40, 20, 128);
    const FeaturePlane plane = features_shown(lime, place(picture, {0, 0, 40, 20}, 40, 20));
    const auto labels = strongest(lime, plane, 5);
    ASSERT_EQ(labels.size(), 2U);   // a weight of zero is not printed
    EXPECT_EQ(labels[0].feature, 1);
    EXPECT_EQ(labels[1].feature, 0);
    for (const WeightLabel& label : labels) {
        EXPECT_EQ(plane.features[static_cast<std::size_t>(label.y * 40 + label.x)], label.feature);
        // Both regions are about 20 x 20 pixels: the farthest from their edges lies near the middle.
        EXPECT_GE(label.y, 6);
        EXPECT_LE(label.y, 13);
    }
    Image image = picture;
    draw_borders(image, plane);
    EXPECT_GT(pixel(image, 19, 10)[0], 200);
    EXPECT_LT(pixel(image, 20, 10)[0], 100);
    EXPECT_EQ(pixel(image, 10, 10)[0], 128);
}

}  // namespace
}  // namespace pellucid::render
