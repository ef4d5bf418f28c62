#include <algorithm>
#include <cmath>

#include "explain/row.hpp"

namespace pellucid::explain {

std::int64_t samples_until_stable(const std::vector<Explanation>& probe, double stable, std::int64_t most) {
    if (stable <= 0.0) {
        return most;
    }
    double needed = 1.0;
    for (const Explanation& explanation : probe) {
        const double error = explanation.measures.at("relative_standard_error") / stable;
        needed = std::max(needed, explanation.measures.at("samples") * error * error);
    }
    return needed < static_cast<double>(most) ? static_cast<std::int64_t>(std::ceil(needed)) : most;
}

}  // namespace pellucid::explain
