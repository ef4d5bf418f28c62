#pragma once

#include <algorithm>
#include <cstdint>
#include <functional>
#include <span>
#include <vector>

namespace pellucid::explain {

/// Points of the input space at which a method asks for f, or for f and its gradient.
struct Points {
    std::int64_t count = 1;
    /// Writes point `point` of every network input, in order; from `point` alone (see engine::Rows).
    std::function<void(std::int64_t point, std::span<const std::span<float>> inputs)> fill;
};

/// Writes x itself: where most points start.
inline void copy_tensors(std::span<const std::span<const float>> x, std::span<const std::span<float>> inputs) {
    for (std::size_t input = 0; input < inputs.size(); ++input) {
        std::copy(x[input].begin(), x[input].end(), inputs[input].begin());
    }
}

}  // namespace pellucid::explain
