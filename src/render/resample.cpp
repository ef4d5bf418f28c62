#include "render/resample.hpp"

#include <algorithm>
#include <cmath>

namespace pellucid::render {

namespace {

/// The source pixels that one pixel of the result averages, by weight.
struct Share {
    int first = 0;
    std::vector<float> weights;   // sum 1, or none
};

std::vector<Share> shares(double begin, double end, int count, int source) {
    std::vector<Share> all(static_cast<std::size_t>(count));
    for (int i = 0; i < count; ++i) {
        const double from = std::max(0.0, begin + (end - begin) * i / count);
        const double to = std::min<double>(source, begin + (end - begin) * (i + 1) / count);
        Share& share = all[static_cast<std::size_t>(i)];
        if (to - from < 1e-9) {
            continue;
        }
        share.first = std::min(static_cast<int>(from), source - 1);
        for (int k = share.first; k < source && k < to; ++k) {
            const double covered = std::min<double>(to, k + 1) - std::max<double>(from, k);
            // A sliver by rounding would smear the neighbour into a crisp pixel.
            share.weights.push_back(covered > 1e-9 ? static_cast<float>(covered / (to - from)) : 0.0F);
        }
    }
    return all;
}

void reduce_row(const std::vector<float>& row, const std::vector<Share>& columns, std::vector<float>& result) {
    for (std::size_t x = 0; x < columns.size(); ++x) {
        float sum = 0.0F;
        for (std::size_t k = 0; k < columns[x].weights.size(); ++k) {
            sum += columns[x].weights[k] * row[static_cast<std::size_t>(columns[x].first) + k];
        }
        result[x] = sum;
    }
}

}  // namespace

Plane box_resampled(const RowReader& source, int source_width, int source_height, const Window& window, int width,
                    int height) {
    const auto columns = shares(window.x0, window.x1, width, source_width);
    const auto rows = shares(window.y0, window.y1, height, source_height);
    Plane plane{width, height, std::vector<float>(static_cast<std::size_t>(width) * static_cast<std::size_t>(height))};
    std::vector<float> row(static_cast<std::size_t>(source_width)), reduced(static_cast<std::size_t>(width));
    int have = -1;
    for (int y = 0; y < height; ++y) {
        const Share& share = rows[static_cast<std::size_t>(y)];
        float* to = plane.values.data() + static_cast<std::size_t>(y) * static_cast<std::size_t>(width);
        for (std::size_t k = 0; k < share.weights.size(); ++k) {
            const int from = share.first + static_cast<int>(k);
            if (from != have) {
                source(from, row);
                reduce_row(row, columns, reduced);
                have = from;
            }
            for (std::size_t x = 0; x < reduced.size(); ++x) {
                to[x] += share.weights[k] * reduced[x];
            }
        }
    }
    return plane;
}

Plane bilinear_resampled(const Plane& source, const Window& window, int width, int height) {
    Plane plane{width, height, {}};
    plane.values.reserve(static_cast<std::size_t>(width) * static_cast<std::size_t>(height));
    const auto at = [&source](int x, int y) {
        return source.values[static_cast<std::size_t>(y) * static_cast<std::size_t>(source.width) +
                             static_cast<std::size_t>(x)];
    };
    for (int y = 0; y < height; ++y) {
        const double v = std::clamp(window.y0 + (window.y1 - window.y0) * (y + 0.5) / height - 0.5, 0.0,
                                    source.height - 1.0);
        const int above = static_cast<int>(v), below = std::min(above + 1, source.height - 1);
        const auto down = static_cast<float>(v - above);
        for (int x = 0; x < width; ++x) {
            const double u = std::clamp(window.x0 + (window.x1 - window.x0) * (x + 0.5) / width - 0.5, 0.0,
                                        source.width - 1.0);
            const int left = static_cast<int>(u), right = std::min(left + 1, source.width - 1);
            const auto across = static_cast<float>(u - left);
            plane.values.push_back((1 - down) * ((1 - across) * at(left, above) + across * at(right, above)) +
                                   down * ((1 - across) * at(left, below) + across * at(right, below)));
        }
    }
    return plane;
}

}  // namespace pellucid::render
