#include <algorithm>
#include <string>

#include "pellucid/error.hpp"
#include "pellucid/superpixels.hpp"

namespace pellucid {

Segments grid(int width, int height, int rows, int columns) {
    if (width < 1 || height < 1 || rows < 1 || columns < 1 || rows > height || columns > width) {
        throw Error(ErrorCode::kUsage,
                    "no grid of " + std::to_string(rows) + "x" + std::to_string(columns) + " cells fits a picture of " +
                        std::to_string(width) + "x" + std::to_string(height),
                    "give 1 to as many cells as there are pixels");
    }
    Segments segments{.width = width, .height = height, .count = rows * columns, .labels = {}};
    segments.labels.reserve(static_cast<std::size_t>(width) * static_cast<std::size_t>(height));
    for (std::int64_t y = 0; y < height; ++y) {
        for (std::int64_t x = 0; x < width; ++x) {
            segments.labels.push_back(static_cast<std::int32_t>(y * rows / height * columns + x * columns / width));
        }
    }
    return segments;
}

}  // namespace pellucid
