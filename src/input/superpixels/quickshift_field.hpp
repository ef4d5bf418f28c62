#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "input/superpixels/lab.hpp"

namespace pellucid::input {

constexpr int kQuickshiftLanes = 8;

/// A field's memory, as the passes take it.
struct QuickshiftView {
    int width, height, radius;
    std::size_t stride;
    const float* color[3];
    const float* spatial;
    double* density;
    std::int32_t* parent;
    float* distance;
};

/// What the two passes of quickshift read and write. Planes are padded by `radius` on each side (and to whole vectors on
/// the right), so that no window is cut: padding has colours so far off that its weight vanishes beside any pixel's own,
/// and a density below every pixel's.
///
/// Colours and places are in a unit in which a pixel's weight at distance d is 2^-d^2.
/// Colours and weights are float, summed over a row of the window in float and over rows in double: pixels in a flat
/// area have equal windows, thus equal sums to the bit, and noise alone decides between them, as it does in double.
struct QuickshiftField {
    int width = 0, height = 0, radius = 0;
    std::size_t stride = 0;                        ///< elements in a padded row
    std::array<std::vector<float>, 3> color;
    std::vector<double> density;
    std::vector<std::int32_t> parent;              ///< [height, width]: pixel of the nearest denser one, or itself
    std::vector<float> distance;                   ///< its squared distance
    double unit = 1.0;                             ///< what a distance of one pixel is
    std::vector<float> spatial;                    ///< squared distances in the window, without the colours'

    QuickshiftField(const Planes& planes, double kernel_size);
    [[nodiscard]] QuickshiftView view();
    [[nodiscard]] std::size_t at(int y, int x) const {
        return static_cast<std::size_t>(y + radius) * stride + static_cast<std::size_t>(x + radius);
    }
};

/// Adds to the density of the rows [from, to) the sum of exp(-distance^2 / (2 kernel_size^2)) over the window.
/// Runs the AVX2 form where the processor has it.
void add_density(const QuickshiftView& field, int from, int to);
/// Finds, for the rows [from, to), the nearest pixel of the window that is denser.
void find_parents(const QuickshiftView& field, int from, int to);

// The forms, equal to the bit.
void add_density_plain(const QuickshiftView& field, int from, int to);
void find_parents_plain(const QuickshiftView& field, int from, int to);
#if defined(__x86_64__)
void add_density_avx2(const QuickshiftView& field, int from, int to);
void find_parents_avx2(const QuickshiftView& field, int from, int to);
#endif

}  // namespace pellucid::input
