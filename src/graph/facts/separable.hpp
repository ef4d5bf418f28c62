#pragma once

#include <vector>

#include "graph/tape.hpp"

namespace pellucid::graph::facts {

/// A linear map along one axis: `in` extents to `out`, row-major [in, out].
struct AxisMap {
    std::size_t in = 0, out = 0;
    std::vector<float> weights;
};

/// The adjoint of the map along `axis`: g has extent `out` there, the result `in`.
[[nodiscard]] Expr adjoint_along(Tape& tape, const Value& g, const AxisMap& map, std::size_t axis);

}  // namespace pellucid::graph::facts
