#include <algorithm>
#include <string>
#include <thread>

#include "input/superpixels/connect.hpp"
#include "input/superpixels/numpy_random.hpp"
#include "input/superpixels/quickshift_field.hpp"
#include "pellucid/error.hpp"
#include "pellucid/superpixels.hpp"

namespace pellucid {
namespace {

using input::QuickshiftField;
using input::QuickshiftView;

/// Runs a pass over bands of rows. Rows are independent, so the bands do not show.
void over_rows(QuickshiftField& field, int threads, void (*pass)(const QuickshiftView&, int, int)) {
    const int bands = std::clamp(threads, 1, field.height);
    const QuickshiftView view = field.view();
    std::vector<std::jthread> workers;
    for (int band = 1; band < bands; ++band) {
        workers.emplace_back(pass, view, field.height * band / bands, field.height * (band + 1) / bands);
    }
    pass(view, 0, field.height / bands);
}

void add_noise(QuickshiftField& field, std::uint64_t seed) {
    constexpr double kScale = 0.00001;
    input::NumpyRandom random(seed);
    for (int y = 0; y < field.height; ++y) {
        for (int x = 0; x < field.width; ++x) {
            field.density[field.at(y, x)] = kScale * random.normal();
        }
    }
}

/// Each pixel's root, by pointer doubling; links longer than max_dist are cut first.
std::vector<std::int32_t> roots(const QuickshiftField& field, double max_dist) {
    std::vector<std::int32_t> parent = field.parent;
    const double limit = max_dist * field.unit;
    for (std::size_t i = 0; i < parent.size(); ++i) {
        if (static_cast<double>(field.distance[i]) > limit * limit) {
            parent[i] = static_cast<std::int32_t>(i);
        }
    }
    std::vector<std::int32_t> before;
    while (before != parent) {
        before = parent;
        for (std::size_t i = 0; i < parent.size(); ++i) {
            parent[i] = before[static_cast<std::size_t>(before[i])];
        }
    }
    return parent;
}

}  // namespace

Segments quickshift(const Image& image, const QuickshiftOptions& options) {
    if (!(options.kernel_size >= 1.0) || !(options.max_dist >= 0.0) || image.pixels.empty()) {
        throw Error(ErrorCode::kUsage,
                    "quickshift needs a picture, a kernel_size of 1 or more and a max_dist of 0 or more",
                    "correct these options");
    }
    input::Planes planes = input::unit_planes(image);
    if (options.convert2lab) {
        input::rgb_to_lab(planes);
    }
    input::smooth(planes, options.sigma);
    for (auto& plane : planes.plane) {
        for (double& value : plane) {
            value *= options.ratio;
        }
    }
    QuickshiftField field(planes, options.kernel_size);
    add_noise(field, options.seed);
    const int threads = options.threads > 0 ? options.threads : static_cast<int>(std::thread::hardware_concurrency());
    over_rows(field, threads, input::add_density);
    over_rows(field, threads, input::find_parents);
    Segments segments{
        .width = image.width, .height = image.height, .count = 0, .labels = roots(field, options.max_dist)};
    input::close_gaps(segments);
    return segments;
}

}  // namespace pellucid
