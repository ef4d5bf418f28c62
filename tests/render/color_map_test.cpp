#include <gtest/gtest.h>

#include <cmath>

#include "pellucid/render.hpp"

namespace pellucid {
namespace {

using Linear = std::array<double, 3>;

Linear linear(const std::array<std::uint8_t, 3>& color) {
    Linear rgb{};
    for (std::size_t c = 0; c < 3; ++c) {
        const double v = color[c] / 255.0;
        rgb[c] = v <= 0.04045 ? v / 12.92 : std::pow((v + 0.055) / 1.055, 2.4);
    }
    return rgb;
}

// CIE L* of linear sRGB (D65): another space than the one that the maps are made in.
double lightness(const Linear& rgb) {
    const double y = 0.2126 * rgb[0] + 0.7152 * rgb[1] + 0.0722 * rgb[2];
    return y > 0.008856 ? 116.0 * std::cbrt(y) - 16.0 : 903.3 * y;
}

// Full deuteranopia after Machado, Oliveira and Fernandes (IEEE TVCG 2009), table 1, severity 1.0.
Linear deuteranope(const Linear& rgb) {
    return {std::max(0.0, 0.367322 * rgb[0] + 0.860646 * rgb[1] - 0.227968 * rgb[2]),
            std::max(0.0, 0.280085 * rgb[0] + 0.672501 * rgb[1] + 0.047413 * rgb[2]),
            std::max(0.0, -0.011820 * rgb[0] + 0.042940 * rgb[1] + 0.968881 * rgb[2])};
}

TEST(ColorMap, SignedIsWhiteAtZeroAndBlueToRed) {
    EXPECT_EQ(color_at(ColorMap::kBlueRed, 0.5), (std::array<std::uint8_t, 3>{255, 255, 255}));
    const auto low = color_at(ColorMap::kBlueRed, 0.0), high = color_at(ColorMap::kBlueRed, 1.0);
    EXPECT_GT(low[2], low[0] + 100);
    EXPECT_GT(high[0], high[2] + 100);
}

TEST(ColorMap, SignedFallsInLightnessAlikeOnBothSides) {
    double before = 101.0;
    for (int i = 0; i <= 64; ++i) {
        const double t = i / 128.0;
        const double up = lightness(linear(color_at(ColorMap::kBlueRed, 0.5 + t)));
        const double down = lightness(linear(color_at(ColorMap::kBlueRed, 0.5 - t)));
        EXPECT_LT(up, before) << t;
        // Oklab's lightness is not L*: reds and blues of equal Oklab lightness differ by a few units of L*.
        EXPECT_NEAR(up, down, 6.0) << t;
        before = up;
    }
    EXPECT_LT(before, 45.0);
}

TEST(ColorMap, StepsOfTheSignedMapAreEven) {
    double least = 1e9, most = 0.0;
    for (int i = 0; i < 64; ++i) {
        const double step = std::abs(lightness(linear(color_at(ColorMap::kBlueRed, (i + 1) / 64.0))) -
                                     lightness(linear(color_at(ColorMap::kBlueRed, i / 64.0))));
        least = std::min(least, step);
        most = std::max(most, step);
    }
    // Even in Oklab; L*, and rounding to 8 bit at 64 steps of about 2 units, leave this much.
    EXPECT_LT(most / least, 2.5);
}

TEST(ColorMap, UnsignedRiseInLightnessForTrichromatsAndDeuteranopes) {
    for (const ColorMap map : {ColorMap::kViridis, ColorMap::kInferno, ColorMap::kGray}) {
        double seen = -1.0, seen_by_deuteranope = -1.0;
        for (int i = 0; i <= 64; ++i) {
            const Linear rgb = linear(color_at(map, i / 64.0));
            EXPECT_GT(lightness(rgb), seen) << static_cast<int>(map) << " at " << i;
            EXPECT_GT(lightness(deuteranope(rgb)), seen_by_deuteranope) << static_cast<int>(map) << " at " << i;
            seen = lightness(rgb);
            seen_by_deuteranope = lightness(deuteranope(rgb));
        }
        EXPECT_GT(seen, 85.0);
    }
}

TEST(ColorMap, ClampsWhatIsOutside) {
    for (const ColorMap map : {ColorMap::kBlueRed, ColorMap::kTurbo}) {
        EXPECT_EQ(color_at(map, -3.0), color_at(map, 0.0));
        EXPECT_EQ(color_at(map, 7.0), color_at(map, 1.0));
        EXPECT_EQ(color_at(map, std::nan("")), color_at(map, 0.0));
    }
}

}  // namespace
}  // namespace pellucid
