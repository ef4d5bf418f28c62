#pragma once

#include <array>
#include <vector>

#include "pellucid/image.hpp"

namespace pellucid::input {

/// Three planes of a picture, row-major, double.
struct Planes {
    int width = 0, height = 0;
    std::array<std::vector<double>, 3> plane;
};

/// sRGB values in 0 … 1 to CIE L*a*b* under D65, two-degree observer, with the constants of skimage.color.rgb2lab.
void rgb_to_lab(Planes& planes);

/// A picture's channels in 0 … 1; gray in all three.
[[nodiscard]] Planes unit_planes(const Image& image);

/// scipy.ndimage.gaussian_filter: kernel cut at four sigma, edges mirrored with the edge pixel repeated.
void smooth(Planes& planes, double sigma);

}  // namespace pellucid::input
