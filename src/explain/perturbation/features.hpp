#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "explain/layout.hpp"
#include "pellucid/input.hpp"
#include "pellucid/superpixels.hpp"

namespace pellucid::explain {

/// The first input of a network grouped into features: superpixels of a picture, or the groups of a file.
struct Features {
    std::int64_t count = 0;
    std::vector<std::int32_t> of_value;   ///< the feature of each value of the input tensor
    Array map;                            ///< as it is shown and written: [height, width], or the tensor's shape
    std::string description;
    std::vector<std::string> notes;
};

/// How a picture is cut into superpixels.
struct SuperpixelChoice {
    std::string algorithm = "quickshift";   ///< quickshift, slic, grid
    std::string file;  ///< a .npy of labels, [height, width] or the input's shape; wins over the rest
    QuickshiftOptions quickshift;
    SlicOptions slic;
    int grid = 7;  ///< rows and columns
};

/// Throws Error(kUnsupported) when the input is no picture and no file is given; Error(kUsage) for a file of another shape.
[[nodiscard]] Features make_superpixels(const InputSpace& space, const Input& input, const SuperpixelChoice& choice);

/// The values that absent features take: one for each value of the input tensor.
/// @param fill  segment-mean, black, white, mean, blur, noise, or a value in the picture's units (0 to 255)
[[nodiscard]] std::vector<float> make_fill(const InputSpace& space, const Input& input, const Features& features,
                                           const std::string& fill, std::uint64_t seed);

}  // namespace pellucid::explain
