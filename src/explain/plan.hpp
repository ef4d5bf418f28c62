#pragma once

#include <cstdint>

#include "pellucid/methods.hpp"

namespace pellucid::explain {

/// What a run is expected to take.
struct Plan {
    Cost evaluations;           ///< at most, where a method may stop early; cut by the budget
    double seconds = 0.0;       ///< from the speed of a few rows on this machine, measured now
    std::uint64_t bytes = 0;    ///< peak memory of the process: what it holds now and the requests in flight
};

/// Compiles what the method needs and times a few blocks; runs nothing else.
[[nodiscard]] Plan plan(const MethodRow& row, const Request& request);

}  // namespace pellucid::explain
