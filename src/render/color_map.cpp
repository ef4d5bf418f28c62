// Colour maps made as smooth paths in Oklab [ottosson2020], where equal steps look equal: lightness and hue run as
// stated here, and chroma is what the path asks for or the most that sRGB has there.

#include <algorithm>
#include <cmath>
#include <numbers>
#include <span>

#include "pellucid/render.hpp"

namespace pellucid {

namespace {

constexpr int kSteps = 512;  // even, so that 0.5, the zero of signed maps, is an entry
using Color = std::array<std::uint8_t, 3>;
using Table = std::array<Color, kSteps + 1>;

/// A colour by lightness (0 … 1), chroma and hue (degrees) in Oklab.
struct Lch {
    double t, lightness, chroma, hue;
};

std::array<double, 3> linear_rgb(const Lch& color) {
    const double angle = color.hue * std::numbers::pi / 180.0;
    const double a = color.chroma * std::cos(angle), b = color.chroma * std::sin(angle);
    const double l = std::pow(color.lightness + 0.3963377774 * a + 0.2158037573 * b, 3);
    const double m = std::pow(color.lightness - 0.1055613458 * a - 0.0638541728 * b, 3);
    const double s = std::pow(color.lightness - 0.0894841775 * a - 1.2914855480 * b, 3);
    return {4.0767416621 * l - 3.3077115913 * m + 0.2309699292 * s,
            -1.2684380046 * l + 2.6097574011 * m - 0.3413193965 * s,
            -0.0041960863 * l - 0.7034186147 * m + 1.7076147010 * s};
}

bool shown_by_srgb(const Lch& color) {
    const auto rgb = linear_rgb(color);
    return std::all_of(rgb.begin(), rgb.end(), [](double v) { return v >= -1e-4 && v <= 1.0001; });
}

Color srgb(Lch color) {
    if (!shown_by_srgb(color)) {
        double low = 0.0, high = color.chroma;
        for (int step = 0; step < 24; ++step) {
            color.chroma = 0.5 * (low + high);
            (shown_by_srgb(color) ? low : high) = color.chroma;
        }
        color.chroma = low;
    }
    const auto rgb = linear_rgb(color);
    Color bytes{};
    for (std::size_t c = 0; c < 3; ++c) {
        const double v = std::clamp(rgb[c], 0.0, 1.0);
        const double encoded = v <= 0.0031308 ? 12.92 * v : 1.055 * std::pow(v, 1.0 / 2.4) - 0.055;
        bytes[c] = static_cast<std::uint8_t>(std::lround(255.0 * encoded));
    }
    return bytes;
}

/// The path through `points`, each quantity by a cubic with slopes of central differences (Catmull and Rom).
Lch along(std::span<const Lch> points, double t) {
    std::size_t i = 0;
    while (i + 2 < points.size() && t > points[i + 1].t) {
        ++i;
    }
    const double width = points[i + 1].t - points[i].t, u = (t - points[i].t) / width;
    const auto cubic = [&](double Lch::* part) {
        const auto slope = [&](std::size_t k) {
            const std::size_t before = k == 0 ? 0 : k - 1, after = std::min(k + 1, points.size() - 1);
            return (points[after].*part - points[before].*part) / (points[after].t - points[before].t);
        };
        const double y0 = points[i].*part, y1 = points[i + 1].*part, d0 = slope(i) * width, d1 = slope(i + 1) * width;
        return y0 + u * (d0 + u * (3 * (y1 - y0) - 2 * d0 - d1 + u * (2 * (y0 - y1) + d0 + d1)));
    };
    return {t, cubic(&Lch::lightness), cubic(&Lch::chroma), cubic(&Lch::hue)};
}

/// Lightness falls evenly from white at zero to the same darkness at both ends.
Lch diverging(double t) {
    const double s = 2.0 * t - 1.0, away = std::abs(s);
    // Within what sRGB has on both sides, or one side would bend where it is cut.
    return {t, 1.0 - 0.56 * away, away * (0.265 - 0.09 * away), s < 0 ? 258.0 : 25.0};
}

constexpr std::array kViridis{Lch{0.0, 0.27, 0.12, 315.0}, Lch{0.25, 0.4325, 0.12, 275.0}, Lch{0.5, 0.595, 0.11, 205.0},
                              Lch{0.75, 0.7575, 0.17, 155.0}, Lch{1.0, 0.92, 0.19, 108.0}};
constexpr std::array kInferno{Lch{0.0, 0.08, 0.04, 285.0}, Lch{0.25, 0.3025, 0.16, 312.0}, Lch{0.5, 0.525, 0.20, 378.0},
                              Lch{0.75, 0.7475, 0.18, 414.0}, Lch{1.0, 0.97, 0.10, 466.0}};
constexpr std::array kTurbo{Lch{0.0, 0.30, 0.16, 300.0}, Lch{0.2, 0.66, 0.17, 250.0}, Lch{0.4, 0.86, 0.19, 165.0},
                            Lch{0.6, 0.88, 0.19, 115.0}, Lch{0.8, 0.68, 0.20, 45.0},  Lch{1.0, 0.38, 0.16, 27.0}};

template <typename Path>
Table sampled(Path&& path) {
    Table table;
    for (int i = 0; i <= kSteps; ++i) {
        table[static_cast<std::size_t>(i)] = srgb(path(static_cast<double>(i) / kSteps));
    }
    return table;
}

const Table& table_of(ColorMap map) {
    const auto through = [](std::span<const Lch> points) { return [points](double t) { return along(points, t); }; };
    switch (map) {
        case ColorMap::kBlueRed: {
            static const Table table = sampled(diverging);
            return table;
        }
        case ColorMap::kViridis: {
            static const Table table = sampled(through(kViridis));
            return table;
        }
        case ColorMap::kInferno: {
            static const Table table = sampled(through(kInferno));
            return table;
        }
        case ColorMap::kTurbo: {
            static const Table table = sampled(through(kTurbo));
            return table;
        }
        case ColorMap::kGray:
            break;
    }
    static const Table table = [] {
        Table gray;
        for (std::size_t i = 0; i <= kSteps; ++i) {
            gray[i].fill(static_cast<std::uint8_t>(std::lround(255.0 * static_cast<double>(i) / kSteps)));
        }
        return gray;
    }();
    return table;
}

}  // namespace

std::array<std::uint8_t, 3> color_at(ColorMap map, double t) {
    const double inside = t >= 0.0 ? std::min(t, 1.0) : 0.0;  // NaN: the low end
    return table_of(map)[static_cast<std::size_t>(std::lround(inside * kSteps))];
}

}  // namespace pellucid
