#pragma once

#include <array>
#include <cstdint>

namespace pellucid::input {

/// numpy.random.default_rng(seed): PCG64 [oneill2014] seeded through SeedSequence, and its normal numbers by the
/// ziggurat [marsaglia2000] with 256 layers. Here since scikit-image breaks ties with them.
class NumpyRandom {
public:
    explicit NumpyRandom(std::uint64_t seed);
    std::uint64_t bits();
    double uniform();
    double normal();

private:
    __extension__ using Wide = unsigned __int128;
    struct Tables {
        std::array<std::uint64_t, 256> accept;
        std::array<double, 256> width, density;
    };
    static const Tables& tables();

    Wide state_ = 0, increment_ = 0;
};

}  // namespace pellucid::input
