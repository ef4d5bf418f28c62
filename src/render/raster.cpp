#include "render/raster.hpp"

#include <algorithm>
#include <cmath>

#include "render/resample.hpp"

namespace pellucid::render {

namespace {

constexpr double kLight = 0.55;   // under signed maps, whose zero is white, the picture is moved this far to white
constexpr double kDark = 0.80;    // under unsigned maps, whose zero is dark, it keeps this share of its light
constexpr double kOutside = 0.5;  // of what light is left to white, outside the field: the network doesn't see it

std::size_t count(int width, int height) { return static_cast<std::size_t>(width) * static_cast<std::size_t>(height); }

/// One channel of a picture, or its luma (ITU-R BT.601, as PIL's "L") for channel -1.
RowReader channel_reader(const Image& picture, int channel) {
    const auto channels = static_cast<std::size_t>(picture.channels);
    const auto width = static_cast<std::size_t>(picture.width);
    return [&picture, channel, channels, width](int y, std::vector<float>& row) {
        const std::uint8_t* from = picture.pixels.data() + static_cast<std::size_t>(y) * width * channels;
        for (std::size_t x = 0; x < width; ++x, from += channels) {
            if (channels < 3) {
                row[x] = static_cast<float>(from[0]);
            } else if (channel >= 0) {
                row[x] = static_cast<float>(from[channel]);
            } else {
                row[x] = 0.299F * static_cast<float>(from[0]) + 0.587F * static_cast<float>(from[1]) +
                         0.114F * static_cast<float>(from[2]);
            }
        }
    };
}

Plane channel_shown(const Image& picture, int channel, int width, int height) {
    const Window all{0.0, 0.0, static_cast<double>(picture.width), static_cast<double>(picture.height)};
    return box_resampled(channel_reader(picture, channel), {picture.width, picture.height}, all, {width, height});
}

std::uint8_t byte(double value) { return static_cast<std::uint8_t>(std::clamp(value, 0.0, 255.0) + 0.5); }

Image gray_shown(const Image& picture, int width, int height) {
    const Plane luma = channel_shown(picture, -1, width, height);
    Image image{width, height, 3, {}};
    image.pixels.reserve(3 * luma.values.size());
    for (const float value : luma.values) {
        image.pixels.insert(image.pixels.end(), 3, byte(static_cast<double>(value)));
    }
    return image;
}

/// How much of each pixel of the drawing the field covers, along one axis.
std::vector<double> coverage(double begin, double extent, int size) {
    std::vector<double> covered(static_cast<std::size_t>(size));
    for (int i = 0; i < size; ++i) {
        covered[static_cast<std::size_t>(i)] =
            std::clamp(std::min(begin + extent, i + 1.0) - std::max<double>(begin, i), 0.0, 1.0);
    }
    return covered;
}

Plane map_shown(const HeatMap& map, const Placement& at) {
    const double per_x = map.width / at.field_width, per_y = map.height / at.field_height;
    const Window window{-at.x * per_x, -at.y * per_y, (at.width - at.x) * per_x, (at.height - at.y) * per_y};
    if (map.smooth) {
        return cubic_resampled(Plane{map.width, map.height, map.values}, window, at.width, at.height);
    }
    const auto reader = [&map](int y, std::vector<float>& row) {
        const auto* from = map.values.data() + static_cast<std::size_t>(y) * row.size();
        std::copy(from, from + row.size(), row.begin());
    };
    return box_resampled(reader, {map.width, map.height}, window, {at.width, at.height});
}

constexpr int kInks = 512;   // values apart on either side of zero

/// What a value lays over the picture.
struct Ink {
    std::array<double, 3> color{};
    double opacity = 0.0;
};

/// The map's part of the mixture: nothing at zero, the picture shining through in between; maps of single pixels reach
/// the bar's colour at their end, those of whole regions leave the picture to be seen there too.
double opacity_at(double strength, double opacity, bool regions) {
    return std::pow(strength, 0.7) * (regions ? opacity : opacity + (1.0 - opacity) * strength);
}

/// The inks of the values -1 … 1.
std::vector<Ink> inks_of(const HeatMap& map, const Scale& scale, const OverlayOptions& options) {
    std::vector<Ink> inks;
    for (int k = -kInks; k <= kInks; ++k) {
        const double value = static_cast<double>(k) / kInks;
        const auto color = color_of(value, map.is_signed, color_map_of(map, options));
        inks.push_back({{static_cast<double>(color[0]), static_cast<double>(color[1]), static_cast<double>(color[2])},
                        opacity_at(std::abs(value), options.opacity, map.smooth || scale.of_features)});
    }
    return inks;
}

}  // namespace

bool Placement::whole() const {
    return x < 0.5 && y < 0.5 && x + field_width > width - 0.5 && y + field_height > height - 0.5;
}

Placement place(const Image& picture, const std::array<double, 4>& field, int width, int height) {
    if (!(field[2] > 0.0) || !(field[3] > 0.0)) {
        return {width, height, 0.0, 0.0, static_cast<double>(width), static_cast<double>(height)};
    }
    const double sx = static_cast<double>(width) / picture.width, sy = static_cast<double>(height) / picture.height;
    return {width, height, field[0] * sx, field[1] * sy, field[2] * sx, field[3] * sy};
}

Scale scale_of(const HeatMap& map, double percentile, bool features) {
    std::vector<double> sizes;
    sizes.reserve(map.values.size());
    for (const float value : map.values) {
        sizes.push_back(std::abs(static_cast<double>(value)));
    }
    const double position = std::clamp(percentile, 0.0, 100.0) / 100.0 * static_cast<double>(sizes.size() - 1);
    const auto below = sizes.begin() + static_cast<std::ptrdiff_t>(position);
    std::nth_element(sizes.begin(), below, sizes.end());
    const double low = *below;
    const double high = below + 1 == sizes.end() ? low : *std::min_element(below + 1, sizes.end());
    const double end = low + (position - std::floor(position)) * (high - low);
    if (end > 0.0 && !features) {
        return {end, false, false};
    }
    return {*std::max_element(sizes.begin(), sizes.end()), true, features};
}

double in_scale(double value, const Scale& scale) {
    return scale.end > 0.0 ? std::clamp(value / scale.end, -1.0, 1.0) : 0.0;
}

ColorMap color_map_of(const HeatMap& map, const OverlayOptions& options) {
    return map.is_signed ? options.signed_colors : options.unsigned_colors;
}

std::array<std::uint8_t, 3> color_of(double in_scale, bool is_signed, ColorMap colors) {
    return color_at(colors, is_signed ? 0.5 + 0.5 * in_scale : in_scale);
}

Image shown(const Image& picture, int width, int height) {
    Image image{width, height, 3, std::vector<std::uint8_t>(3 * count(width, height))};
    for (std::size_t c = 0; c < 3; ++c) {
        const Plane plane = channel_shown(picture, static_cast<int>(c), width, height);
        for (std::size_t i = 0; i < plane.values.size(); ++i) {
            image.pixels[3 * i + c] = byte(static_cast<double>(plane.values[i]));
        }
    }
    return image;
}

Image overlaid(const Image& picture, const HeatMap& map, const Scale& scale, const Placement& at,
               const OverlayOptions& options) {
    Image image =
        options.background_gray ? gray_shown(picture, at.width, at.height) : shown(picture, at.width, at.height);
    const Plane values = map_shown(map, at);
    const std::vector<Ink> inks = inks_of(map, scale, options);
    const auto columns = coverage(at.x, at.field_width, at.width), rows = coverage(at.y, at.field_height, at.height);
    std::size_t i = 0;
    for (const double row : rows) {
        for (const double column : columns) {
            const double inside = row * column, value = in_scale(static_cast<double>(values.values[i]), scale);
            const Ink& ink = inks[static_cast<std::size_t>(std::lrint((value + 1.0) * kInks))];
            const double opacity = inside * ink.opacity;
            for (std::size_t c = 0; c < 3; ++c) {
                const double seen = image.pixels[3 * i + c], light = seen + kLight * (255.0 - seen);
                const double below = map.is_signed ? light : kDark * seen;
                const double under = inside * below + (1.0 - inside) * (light + kOutside * (255.0 - light));
                image.pixels[3 * i + c] = byte((1.0 - opacity) * under + opacity * ink.color[c]);
            }
            ++i;
        }
    }
    return image;
}

}  // namespace pellucid::render
