#pragma once

#include <map>
#include <memory>

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
/// names the tensor between them. An If whose condition is constant becomes the branch that it takes.
[[nodiscard]] Duplicate duplicate(const std::shared_ptr<ov::Model>& model,
                                  const std::vector<ov::Output<ov::Node>>& kept);

}  // namespace pellucid::graph
