#include "render/superpixels.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace pellucid::render {

namespace {

/// The border of each pixel with what lies before it: towards the right and down (+1), or left and up (-1).
bool differs(const FeaturePlane& plane, int x, int y, int step) {
    const auto at = [&plane](int i, int j) {
        return plane.features[static_cast<std::size_t>(j) * static_cast<std::size_t>(plane.width) +
                              static_cast<std::size_t>(i)];
    };
    const bool across = x + step >= 0 && x + step < plane.width && at(x, y) != at(x + step, y);
    return across || (y + step >= 0 && y + step < plane.height && at(x, y) != at(x, y + step));
}

/// Chessboard distance of each pixel to the next of another feature or the edge, by two passes over the plane.
std::vector<int> distances(const FeaturePlane& plane) {
    const int width = plane.width, height = plane.height;
    std::vector<int> far(plane.features.size());
    const auto index = [width](int x, int y) {
        return static_cast<std::size_t>(y) * static_cast<std::size_t>(width) + static_cast<std::size_t>(x);
    };
    const auto from = [&](int x, int y, int i, int j) {
        const bool same =
            i >= 0 && j >= 0 && i < width && j < height && plane.features[index(i, j)] == plane.features[index(x, y)];
        return same ? far[index(i, j)] + 1 : 1;
    };
    for (int y = 0; y < height; ++y) {
        for (int x = 0; x < width; ++x) {
            far[index(x, y)] = std::min(
                {from(x, y, x - 1, y), from(x, y, x - 1, y - 1), from(x, y, x, y - 1), from(x, y, x + 1, y - 1)});
        }
    }
    for (int y = height - 1; y >= 0; --y) {
        for (int x = width - 1; x >= 0; --x) {
            far[index(x, y)] = std::min({far[index(x, y)], from(x, y, x + 1, y), from(x, y, x + 1, y + 1),
                                         from(x, y, x, y + 1), from(x, y, x - 1, y + 1)});
        }
    }
    return far;
}

bool overlap(const Box& a, const Box& b) {
    return a.x < b.x + b.width && b.x < a.x + a.width && a.y < b.y + b.height && b.y < a.y + a.height;
}

}  // namespace

FeaturePlane features_shown(const Explanation& explanation, const Placement& at) {
    const Array& map = *explanation.features;
    const auto map_height = map.shape()[0], map_width = map.shape()[1];
    FeaturePlane plane{at.width, at.height, {}};
    plane.features.reserve(static_cast<std::size_t>(at.width) * static_cast<std::size_t>(at.height));
    for (int y = 0; y < at.height; ++y) {
        const double v = (y + 0.5 - at.y) / at.field_height;
        for (int x = 0; x < at.width; ++x) {
            const double u = (x + 0.5 - at.x) / at.field_width;
            const auto row = static_cast<std::int64_t>(std::floor(v * static_cast<double>(map_height)));
            const auto column = static_cast<std::int64_t>(std::floor(u * static_cast<double>(map_width)));
            const bool inside = u >= 0 && v >= 0 && row < map_height && column < map_width;
            plane.features.push_back(inside ? static_cast<int>(map[static_cast<std::size_t>(row * map_width + column)])
                                            : -1);
        }
    }
    return plane;
}

void draw_borders(Image& image, const FeaturePlane& plane) {
    for (int y = 0; y < plane.height; ++y) {
        for (int x = 0; x < plane.width; ++x) {
            const bool light = differs(plane, x, y, 1), dark = !light && differs(plane, x, y, -1);
            std::uint8_t* pixel =
                image.pixels.data() +
                3 * (static_cast<std::size_t>(y) * static_cast<std::size_t>(plane.width) + static_cast<std::size_t>(x));
            for (int c = 0; c < 3 && (light || dark); ++c) {
                pixel[c] = static_cast<std::uint8_t>(light ? (pixel[c] + 3 * 255) / 4 : pixel[c] * 11 / 20);
            }
        }
    }
}

std::vector<WeightLabel> strongest(const Explanation& explanation, const FeaturePlane& plane, std::size_t count) {
    const auto weights = explanation.attribution.values();
    const std::vector<int> far = distances(plane);
    std::vector<std::size_t> best(weights.size(), far.size());
    for (std::size_t i = 0; i < far.size(); ++i) {
        const int feature = plane.features[i];
        if (feature >= 0) {
            std::size_t& kept = best[static_cast<std::size_t>(feature)];
            kept = kept == far.size() || far[i] > far[kept] ? i : kept;
        }
    }
    std::vector<WeightLabel> labels;
    for (std::size_t f = 0; f < weights.size(); ++f) {
        if (best[f] < far.size() && weights[f] != 0.0F) {
            labels.push_back({static_cast<int>(f), static_cast<int>(best[f] % static_cast<std::size_t>(plane.width)),
                              static_cast<int>(best[f] / static_cast<std::size_t>(plane.width)),
                              static_cast<double>(weights[f])});
        }
    }
    std::stable_sort(labels.begin(), labels.end(), [](const WeightLabel& a, const WeightLabel& b) {
        return std::abs(a.weight) > std::abs(b.weight);
    });
    labels.resize(std::min(labels.size(), count));
    return labels;
}

void print_weights(Canvas& canvas, const std::vector<WeightLabel>& labels, const Box& picture, double text_size) {
    std::vector<Box> taken;
    for (const WeightLabel& label : labels) {
        const std::string sign = label.weight > 0 ? "+" : "";
        const Text text(sign + number_text(label.weight, 2), {.size = text_size, .bold = true, .color = 0x111111});
        const TextExtent size = text.extent();
        Box box{picture.x + label.x + 0.5 - 0.5 * size.width, picture.y + label.y + 0.5 - 0.5 * size.height, size.width,
                size.height};
        box.x = std::clamp(box.x, picture.x, std::max(picture.x, picture.x + picture.width - size.width));
        box.y = std::clamp(box.y, picture.y, std::max(picture.y, picture.y + picture.height - size.height));
        const auto covers = [&box](const Box& other) { return overlap(box, other); };
        const double above = box.y;
        for (int step = 1; step <= 8 && std::any_of(taken.begin(), taken.end(), covers); ++step) {
            const int heights = (step + 1) / 2;   // below, above, further below, …
            const double moved = above + (step % 2 == 1 ? 0.5 : -0.5) * heights * size.height;
            box.y = std::clamp(moved, picture.y, std::max(picture.y, picture.y + picture.height - size.height));
        }
        if (std::none_of(taken.begin(), taken.end(), covers)) {
            taken.push_back(box);
            canvas.text(text, box.x, box.y, 0.16 * text_size);
        }
    }
}

}  // namespace pellucid::render
