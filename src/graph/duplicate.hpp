#pragma once

#include <map>
#include <memory>

#include "graph/unroll.hpp"
#include "openvino/core/model.hpp"

namespace pellucid::graph {

/// A copy of a model's nodes, and where each of its tensors went.
struct Duplicate {
    std::map<ov::Output<ov::Node>, ov::Output<ov::Node>> tensors;
    ov::ParameterVector parameters;
    std::vector<std::shared_ptr<ov::Node>> nodes;  ///< of the copy, in topological order
};

/// Copies all that computes (no results). Names, rt_info and constants' buffers stay; nodes without a name of their own
/// get "<Type>#<place>". Extents of axis 0 that are dynamic in several parameters are taken to be one batch.
/// A Maximum and a Minimum with a scalar constant each, as exporters spell a clip, become one Clamp, unless `kept`
/// names the tensor between them. On the way from `route.of` to `route.wrt`, recurrent sequences, loops and branches are
/// written out, where that is possible (`unroll`).
/// @param dry  as of a Tape
[[nodiscard]] Duplicate duplicate(const std::shared_ptr<ov::Model>& model,
                                  const std::vector<ov::Output<ov::Node>>& kept, const Route& route, bool dry);

}  // namespace pellucid::graph
