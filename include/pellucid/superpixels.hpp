#pragma once

#include <cstdint>
#include <vector>

#include "pellucid/image.hpp"

namespace pellucid {

/// A label for each pixel: row-major [height, width], labels 0 … count - 1 without gaps.
struct Segments {
    int width = 0, height = 0, count = 0;
    std::vector<std::int32_t> labels;
};

/// skimage.segmentation.quickshift's parameters, defaults and rules [vedaldi2008].
/// The defaults here are those that lime's image explainer uses.
struct QuickshiftOptions {
    double kernel_size = 4.0;
    double max_dist = 200.0;
    double ratio = 0.2;
    double sigma = 0.0;
    bool convert2lab = true;
    std::uint64_t seed = 42;    ///< of the tie-breaking noise
    int threads = 0;            ///< 0: as many as the machine has cores; the labels do not depend on it
};
[[nodiscard]] Segments quickshift(const Image& image, const QuickshiftOptions& options = {});

/// skimage.segmentation.slic's parameters and rules [achanta2012], start_label 0.
struct SlicOptions {
    int n_segments = 100;
    double compactness = 10.0;
    int max_num_iter = 10;
    double sigma = 0.0;
    bool enforce_connectivity = true;
};
[[nodiscard]] Segments slic(const Image& image, const SlicOptions& options = {});

/// rows x columns rectangles, as equal as they can be.
[[nodiscard]] Segments grid(int width, int height, int rows, int columns);

}  // namespace pellucid
