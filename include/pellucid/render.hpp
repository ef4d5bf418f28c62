#pragma once

#include <array>
#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "pellucid/array.hpp"
#include "pellucid/explanation.hpp"
#include "pellucid/image.hpp"

namespace pellucid {

/// Perceptual colour maps. Signed: diverging, white at zero, `blue-red` (negative blue). Unsigned: `viridis`, `inferno`,
/// legible to the colour-blind; `turbo` and `gray` for those who ask.
enum class ColorMap { kBlueRed, kViridis, kInferno, kTurbo, kGray };
/// @param t  in [0, 1]; clamped
[[nodiscard]] std::array<std::uint8_t, 3> color_at(ColorMap map, double t);

struct OverlayOptions {
    double percentile = 99.0;      ///< of |values|: the end of the colour bar; said in the picture
    double opacity = 0.7;          ///< of the map over the picture (unsigned maps fade in with the value)
    bool background_gray = true;   ///< the picture below is shown in gray, so that colours belong to the map alone
    int minimum_side = 448;        ///< small pictures are enlarged, pixels kept crisp
    std::string format = "png";    ///< png or svg: one drawing code
    ColorMap signed_colors = ColorMap::kBlueRed;    ///< zero in the middle
    ColorMap unsigned_colors = ColorMap::kInferno;  ///< zero at the low end
    int maximum_side = 1600;       ///< larger pictures are drawn reduced to this, and the caption says so
};

/// A heat map ready to draw: channels summed, at its own resolution, in the picture's field.
struct HeatMap {
    int width = 0, height = 0;
    std::vector<float> values;
    bool is_signed = true;
    bool smooth = false;           ///< bicubic enlargement (CAM maps); false: as pixels are
};

/// The map of an explanation of a picture: pixel attributions with channels summed (alike ones taken
/// once); CAM maps; features spread over pixels.
/// @param channel_axis  of the attribution's shape ([1, C, H, W]: 1; [1, H, W, C]: 3)
[[nodiscard]] HeatMap heat_map(const Explanation& explanation, int channel_axis);

/// One picture: the overlay, a colour bar with numbers, a caption (method, label, score, scaling, what a map means).
/// The same bytes from the same data. Feature methods (LIME) draw superpixel borders and the weights of the strongest.
/// @param field  where the map lies in the picture: x, y, width, height, in its pixels
[[nodiscard]] std::string draw_overlay(const Explanation& explanation, const Image& picture,
                                       const std::array<double, 4>& field, int channel_axis,
                                       const OverlayOptions& options = {});

struct ContactSheetCell {
    const Explanation* explanation;
    std::string note;              ///< e.g. "1.2 s, 1000 evaluations, R2 0.62"
};
struct ContactSheet {
    std::string title;
    std::vector<ContactSheetCell> cells;   ///< at least one
};
/// Picture first, then a cell for each method, titled.
[[nodiscard]] std::string draw_contact_sheet(const Image& picture, const std::array<double, 4>& field, int channel_axis,
                                             const ContactSheet& sheet, const OverlayOptions& options = {});

/// Encodes an 8-bit picture as PNG.
[[nodiscard]] std::string encode_png(const Image& image);

}  // namespace pellucid
