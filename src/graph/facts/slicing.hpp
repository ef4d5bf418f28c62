#pragma once

#include <vector>

#include "graph/tape.hpp"

namespace pellucid::graph::facts {

/// Along one axis, start, stop and step as OpenVINO's Slice takes them: i64 vectors of one element.
struct Cut {
    std::size_t axis = 0;
    Value start, stop, step;
};

/// The adjoint of the cuts of `x`: g back in its place among zeros.
[[nodiscard]] Expr uncut(Tape& tape, const Value& g, const Value& x, const std::vector<Cut>& cuts);

}  // namespace pellucid::graph::facts
