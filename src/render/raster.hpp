#pragma once

#include <array>
#include <vector>

#include "pellucid/image.hpp"
#include "pellucid/render.hpp"

namespace pellucid::render {

/// Where things lie: the picture at `width` x `height` pixels of the drawing, and the map's field in them.
struct Placement {
    int width = 0, height = 0;
    double x = 0.0, y = 0.0, field_width = 0.0, field_height = 0.0;

    [[nodiscard]] bool whole() const;   ///< the field is the whole picture
};

/// @param field  in the picture's pixels; of no extent: the whole picture
[[nodiscard]] Placement place(const Image& picture, const std::array<double, 4>& field, int width, int height);

/// Where the colours of a map end, and how.
struct Scale {
    double end = 0.0;       ///< of |values|; 0 when all values are zero
    bool largest = false;   ///< the largest |value|, not the percentile asked for
    bool of_features = false;
};

/// The percentile of |values| by linear interpolation between order statistics (Hyndman and Fan's definition 7); the
/// largest one where that is zero (maps that are zero nearly everywhere) or where `features` carry the values.
[[nodiscard]] Scale scale_of(const HeatMap& map, double percentile, bool features);

/// The map's value in [-1, 1], in units of the scale's end.
[[nodiscard]] double in_scale(double value, const Scale& scale);

[[nodiscard]] ColorMap color_map_of(const HeatMap& map, const OverlayOptions& options);
/// The colour of a value within the scale: signed maps have zero in the middle of their colours.
[[nodiscard]] std::array<std::uint8_t, 3> color_of(double in_scale, bool is_signed, ColorMap colors);

/// The picture at the placement's size, RGB: reduced by averaging, enlarged with its pixels kept.
[[nodiscard]] Image shown(const Image& picture, int width, int height);

/// The picture with the map over it, RGB, at the placement's size.
[[nodiscard]] Image overlaid(const Image& picture, const HeatMap& map, const Scale& scale, const Placement& at,
                             const OverlayOptions& options);

}  // namespace pellucid::render
