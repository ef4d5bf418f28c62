#include "model/chance.hpp"

#include <algorithm>
#include <cmath>

namespace pellucid::model {

namespace {

/// -p log p of a probability; what a model calls one may lie outside of 0 to 1.
double surprise(double p) { return p > 0.0 && p < 1.0 ? -p * std::log(p) : 0.0; }

}  // namespace

bool is_chance(const Row& probabilities, bool independent) {
    constexpr double kShare = 0.99;
    constexpr double kRest = 1e-3;   // rounding leaves less than this of a softmax's sum
    const auto classes = static_cast<std::size_t>(probabilities.classes());
    const auto positions = static_cast<std::size_t>(probabilities.positions());
    if (classes == 0 || positions == 0 || (classes == 1 && !independent)) {
        return false;
    }
    std::vector<double> sums(positions, 0.0), entropies(positions, 0.0);
    for (std::size_t at = 0; at < probabilities.values.size(); ++at) {
        const double p = double{probabilities.values[at]};
        const std::size_t position = probabilities.position_at(at);
        sums[position] += p;
        entropies[position] += surprise(p) + (independent ? surprise(1.0 - p) : 0.0);
    }
    double share = 0.0;
    for (std::size_t position = 0; position < positions; ++position) {
        const double rest = independent ? 0.0 : 1.0 - sums[position];
        const bool more = rest > kRest;
        const double greatest = independent ? static_cast<double>(classes) * std::log(2.0)
                                            : std::log(static_cast<double>(classes + (more ? 1 : 0)));
        share += (entropies[position] + (more ? surprise(rest) : 0.0)) / greatest / static_cast<double>(positions);
    }
    return share > kShare;
}

}  // namespace pellucid::model
