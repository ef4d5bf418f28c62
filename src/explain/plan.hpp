#pragma once

#include <cstdint>

#include "pellucid/methods.hpp"

namespace pellucid::explain {

/// What a run is expected to take.
struct Plan {
    Cost evaluations;           ///< expected, where the method may stop early; cut by the budget
    Cost at_most;               ///< if it does not stop early; cut by the budget's evaluations
    double seconds = 0.0;       ///< as Explanation::total_seconds: compiling, superpixels and checks are in it
    std::uint64_t bytes = 0;    ///< the largest that the process has been
};

/// Begins the run in earnest, ends it after a second or two, and reckons what the rest would take. Writes nothing.
/// Throws what the run would throw.
[[nodiscard]] Plan plan(const MethodRow& row, const Request& request);

}  // namespace pellucid::explain
