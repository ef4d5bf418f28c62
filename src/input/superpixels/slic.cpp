#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <string>

#include "input/superpixels/connect.hpp"
#include "input/superpixels/lab.hpp"
#include "pellucid/error.hpp"
#include "pellucid/superpixels.hpp"

namespace pellucid {
namespace {

using input::Planes;

struct Center {
    double y = 0.0, x = 0.0;
    std::array<double, 3> color{};
};

struct Spacing {
    int y = 1, x = 1;
    int first_y = 0, first_x = 0;
};

/// skimage.util.regular_grid on [1, height, width]: a step for each axis so that about `points` lie on the grid.
Spacing regular_grid(int height, int width, int points) {
    const double space = static_cast<double>(height) * width;
    if (space <= points) {
        return {};
    }
    std::array<double, 3> sorted{1.0, static_cast<double>(std::min(height, width)),
                                 static_cast<double>(std::max(height, width))};
    std::array<double, 3> step;
    step.fill(std::cbrt(space / points));
    for (std::size_t axis = 0; axis < 3; ++axis) {
        const auto fits = [&] { return sorted[0] >= step[0] && sorted[1] >= step[1] && sorted[2] >= step[2]; };
        if (fits()) {
            break;
        }
        step[axis] = sorted[axis];
        const double rest = axis == 0 ? sorted[1] * sorted[2] : axis == 1 ? sorted[2] : 1.0;
        for (std::size_t next = axis + 1; next < 3; ++next) {
            step[next] = std::pow(rest / points, 1.0 / (2.0 - static_cast<double>(axis)));
        }
    }
    // NumPy rounds halves to even, as nearbyint does.
    const auto whole = [&](std::size_t i) { return std::max(1, static_cast<int>(std::nearbyint(step[i]))); };
    const auto first = [&](std::size_t i) { return static_cast<int>(std::floor(step[i] / 2.0)); };
    const std::size_t y = height <= width ? 1 : 2, x = 3 - y;
    return {whole(y), whole(x), first(y), first(x)};
}

class Clustering {
public:
    Clustering(const Planes& planes, const SlicOptions& options)
        : planes_(planes), spacing_(regular_grid(planes.height, planes.width, options.n_segments)) {
        for (int y = spacing_.first_y; y < planes.height; y += spacing_.y) {
            for (int x = spacing_.first_x; x < planes.width; x += spacing_.x) {
                centers_.push_back({static_cast<double>(y), static_cast<double>(x), {}});
            }
        }
        // The windows follow from a second grid, made for as many points as the first one has.
        window_ = regular_grid(planes.height, planes.width, static_cast<int>(centers_.size()));
        const double step = std::max(spacing_.y, spacing_.x);
        weight_ = 1.0 / (step * step);
        labels_.assign(planes.plane[0].size(), -1);
        distances_.resize(labels_.size());
    }

    std::vector<std::int32_t> run(int iterations) {
        for (int i = 0; i < iterations && assign(); ++i) {
            update();
        }
        return std::move(labels_);
    }

    [[nodiscard]] std::size_t centers() const { return centers_.size(); }

private:
    /// Each pixel to the nearest of the centres whose window holds it. False when no centre claimed any.
    bool assign() {
        std::fill(distances_.begin(), distances_.end(), std::numeric_limits<double>::max());
        bool changed = false;
        for (std::size_t k = 0; k < centers_.size(); ++k) {
            changed = claim(static_cast<std::int32_t>(k)) || changed;
        }
        return changed;
    }

    bool claim(std::int32_t k) {
        const Center center = centers_[static_cast<std::size_t>(k)];
        const int y0 = static_cast<int>(std::max(center.y - 2 * window_.y, 0.0));
        const int y1 = static_cast<int>(std::min(center.y + 2 * window_.y + 1, static_cast<double>(planes_.height)));
        const int x0 = static_cast<int>(std::max(center.x - 2 * window_.x, 0.0));
        const int x1 = static_cast<int>(std::min(center.x + 2 * window_.x + 1, static_cast<double>(planes_.width)));
        bool changed = false;
        for (int y = y0; y < y1; ++y) {
            const double dy = (center.y - y) * (center.y - y);
            for (int x = x0; x < x1; ++x) {
                const std::size_t at =
                    static_cast<std::size_t>(y) * static_cast<std::size_t>(planes_.width) + static_cast<std::size_t>(x);
                double color = 0.0;
                for (std::size_t c = 0; c < 3; ++c) {
                    const double difference = planes_.plane[c][at] - center.color[c];
                    color += difference * difference;
                }
                const double distance = (dy + (center.x - x) * (center.x - x)) * weight_ + color;
                if (distances_[at] > distance) {
                    distances_[at] = distance;
                    labels_[at] = k;
                    changed = true;
                }
            }
        }
        return changed;
    }

    void update() {
        std::fill(centers_.begin(), centers_.end(), Center{});
        std::vector<double> sizes(centers_.size());
        std::size_t at = 0;
        for (int y = 0; y < planes_.height; ++y) {
            for (int x = 0; x < planes_.width; ++x, ++at) {
                if (labels_[at] < 0) {
                    continue;
                }
                const auto k = static_cast<std::size_t>(labels_[at]);
                sizes[k] += 1.0;
                centers_[k].y += y;
                centers_[k].x += x;
                for (std::size_t c = 0; c < 3; ++c) {
                    centers_[k].color[c] += planes_.plane[c][at];
                }
            }
        }
        for (std::size_t k = 0; k < centers_.size(); ++k) {
            // A centre without pixels claims none from here on.
            const double size = sizes[k] > 0.0 ? sizes[k] : std::numeric_limits<double>::quiet_NaN();
            centers_[k].y = sizes[k] > 0.0 ? centers_[k].y / size : -4.0 * planes_.height;
            centers_[k].x /= size;
            for (double& value : centers_[k].color) {
                value /= size;
            }
        }
    }

    const Planes& planes_;
    Spacing spacing_, window_;
    double weight_ = 1.0;
    std::vector<Center> centers_;
    std::vector<std::int32_t> labels_;
    std::vector<double> distances_;
};

/// The range of all channels to 0 … 1.
void stretch(Planes& planes) {
    double least = 1.0, most = 0.0;
    for (const auto& plane : planes.plane) {
        const auto [low, high] = std::minmax_element(plane.begin(), plane.end());
        least = std::min(least, *low);
        most = std::max(most, *high);
    }
    for (auto& plane : planes.plane) {
        for (double& value : plane) {
            value = most != least ? (value - least) / (most - least) : value - least;
        }
    }
}

}  // namespace

Segments slic(const Image& image, const SlicOptions& options) {
    if (options.n_segments < 1 || !(options.compactness > 0.0) || options.max_num_iter < 1 || image.pixels.empty()) {
        throw Error(ErrorCode::kUsage,
                    "slic needs a picture, n_segments and max_num_iter of 1 or more, and a "
                    "compactness above 0",
                    "correct these options");
    }
    Planes planes = input::unit_planes(image);
    stretch(planes);
    input::rgb_to_lab(planes);
    input::smooth(planes, options.sigma);
    for (auto& plane : planes.plane) {
        for (double& value : plane) {
            value *= 1.0 / options.compactness;
        }
    }
    Clustering clustering(planes, options);
    const double expected = static_cast<double>(planes.plane[0].size()) / static_cast<double>(clustering.centers());
    Segments segments{
        .width = image.width, .height = image.height, .count = 0, .labels = clustering.run(options.max_num_iter)};
    if (options.enforce_connectivity) {
        input::connect(segments, static_cast<int>(0.5 * expected), static_cast<int>(3.0 * expected));
    }
    input::close_gaps(segments);
    return segments;
}

}  // namespace pellucid
