#include "input/superpixels/quickshift_field.hpp"

#include <cfloat>
#include <cmath>
#include <cstring>
#include <limits>
#include <numbers>

namespace pellucid::input {
namespace {

constexpr int kLanes = 8;
using Floats = float __attribute__((vector_size(32)));
using Ints = std::int32_t __attribute__((vector_size(32)));
using Doubles = double __attribute__((vector_size(64)));
using Longs = std::int64_t __attribute__((vector_size(64)));

// Everything below is inlined into two functions, one compiled for AVX2 and one for any processor. AVX2 here goes without
// fused multiply-add, so both round alike.
#define PELLUCID_INLINE inline __attribute__((always_inline))

PELLUCID_INLINE void load(Floats& to, const float* from) { std::memcpy(&to, from, sizeof(to)); }

/// 2^t for t <= 0, to 2e-7 relative: Taylor's polynomial on [-1/2, 1/2], then the exponent by bits.
PELLUCID_INLINE void exponential(Floats& t) {
    constexpr float kRound = 12582912.0F;   // 1.5 * 2^23: adding it rounds to an integer in the low bits
    const Floats bounded = t < -126.0F ? Floats{} - 126.0F : t;
    const Floats shifted = bounded + kRound;
    const Floats rest = bounded - (shifted - kRound);
    Floats p = rest * 1.5403530e-4F + 1.3333558e-3F;
    p = p * rest + 9.6181291e-3F;
    p = p * rest + 5.5504109e-2F;
    p = p * rest + 2.4022651e-1F;
    p = p * rest + 6.9314718e-1F;
    p = p * rest + 1.0F;
    const Ints exponent = __builtin_bit_cast(Ints, shifted) << 23;
    const Ints result = __builtin_bit_cast(Ints, p) + exponent;
    std::memcpy(&t, &result, sizeof(t));
}

struct Pixels {
    Floats color[3];
};

PELLUCID_INLINE void squared_distance(Floats& distance, const QuickshiftField& field, const Pixels& own,
                                      std::size_t other, float spatial) {
    Floats sum = Floats{} + spatial;
    for (int c = 0; c < 3; ++c) {
        Floats color;
        load(color, field.color[static_cast<std::size_t>(c)].data() + other);
        const Floats difference = own.color[c] - color;
        sum += difference * difference;
    }
    distance = sum;
}

PELLUCID_INLINE void density_block(QuickshiftField& field, int y, int x) {
    const std::size_t here = field.at(y, x);
    const int radius = field.radius;
    Pixels own;
    for (int c = 0; c < 3; ++c) {
        load(own.color[c], field.color[static_cast<std::size_t>(c)].data() + here);
    }
    Doubles total;
    std::memcpy(&total, field.density.data() + here, sizeof(total));
    for (int dy = -radius; dy <= radius; ++dy) {
        Floats row{};
        const std::size_t line = field.at(y + dy, x);
        for (int dx = -radius; dx <= radius; ++dx) {
            Floats weight;
            squared_distance(weight, field, own, line + static_cast<std::size_t>(static_cast<std::ptrdiff_t>(dx)),
                             static_cast<float>(dy * dy + dx * dx));
            weight *= field.scale;
            exponential(weight);
            row += weight;
        }
        total += __builtin_convertvector(row, Doubles);
    }
    std::memcpy(field.density.data() + here, &total, sizeof(total));
}

PELLUCID_INLINE void parent_block(QuickshiftField& field, int y, int x) {
    const std::size_t here = field.at(y, x);
    const int radius = field.radius;
    Pixels own;
    for (int c = 0; c < 3; ++c) {
        load(own.color[c], field.color[static_cast<std::size_t>(c)].data() + here);
    }
    Doubles density;
    std::memcpy(&density, field.density.data() + here, sizeof(density));
    Floats nearest = Floats{} + FLT_MAX;
    Ints offset{};
    for (int dy = -radius; dy <= radius; ++dy) {
        const std::size_t line = field.at(y + dy, x);
        for (int dx = -radius; dx <= radius; ++dx) {
            const std::size_t there = line + static_cast<std::size_t>(static_cast<std::ptrdiff_t>(dx));
            Floats distance;
            squared_distance(distance, field, own, there, static_cast<float>(dy * dy + dx * dx));
            Doubles other;
            std::memcpy(&other, field.density.data() + there, sizeof(other));
            const Longs denser = other > density;
            const Ints closer = __builtin_convertvector(denser, Ints) & (distance < nearest);
            nearest = closer ? distance : nearest;
            offset = closer ? Ints{} + (dy * field.width + dx) : offset;
        }
    }
    const std::size_t first = static_cast<std::size_t>(y) * static_cast<std::size_t>(field.width) +
                              static_cast<std::size_t>(x);
    for (int lane = 0; lane < kLanes && x + lane < field.width; ++lane) {
        const std::size_t pixel = first + static_cast<std::size_t>(lane);
        field.parent[pixel] = static_cast<std::int32_t>(pixel) + offset[lane];
        field.distance[pixel] = nearest[lane];
    }
}

PELLUCID_INLINE void density_rows(QuickshiftField& field, int from, int to) {
    for (int y = from; y < to; ++y) {
        for (int x = 0; x < field.width; x += kLanes) {
            density_block(field, y, x);
        }
    }
}

PELLUCID_INLINE void parent_rows(QuickshiftField& field, int from, int to) {
    for (int y = from; y < to; ++y) {
        for (int x = 0; x < field.width; x += kLanes) {
            parent_block(field, y, x);
        }
    }
}

#if defined(__x86_64__)
__attribute__((target("avx2"))) void add_density_avx2(QuickshiftField& field, int from, int to) {
    density_rows(field, from, to);
}
__attribute__((target("avx2"))) void find_parents_avx2(QuickshiftField& field, int from, int to) {
    parent_rows(field, from, to);
}
bool has_avx2() { return __builtin_cpu_supports("avx2") != 0; }
#endif

}  // namespace

QuickshiftField::QuickshiftField(const Planes& planes, double kernel_size)
    : width(planes.width), height(planes.height), radius(static_cast<int>(std::ceil(3.0 * kernel_size))),
      stride(static_cast<std::size_t>(planes.width + 2 * radius + kLanes)),
      scale(static_cast<float>(-0.5 / (kernel_size * kernel_size) * std::numbers::log2e)) {
    constexpr float kFarOff = 1e9F;
    const std::size_t size = stride * static_cast<std::size_t>(height + 2 * radius);
    for (std::size_t c = 0; c < 3; ++c) {
        color[c].assign(size, kFarOff);
        for (int y = 0; y < height; ++y) {
            for (int x = 0; x < width; ++x) {
                color[c][at(y, x)] = static_cast<float>(
                    planes.plane[c][static_cast<std::size_t>(y) * static_cast<std::size_t>(width) +
                                    static_cast<std::size_t>(x)]);
            }
        }
    }
    density.assign(size, -std::numeric_limits<double>::infinity());
    parent.resize(planes.plane[0].size());
    distance.resize(parent.size());
}

void add_density_plain(QuickshiftField& field, int from, int to) { density_rows(field, from, to); }

void find_parents_plain(QuickshiftField& field, int from, int to) { parent_rows(field, from, to); }

void add_density(QuickshiftField& field, int from, int to) {
#if defined(__x86_64__)
    if (has_avx2()) {
        return add_density_avx2(field, from, to);
    }
#endif
    add_density_plain(field, from, to);
}

void find_parents(QuickshiftField& field, int from, int to) {
#if defined(__x86_64__)
    if (has_avx2()) {
        return find_parents_avx2(field, from, to);
    }
#endif
    find_parents_plain(field, from, to);
}

}  // namespace pellucid::input
