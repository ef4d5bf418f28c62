#include "core/random.hpp"

#include <Random123/philox.h>

#include <cmath>
#include <numbers>

namespace pellucid::core {

// Key: the seed. Counter: {position in the stream, input, sample low, sample high}.
RandomStream::RandomStream(std::uint64_t seed, std::uint32_t input, std::uint64_t sample) noexcept
    : key_{static_cast<std::uint32_t>(seed), static_cast<std::uint32_t>(seed >> 32U)},
      counter_{0, input, static_cast<std::uint32_t>(sample), static_cast<std::uint32_t>(sample >> 32U)} {}

std::uint32_t RandomStream::bits() noexcept {
    if (used_ == block_.size()) {
        const r123::Philox4x32 generator;
        const r123::Philox4x32::ctr_type counter{{counter_[0], counter_[1], counter_[2], counter_[3]}};
        const r123::Philox4x32::key_type key{{key_[0], key_[1]}};
        const auto block = generator(counter, key);
        for (std::size_t word = 0; word < block_.size(); ++word) {
            block_[word] = block[word];
        }
        ++counter_[0];
        used_ = 0;
    }
    return block_[used_++];
}

float RandomStream::uniform() noexcept { return static_cast<float>(bits() >> 8U) * 0x1p-24F; }

double RandomStream::normal() noexcept {
    if (has_spare_) {
        has_spare_ = false;
        return spare_;
    }
    const double u = (static_cast<double>(bits()) + 0.5) * 0x1p-32;  // in (0, 1), so that the logarithm is finite
    const double v = (static_cast<double>(bits()) + 0.5) * 0x1p-32;
    const double radius = std::sqrt(-2.0 * std::log(u));
    spare_ = radius * std::sin(2.0 * std::numbers::pi * v);
    has_spare_ = true;
    return radius * std::cos(2.0 * std::numbers::pi * v);
}

std::uint32_t RandomStream::below(std::uint32_t bound) noexcept {
    // Lemire 2019: multiply and reject the few low products that would bias.
    std::uint64_t product = static_cast<std::uint64_t>(bits()) * bound;
    const std::uint32_t threshold = (0U - bound) % bound;
    while (static_cast<std::uint32_t>(product) < threshold) {
        product = static_cast<std::uint64_t>(bits()) * bound;
    }
    return static_cast<std::uint32_t>(product >> 32U);
}

}  // namespace pellucid::core
