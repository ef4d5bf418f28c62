#include "input/superpixels/quickshift_field.hpp"

#include <cmath>
#include <limits>
#include <numbers>

namespace pellucid::input {
namespace {

bool has_avx2() {
#if defined(__x86_64__)
    return __builtin_cpu_supports("avx2") != 0;
#else
    return false;
#endif
}

}  // namespace

QuickshiftField::QuickshiftField(const Planes& planes, double kernel_size)
    : width(planes.width),
      height(planes.height),
      radius(static_cast<int>(std::ceil(3.0 * kernel_size))),
      stride(static_cast<std::size_t>(planes.width + 2 * radius + kQuickshiftLanes)),
      unit(std::sqrt(0.5 * std::numbers::log2e) / kernel_size) {
    constexpr float kFarOff = 1e9F;
    for (int dy = -radius; dy <= radius; ++dy) {
        for (int dx = -radius; dx <= radius; ++dx) {
            spatial.push_back(static_cast<float>(unit * unit * (dy * dy + dx * dx)));
        }
    }
    const std::size_t size = stride * static_cast<std::size_t>(height + 2 * radius);
    for (std::size_t c = 0; c < 3; ++c) {
        color[c].assign(size, kFarOff);
        for (int y = 0; y < height; ++y) {
            for (int x = 0; x < width; ++x) {
                color[c][at(y, x)] = static_cast<float>(
                    unit * planes.plane[c][static_cast<std::size_t>(y) * static_cast<std::size_t>(width) +
                                           static_cast<std::size_t>(x)]);
            }
        }
    }
    density.assign(size, -std::numeric_limits<double>::infinity());
    parent.resize(planes.plane[0].size());
    distance.resize(parent.size());
}

QuickshiftView QuickshiftField::view() {
    return {width,
            height,
            radius,
            stride,
            {color[0].data(), color[1].data(), color[2].data()},
            spatial.data(),
            density.data(),
            parent.data(),
            distance.data()};
}

void add_density(const QuickshiftView& field, int from, int to) {
#if defined(__x86_64__)
    if (has_avx2()) {
        return add_density_avx2(field, from, to);
    }
#endif
    add_density_plain(field, from, to);
}

void find_parents(const QuickshiftView& field, int from, int to) {
#if defined(__x86_64__)
    if (has_avx2()) {
        return find_parents_avx2(field, from, to);
    }
#endif
    find_parents_plain(field, from, to);
}

}  // namespace pellucid::input
