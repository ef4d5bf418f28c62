#pragma once

#include <cstdint>
#include <memory>

#include "openvino/core/model.hpp"

namespace pellucid::engine {

/// Bytes of the tensors alive at once, at most, when the graph runs in topological order, at the batch that its shapes
/// say (a dynamic extent counts as 1, or as `dynamic_extent`). Fusion makes the engine need less, layouts a little more.
[[nodiscard]] std::uint64_t peak_bytes(const ov::Model& model);

/// Rows in one request: the largest power of two, 16 at most, whose activations stay near the processor. A function of
/// the graph alone, never of the machine, since the engine's kernels (so the last bits) follow it.
/// @param bytes_per_row  peak_bytes of the graph at batch 1
[[nodiscard]] int choose_block(std::uint64_t bytes_per_row);

}  // namespace pellucid::engine
