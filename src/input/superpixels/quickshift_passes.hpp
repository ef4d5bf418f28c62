#pragma once

// The passes of quickshift, eight pixels of a row at a time: compiled twice, by quickshift_avx2.cpp and by
// quickshift_plain.cpp, to the same bits (AVX2 here goes without fused multiply-add, so both round alike). Everything is
// static, and nothing of the standard library is called: a function shared between the two could be linked in its AVX2
// form into a program on a processor without. Inlined by hand, the compiler would take the vectors apart before it knew
// for which processor they were.

#include <cfloat>
#include <cstdint>
#include <cstring>

#include "input/superpixels/quickshift_field.hpp"

namespace pellucid::input {

using Floats = float __attribute__((vector_size(32)));
using Ints = std::int32_t __attribute__((vector_size(32)));
using Doubles = double __attribute__((vector_size(64)));
using HalfDoubles = double __attribute__((vector_size(32)));

static inline std::size_t place(const QuickshiftView& field, int y, int x) {
    return static_cast<std::size_t>(y + field.radius) * field.stride + static_cast<std::size_t>(x + field.radius);
}

static inline void load(Floats& to, const float* from) { std::memcpy(&to, from, sizeof(to)); }

/// 2^-t for t >= 0, to 2e-7 relative: a polynomial fitted on [-1/2, 1/2], then the exponent by bits.
static inline void inverse_power_of_two(Floats& t) {
    constexpr float kRound = 12582912.0F;  // 1.5 * 2^23: what is added to it is rounded to an integer in the low bits
    const Floats bounded = t < 126.0F ? t : Floats{} + 126.0F;
    const Floats shifted = kRound - bounded;
    const Floats rest = (kRound - shifted) - bounded;
    Floats p = rest * 1.32647273e-3F + 9.67151299e-3F;
    p = p * rest + 5.55073358e-2F;
    p = p * rest + 2.40222424e-1F;
    p = p * rest + 6.93147004e-1F;
    p = p * rest + 1.0F;
    const Ints result = __builtin_bit_cast(Ints, p) + (__builtin_bit_cast(Ints, shifted) << 23);
    std::memcpy(&t, &result, sizeof(t));
}

/// Which lanes of `there` are denser than `here`; in halves, since the compiler takes wider comparisons apart.
static inline void denser_lanes(Ints& denser, const double* there, const HalfDoubles (&here)[2]) {
    HalfDoubles low, high;
    std::memcpy(&low, there, sizeof(low));
    std::memcpy(&high, there + kQuickshiftLanes / 2, sizeof(high));
    denser = __builtin_shufflevector(__builtin_bit_cast(Ints, low > here[0]), __builtin_bit_cast(Ints, high > here[1]),
                                     0, 2, 4, 6, 8, 10, 12, 14);
}

struct Pixels {
    Floats color[3];
};

static inline void squared_distance(Floats& distance, const QuickshiftView& field, const Pixels& own, std::size_t other,
                                    float spatial) {
    Floats first, second, third;
    load(first, field.color[0] + other);
    load(second, field.color[1] + other);
    load(third, field.color[2] + other);
    first = own.color[0] - first;
    second = own.color[1] - second;
    third = own.color[2] - third;
    distance = (first * first + spatial) + second * second + third * third;
}

static inline void density_block(const QuickshiftView& field, int y, int x) {
    const std::size_t here = place(field, y, x);
    const int radius = field.radius;
    Pixels own;
    for (int c = 0; c < 3; ++c) {
        load(own.color[c], field.color[c] + here);
    }
    Doubles total;
    std::memcpy(&total, field.density + here, sizeof(total));
    for (int dy = -radius; dy <= radius; ++dy) {
        Floats row{};
        const std::size_t line = place(field, y + dy, x);
        for (int dx = -radius; dx <= radius; ++dx) {
            Floats weight;
            squared_distance(weight, field, own, line + static_cast<std::size_t>(static_cast<std::ptrdiff_t>(dx)),
                             field.spatial[static_cast<std::size_t>((dy + radius) * (2 * radius + 1) + dx + radius)]);
            inverse_power_of_two(weight);
            row += weight;
        }
        total += __builtin_convertvector(row, Doubles);
    }
    std::memcpy(field.density + here, &total, sizeof(total));
}

static inline void parent_block(const QuickshiftView& field, int y, int x) {
    const std::size_t here = place(field, y, x);
    const int radius = field.radius;
    Pixels own;
    for (int c = 0; c < 3; ++c) {
        load(own.color[c], field.color[c] + here);
    }
    HalfDoubles density[2];
    std::memcpy(density, field.density + here, sizeof(density));
    Floats nearest = Floats{} + FLT_MAX;
    Ints offset{};
    for (int dy = -radius; dy <= radius; ++dy) {
        const std::size_t line = place(field, y + dy, x);
        for (int dx = -radius; dx <= radius; ++dx) {
            const std::size_t there = line + static_cast<std::size_t>(static_cast<std::ptrdiff_t>(dx));
            Floats distance;
            squared_distance(distance, field, own, there,
                             field.spatial[static_cast<std::size_t>((dy + radius) * (2 * radius + 1) + dx + radius)]);
            Ints denser;
            denser_lanes(denser, field.density + there, density);
            const Ints closer = denser & (distance < nearest);
            nearest = closer ? distance : nearest;
            offset = closer ? Ints{} + (dy * field.width + dx) : offset;
        }
    }
    const std::size_t first =
        static_cast<std::size_t>(y) * static_cast<std::size_t>(field.width) + static_cast<std::size_t>(x);
    for (int lane = 0; lane < kQuickshiftLanes && x + lane < field.width; ++lane) {
        const std::size_t pixel = first + static_cast<std::size_t>(lane);
        field.parent[pixel] = static_cast<std::int32_t>(pixel) + offset[lane];
        field.distance[pixel] = nearest[lane];
    }
}

static void density_rows(const QuickshiftView& field, int from, int to) {
    for (int y = from; y < to; ++y) {
        for (int x = 0; x < field.width; x += kQuickshiftLanes) {
            density_block(field, y, x);
        }
    }
}

static void parent_rows(const QuickshiftView& field, int from, int to) {
    for (int y = from; y < to; ++y) {
        for (int x = 0; x < field.width; x += kQuickshiftLanes) {
            parent_block(field, y, x);
        }
    }
}

}  // namespace pellucid::input
