#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>

namespace pellucid::ops {

/// A max-pool over planes [in0, in1, in2], contiguous, row-major; output planes [out0, out1, out2].
struct PoolGeometry {
    struct Axis {
        std::int64_t in = 1, out = 1, kernel = 1, stride = 1, dilation = 1, pad = 0;
        /// The taps of window `o` that lie in the data: [first, last).
        [[nodiscard]] std::int64_t first(std::int64_t o) const {
            const auto start = o * stride - pad;
            return start >= 0 ? 0 : (-start + dilation - 1) / dilation;
        }
        [[nodiscard]] std::int64_t last(std::int64_t o) const {
            const auto start = o * stride - pad;
            return start >= in ? 0 : std::min(kernel, (in - start + dilation - 1) / dilation);
        }
    };
    std::size_t planes = 0;
    std::array<Axis, 3> axis;
    [[nodiscard]] std::int64_t in_size() const { return axis[0].in * axis[1].in * axis[2].in; }
    [[nodiscard]] std::int64_t out_size() const { return axis[0].out * axis[1].out * axis[2].out; }
};

/// The taps of one window that lie in the data, on the two outer axes.
struct OuterTaps {
    std::array<std::int64_t, 2> start, first, last;
    OuterTaps(const PoolGeometry& pool, std::int64_t o0, std::int64_t o1) {
        const std::array<std::int64_t, 2> o{o0, o1};
        for (std::size_t a = 0; a < 2; ++a) {
            start[a] = o[a] * pool.axis[a].stride - pool.axis[a].pad;
            first[a] = pool.axis[a].first(o[a]);
            last[a] = pool.axis[a].last(o[a]);
        }
    }
    [[nodiscard]] bool empty() const { return first[0] >= last[0] || first[1] >= last[1]; }
    /// Offset of the row of taps (k0, k1) in a plane of the data.
    [[nodiscard]] std::int64_t row(const PoolGeometry& pool, std::int64_t k0, std::int64_t k1) const {
        const auto y0 = start[0] + k0 * pool.axis[0].dilation;
        const auto y1 = start[1] + k1 * pool.axis[1].dilation;
        return (y0 * pool.axis[1].in + y1) * pool.axis[2].in;
    }
};

/// Where the first largest element of one window lies in its plane; -1 where no tap lies in the data.
template <class T>
std::int64_t first_largest(const PoolGeometry& pool, const OuterTaps& taps, std::int64_t o2, const T* x) {
    const auto& inner = pool.axis[2];
    const auto start = o2 * inner.stride - inner.pad;
    std::int64_t best = -1;
    for (auto k0 = taps.first[0]; k0 < taps.last[0]; ++k0) {
        for (auto k1 = taps.first[1]; k1 < taps.last[1]; ++k1) {
            const auto row = taps.row(pool, k0, k1) + start;
            for (auto k2 = inner.first(o2); k2 < inner.last(o2); ++k2) {
                const auto at = row + k2 * inner.dilation;
                if (best < 0 || x[at] > x[best]) best = at;
            }
        }
    }
    return best;
}

/// The plain twin of the kernel: one thread, one window after the other. Never optimised; the oracle in tests.
template <class T>
void max_pool_backward_reference(const PoolGeometry& pool, const T* x, const T* g, T* out) {
    for (std::size_t plane = 0; plane < pool.planes; ++plane) {
        std::fill(out, out + pool.in_size(), static_cast<T>(0.0F));
        const T* cotangent = g;
        for (std::int64_t o0 = 0; o0 < pool.axis[0].out; ++o0) {
            for (std::int64_t o1 = 0; o1 < pool.axis[1].out; ++o1) {
                const OuterTaps taps(pool, o0, o1);
                for (std::int64_t o2 = 0; o2 < pool.axis[2].out; ++o2, ++cotangent) {
                    const auto at = first_largest(pool, taps, o2, x);
                    if (at >= 0) out[at] = static_cast<T>(out[at] + *cotangent);
                }
            }
        }
        x += pool.in_size();
        out += pool.in_size();
        g += pool.out_size();
    }
}

/// The same bits, planes in parallel, eight windows at a time where the processor has AVX2.
void max_pool_backward(const PoolGeometry& pool, const float* x, const float* g, float* out);

}  // namespace pellucid::ops
