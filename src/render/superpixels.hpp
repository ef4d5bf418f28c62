#pragma once

#include <string>
#include <vector>

#include "pellucid/explanation.hpp"
#include "render/canvas.hpp"
#include "render/raster.hpp"

namespace pellucid::render {

/// The feature that is shown at each pixel of the drawing, -1 outside the field.
struct FeaturePlane {
    int width = 0, height = 0;
    std::vector<int> features;
};

[[nodiscard]] FeaturePlane features_shown(const Explanation& explanation, const Placement& at);

/// Draws the borders between features into `image`: a white line with a dark one beside it, legible on anything.
void draw_borders(Image& image, const FeaturePlane& plane);

/// Where a feature's weight is printed: the pixel of it that is farthest from all others.
struct WeightLabel {
    int feature = 0, x = 0, y = 0;
    double weight = 0.0;
};
/// The `count` strongest by |weight| among those not zero and visible, strongest first; ties by feature.
[[nodiscard]] std::vector<WeightLabel> strongest(const Explanation& explanation, const FeaturePlane& plane,
                                                 std::size_t count);

/// Prints the labels over the picture at (x, y) of the canvas, moved so that none covers another or leaves the picture.
void print_weights(Canvas& canvas, const std::vector<WeightLabel>& labels, const Box& picture, double text_size);

}  // namespace pellucid::render
