#pragma once

#include <memory>
#include <vector>

#include "openvino/core/model.hpp"

namespace pellucid::graph {

/// A model cut at a frontier: `suffix` takes the frontier's tensors (all that is alive there), the explained one first.
struct CutModel {
    std::shared_ptr<ov::Model> prefix;             ///< inputs of the model -> frontier tensors
    std::shared_ptr<ov::Model> suffix;             ///< frontier tensors (in the same order) -> outputs of the model
    std::vector<ov::Output<ov::Node>> frontier;    ///< tensors of the original model
};

/// Cuts behind `layer`. Throws Error(kUnsupported) where the layer does not reach an output.
[[nodiscard]] CutModel cut(const std::shared_ptr<ov::Model>& model, const ov::Output<ov::Node>& layer);

}  // namespace pellucid::graph
