#pragma once

#include <vector>

#include "render/canvas.hpp"
#include "render/raster.hpp"
#include "render/superpixels.hpp"

namespace pellucid::render {

/// A picture with a map over it, ready to be set on a canvas.
struct Panel {
    HeatMap map;
    Scale scale;
    ColorMap colors = ColorMap::kBlueRed;
    bool is_of_features = false;
    Placement at;
    Image image;
    std::vector<WeightLabel> weights;   ///< of feature methods: those to print
};

/// Throws Error(kUsage) on a picture without pixels or with other than 1, 3 or 4 channels.
void check_picture(const Image& picture);

[[nodiscard]] Panel make_panel(const Explanation& explanation, const Image& picture, const Placement& at,
                               int channel_axis, const OverlayOptions& options);

void draw_panel(Canvas& canvas, const Panel& panel, double x, double y, double text_size);

/// The network's field, where it is not the whole picture.
void draw_field(Canvas& canvas, const Placement& at, double x, double y);

}  // namespace pellucid::render
