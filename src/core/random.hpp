#pragma once

#include <array>
#include <cstdint>
#include <utility>

namespace pellucid::core {

/// A counter-based random stream (Philox4x32-10; [salmon2011]). The stream of (seed, input, sample) is the
/// same whatever thread makes it and in whatever order, which is what the promise of equal bits stands on.
class RandomStream {
public:
    RandomStream(std::uint64_t seed, std::uint32_t input, std::uint64_t sample) noexcept;

    /// 32 random bits.
    std::uint32_t bits() noexcept;
    /// Uniform in [0, 1), 24 bits, exactly representable in float.
    float uniform() noexcept;
    /// Standard normal (Box-Muller, computed in double).
    double normal() noexcept;
    /// Uniform integer in [0, bound), without modulo bias; bound >= 1.
    std::uint32_t below(std::uint32_t bound) noexcept;

private:
    std::array<std::uint32_t, 2> key_;
    std::array<std::uint32_t, 4> counter_;
    std::array<std::uint32_t, 4> block_{};
    unsigned used_ = 4;
    double spare_ = 0.0;
    bool has_spare_ = false;
};

}  // namespace pellucid::core
