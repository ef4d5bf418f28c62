#include "render/resample.hpp"

#include <algorithm>
#include <array>
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

/// Four neighbours and their weights.
struct Taps {
    std::array<std::size_t, 4> at{};
    std::array<float, 4> weights{};
};

std::vector<Taps> taps(double begin, double end, int count, int source) {
    std::vector<Taps> all;
    for (int i = 0; i < count; ++i) {
        const double center = std::clamp(begin + (end - begin) * (i + 0.5) / count - 0.5, 0.0, source - 1.0);
        const int left = static_cast<int>(center);
        const double t = center - left;
        const std::array<double, 4> weights{0.5 * t * (-1 + t * (2 - t)), 1 + t * t * (-2.5 + 1.5 * t),
                                            0.5 * t * (1 + t * (4 - 3 * t)), 0.5 * t * t * (t - 1)};
        Taps& tap = all.emplace_back();
        for (int k = 0; k < 4; ++k) {
            const auto to = static_cast<std::size_t>(k);
            tap.at[to] = static_cast<std::size_t>(std::clamp(left + k - 1, 0, source - 1));
            tap.weights[to] = static_cast<float>(weights[to]);
        }
    }
    return all;
}

}  // namespace

Plane box_resampled(const RowReader& source, Extent source_extent, const Window& window, Extent extent) {
    const auto [width, height] = extent;
    const auto columns = shares(window.x0, window.x1, width, source_extent.width);
    const auto rows = shares(window.y0, window.y1, height, source_extent.height);
    Plane plane{width, height, std::vector<float>(static_cast<std::size_t>(width) * static_cast<std::size_t>(height))};
    std::vector<float> row(static_cast<std::size_t>(source_extent.width)), reduced(static_cast<std::size_t>(width));
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

Plane cubic_resampled(const Plane& source, const Window& window, int width, int height) {
    const auto columns = taps(window.x0, window.x1, width, source.width);
    const auto rows = taps(window.y0, window.y1, height, source.height);
    const auto [low, high] = std::minmax_element(source.values.begin(), source.values.end());
    Plane plane{width, height, {}};
    plane.values.reserve(static_cast<std::size_t>(width) * static_cast<std::size_t>(height));
    for (const Taps& row : rows) {
        for (std::size_t x = 0; x < columns.size(); ++x) {
            float sum = 0.0F;
            for (std::size_t j = 0; j < 4; ++j) {
                const float* from = source.values.data() + row.at[j] * static_cast<std::size_t>(source.width);
                float part = 0.0F;
                for (std::size_t i = 0; i < 4; ++i) {
                    part += columns[x].weights[i] * from[columns[x].at[i]];
                }
                sum += row.weights[j] * part;
            }
            plane.values.push_back(std::clamp(sum, *low, *high));
        }
    }
    return plane;
}

}  // namespace pellucid::render
