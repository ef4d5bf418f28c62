#include "input/superpixels/numpy_random.hpp"

#include <bit>
#include <cmath>

namespace pellucid::input {
namespace {

constexpr double kTail = 3.6541528853610088;        // where the last layer ends
constexpr double kArea = 0.00492867323399;          // of each layer
constexpr double kMantissa = 4503599627370496.0;    // 2^52

/// NumPy's SeedSequence: entropy hashed into a pool of four words, the pool hashed into as many words as asked for.
class SeedSequence {
public:
    explicit SeedSequence(std::uint64_t seed) {
        const std::array<std::uint32_t, 2> entropy{static_cast<std::uint32_t>(seed),
                                                   static_cast<std::uint32_t>(seed >> 32U)};
        for (std::size_t i = 0; i < pool_.size(); ++i) {
            pool_[i] = hash(i < entropy.size() ? entropy[i] : 0);
        }
        for (std::size_t from = 0; from < pool_.size(); ++from) {
            for (std::size_t to = 0; to < pool_.size(); ++to) {
                if (from != to) {
                    pool_[to] = mix(pool_[to], hash(pool_[from]));
                }
            }
        }
    }

    [[nodiscard]] std::array<std::uint64_t, 4> words() const {
        std::array<std::uint32_t, 8> halves{};
        std::uint32_t constant = 0x8b51f9ddU;
        for (std::size_t i = 0; i < halves.size(); ++i) {
            std::uint32_t value = pool_[i % pool_.size()] ^ constant;
            constant *= 0x58f38dedU;
            value *= constant;
            halves[i] = value ^ (value >> 16U);
        }
        std::array<std::uint64_t, 4> words{};
        for (std::size_t i = 0; i < words.size(); ++i) {
            words[i] = halves[2 * i] | (std::uint64_t{halves[2 * i + 1]} << 32U);
        }
        return words;
    }

private:
    std::uint32_t hash(std::uint32_t value) {
        value ^= constant_;
        constant_ *= 0x931e8875U;
        value *= constant_;
        return value ^ (value >> 16U);
    }
    static std::uint32_t mix(std::uint32_t x, std::uint32_t y) {
        const std::uint32_t value = 0xca01f9ddU * x - 0x4973f715U * y;
        return value ^ (value >> 16U);
    }

    std::uint32_t constant_ = 0x43b0d7e5U;
    std::array<std::uint32_t, 4> pool_{};
};

}  // namespace

NumpyRandom::NumpyRandom(std::uint64_t seed) {
    const auto words = SeedSequence(seed).words();
    increment_ = ((((Wide{words[2]} << 64U) | words[3]) << 1U) | 1U);
    state_ = 0;
    bits();
    state_ += (Wide{words[0]} << 64U) | words[1];
    bits();
}

std::uint64_t NumpyRandom::bits() {
    constexpr Wide kMultiplier = (Wide{2549297995355413924ULL} << 64U) | 4865540595714422341ULL;
    state_ = state_ * kMultiplier + increment_;
    const auto high = static_cast<std::uint64_t>(state_ >> 64U), low = static_cast<std::uint64_t>(state_);
    return std::rotr(high ^ low, static_cast<int>(high >> 58U));
}

double NumpyRandom::uniform() { return static_cast<double>(bits() >> 11U) / 9007199254740992.0; }

const NumpyRandom::Tables& NumpyRandom::tables() {
    static const Tables kTables = [] {
        Tables t{};
        double x = kTail, above = kTail;
        const double base = kArea / std::exp(-0.5 * x * x);
        t.accept[0] = static_cast<std::uint64_t>(x / base * kMantissa);
        t.accept[1] = 0;
        t.width[0] = base / kMantissa;
        t.width[255] = x / kMantissa;
        t.density[0] = 1.0;
        t.density[255] = std::exp(-0.5 * x * x);
        for (std::size_t i = 254; i >= 1; --i) {
            x = std::sqrt(-2.0 * std::log(kArea / x + std::exp(-0.5 * x * x)));
            t.accept[i + 1] = static_cast<std::uint64_t>(x / above * kMantissa);
            above = x;
            t.density[i] = std::exp(-0.5 * x * x);
            t.width[i] = x / kMantissa;
        }
        return t;
    }();
    return kTables;
}

double NumpyRandom::normal() {
    const Tables& t = tables();
    for (;;) {
        std::uint64_t random = bits();
        const std::size_t layer = random & 0xffU;
        random >>= 8U;
        const bool negative = (random & 1U) != 0;
        const std::uint64_t magnitude = (random >> 1U) & 0x000fffffffffffffULL;
        const double x = static_cast<double>(magnitude) * t.width[layer];
        if (magnitude < t.accept[layer]) {
            return negative ? -x : x;
        }
        if (layer > 0) {
            const double height = (t.density[layer - 1] - t.density[layer]) * uniform() + t.density[layer];
            if (height < std::exp(-0.5 * x * x)) {
                return negative ? -x : x;
            }
            continue;
        }
        for (;;) {
            const double beyond = -std::log1p(-uniform()) / kTail;
            const double height = -std::log1p(-uniform());
            if (height + height > beyond * beyond) {
                return ((magnitude >> 8U) & 1U) != 0 ? -(kTail + beyond) : kTail + beyond;
            }
        }
    }
}

}  // namespace pellucid::input
