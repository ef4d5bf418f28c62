#pragma once

#include <functional>
#include <vector>

namespace pellucid::render {

struct Plane {
    int width = 0, height = 0;
    std::vector<float> values;
};

/// A rectangle of real coordinates.
struct Window {
    double x0, y0, x1, y1;
};

struct Extent {
    int width, height;
};

/// Fills `row` with the source's row y.
using RowReader = std::function<void(int y, std::vector<float>& row)>;

/// Each pixel of the result is the mean of the source over its share of `window` (source coordinates; parts that lie
/// outside the source don't count; 0 where nothing lies inside). Enlarging keeps pixels crisp, reducing averages.
[[nodiscard]] Plane box_resampled(const RowReader& source, Extent source_extent, const Window& window, Extent extent);

/// Catmull and Rom's cubic at the pixels' centres, the source's border values continued, held to the range of the source.
[[nodiscard]] Plane cubic_resampled(const Plane& source, const Window& window, int width, int height);

}  // namespace pellucid::render
