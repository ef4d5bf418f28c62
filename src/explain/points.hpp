#pragma once

#include <cstdint>
#include <functional>
#include <span>

namespace pellucid::explain {

/// Points of the input space at which a method asks for f, or for f and its gradient.
struct Points {
    std::int64_t count = 1;
    /// Writes point `point` of every network input, in order; from `point` alone (see engine::Rows).
    std::function<void(std::int64_t point, std::span<const std::span<float>> inputs)> fill;
};

}  // namespace pellucid::explain
