#include "ops/max_pool_backward/kernel.hpp"

#include <limits>

#include "ops/max_pool_backward/planes.hpp"

#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace pellucid::ops {
namespace {

/// Data, the cotangents of a row of windows, and where they go.
struct RowOfWindows {
    const float* x;
    const float* g;
    float* out;
};

/// One row of windows, those in [from, to).
void scatter_row(const PoolGeometry& pool, const OuterTaps& taps, std::int64_t from, std::int64_t to,
                 const RowOfWindows& row) {
    for (auto o2 = from; o2 < to; ++o2) {
        const auto at = first_largest(pool, taps, o2, row.x);
        if (at >= 0) row.out[at] += row.g[o2];
    }
}

void plane_scalar(const PoolGeometry& pool, const float* x, const float* g, float* out) {
    std::fill(out, out + pool.in_size(), 0.0F);
    for (std::int64_t o0 = 0; o0 < pool.axis[0].out; ++o0) {
        for (std::int64_t o1 = 0; o1 < pool.axis[1].out; ++o1, g += pool.axis[2].out) {
            scatter_row(pool, OuterTaps(pool, o0, o1), 0, pool.axis[2].out, {x, g, out});
        }
    }
}

#if defined(__x86_64__)

constexpr std::int64_t kLanes = 8;

/// Windows of a row whose taps all lie in the data: [first, last).
struct Interior {
    std::int64_t first, last;
    explicit Interior(const PoolGeometry::Axis& axis) {
        first = std::min(axis.out, (axis.pad + axis.stride - 1) / axis.stride);
        const auto room = axis.in + axis.pad - (axis.kernel - 1) * axis.dilation - 1;
        last = std::clamp(room < 0 ? first : room / axis.stride + 1, first, axis.out);
    }
};

/// Elements p[0], p[stride], …, p[7 stride]. Reads no further than the last of them.
__attribute__((target("avx2"))) inline __m256 load_strided(const float* p, std::int64_t stride, __m256i offsets) {
    if (stride == 1) return _mm256_loadu_ps(p);
    if (stride == 2) {
        // The second half from one element earlier, so that its last read is p[14].
        const auto low = _mm256_loadu_ps(p);       // 0 1 2 3 | 4 5 6 7
        const auto high = _mm256_loadu_ps(p + 7);  // 7 8 9 10 | 11 12 13 14
        const auto mixed = _mm256_shuffle_ps(low, high, _MM_SHUFFLE(3, 1, 2, 0));  // 0 2 8 10 | 4 6 12 14
        return _mm256_castpd_ps(_mm256_permute4x64_pd(_mm256_castps_pd(mixed), _MM_SHUFFLE(3, 1, 2, 0)));
    }
    return _mm256_i32gather_ps(p, offsets, 4);
}

/// Eight windows from `o2` on: the places of their first largest elements.
__attribute__((target("avx2"))) void first_largest_avx2(const PoolGeometry& pool, const OuterTaps& taps,
                                                        std::int64_t o2, const float* x, std::int32_t* places) {
    const auto& inner = pool.axis[2];
    const auto lanes = _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7);
    const auto offsets = _mm256_mullo_epi32(lanes, _mm256_set1_epi32(static_cast<int>(inner.stride)));
    auto best = _mm256_setzero_ps();
    auto place = _mm256_setzero_si256();
    bool begun = false;
    for (auto k0 = taps.first[0]; k0 < taps.last[0]; ++k0) {
        for (auto k1 = taps.first[1]; k1 < taps.last[1]; ++k1) {
            auto at = taps.row(pool, k0, k1) + o2 * inner.stride - inner.pad;
            for (std::int64_t k2 = 0; k2 < inner.kernel; ++k2, at += inner.dilation) {
                const auto value = load_strided(x + at, inner.stride, offsets);
                const auto here = _mm256_add_epi32(offsets, _mm256_set1_epi32(static_cast<int>(at)));
                if (!begun) {
                    best = value;
                    place = here;
                    begun = true;
                    continue;
                }
                const auto larger = _mm256_cmp_ps(value, best, _CMP_GT_OQ);
                best = _mm256_blendv_ps(best, value, larger);
                place = _mm256_blendv_epi8(place, here, _mm256_castps_si256(larger));
            }
        }
    }
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(places), place);
}

__attribute__((target("avx2"))) void plane_avx2(const PoolGeometry& pool, const float* x, const float* g, float* out) {
    std::fill(out, out + pool.in_size(), 0.0F);
    const Interior interior(pool.axis[2]);
    alignas(32) std::array<std::int32_t, kLanes> places{};
    for (std::int64_t o0 = 0; o0 < pool.axis[0].out; ++o0) {
        for (std::int64_t o1 = 0; o1 < pool.axis[1].out; ++o1, g += pool.axis[2].out) {
            const OuterTaps taps(pool, o0, o1);
            if (taps.empty()) continue;
            scatter_row(pool, taps, 0, interior.first, {x, g, out});
            auto o2 = interior.first;
            for (; o2 + kLanes <= interior.last; o2 += kLanes) {
                first_largest_avx2(pool, taps, o2, x, places.data());
                // In the order of the windows, as the reference adds: overlapping windows share elements.
                for (std::int64_t lane = 0; lane < kLanes; ++lane) {
                    out[places[static_cast<std::size_t>(lane)]] += g[o2 + lane];
                }
            }
            scatter_row(pool, taps, o2, pool.axis[2].out, {x, g, out});
        }
    }
}

bool has_avx2() {
    static const bool kHas = __builtin_cpu_supports("avx2") != 0;
    return kHas;
}

#endif

using PlaneKernel = void (*)(const PoolGeometry&, const float*, const float*, float*);

PlaneKernel choose_kernel(const PoolGeometry& pool) {
#if defined(__x86_64__)
    // Places are 32-bit in the vector kernel.
    if (has_avx2() && pool.in_size() < std::numeric_limits<std::int32_t>::max()) return plane_avx2;
#endif
    (void)pool;
    return plane_scalar;
}

}  // namespace

void max_pool_backward(const PoolGeometry& pool, const float* x, const float* g, float* out) {
    const auto kernel = choose_kernel(pool);
    const auto in = static_cast<std::size_t>(pool.in_size());
    const auto made = static_cast<std::size_t>(pool.out_size());
    for_each_plane(pool.planes,
                   [&](std::size_t plane) { kernel(pool, x + plane * in, g + plane * made, out + plane * in); });
}

}  // namespace pellucid::ops
