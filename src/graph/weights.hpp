#pragma once

#include <functional>

#include "openvino/core/node.hpp"

namespace pellucid::graph {

/// A tensor equal to -w. With `fold`, a constant behind conversions, reshapes or a scale is negated in bytes of its own
/// (the sign bit of each element, so exactly), which no fusion, serialisation or folding can merge with w's again.
/// Otherwise, and where there is no such constant, `negative` makes a node. Twice negated is w itself.
/// @param made  called for each node that is created, to name it
[[nodiscard]] ov::Output<ov::Node> negate_weights(
    const ov::Output<ov::Node>& w, bool fold,
    const std::function<ov::Output<ov::Node>(const ov::Output<ov::Node>&)>& negative,
    const std::function<void(ov::Node&)>& made);

/// Whether a tensor is computed from constants alone, as weights are.
[[nodiscard]] bool is_weights(const ov::Output<ov::Node>& w);

}  // namespace pellucid::graph
