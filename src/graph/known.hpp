#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "graph/tape.hpp"

namespace pellucid::graph {

/// The elements of an integer or boolean tensor that hold whatever the model reads, in order; empty where not all are
/// known. Knows more than constants: an extent that is fixed while others of its tensor are not.
[[nodiscard]] std::optional<std::vector<std::int64_t>> known_integers(const Value& v);

/// A number that no element of an integer tensor is below, where one is known: also of tensors whose extents are not.
[[nodiscard]] std::optional<std::int64_t> known_least(const Value& v);

}  // namespace pellucid::graph
