#include "render/panel.hpp"

#include "pellucid/error.hpp"

namespace pellucid::render {

namespace {
constexpr std::size_t kWeightsPrinted = 5;
}  // namespace

void check_picture(const Image& picture) {
    const bool channels = picture.channels == 1 || picture.channels == 3 || picture.channels == 4;
    if (!channels || picture.width < 1 || picture.height < 1 ||
        picture.pixels.size() != static_cast<std::size_t>(picture.width) * static_cast<std::size_t>(picture.height) *
                                     static_cast<std::size_t>(picture.channels)) {
        throw Error(ErrorCode::kUsage,
                    "a picture of " + std::to_string(picture.width) + " x " + std::to_string(picture.height) + " x " +
                        std::to_string(picture.channels) + " with " + std::to_string(picture.pixels.size()) +
                        " bytes cannot be drawn",
                    "give an 8-bit picture of 1, 3 or 4 channels");
    }
}

Panel make_panel(const Explanation& explanation, const Image& picture, const Placement& at, int channel_axis,
                 const OverlayOptions& options) {
    Panel panel;
    panel.map = heat_map(explanation, channel_axis);
    panel.is_of_features = explanation.features.has_value() && explanation.attribution.rank() == 1;
    panel.scale = scale_of(panel.map, options.percentile, panel.is_of_features);
    panel.colors = color_map_of(panel.map, options);
    panel.at = at;
    panel.image = overlaid(picture, panel.map, panel.scale, at, options);
    if (panel.is_of_features) {
        const FeaturePlane plane = features_shown(explanation, at);
        draw_borders(panel.image, plane);
        panel.weights = strongest(explanation, plane, kWeightsPrinted);
    }
    return panel;
}

void draw_panel(Canvas& canvas, const Panel& panel, double x, double y, double text_size) {
    canvas.picture(panel.image, x, y);
    draw_field(canvas, panel.at, x, y);
    const Box box{x, y, static_cast<double>(panel.image.width), static_cast<double>(panel.image.height)};
    print_weights(canvas, panel.weights, box, text_size);
}

void draw_field(Canvas& canvas, const Placement& at, double x, double y) {
    if (!at.whole()) {
        canvas.outline({x + at.x, y + at.y, at.field_width, at.field_height}, 0xffffff, 3.0, 0.7);
        canvas.outline({x + at.x, y + at.y, at.field_width, at.field_height}, 0x000000, 1.0, 0.8);
    }
}

}  // namespace pellucid::render
