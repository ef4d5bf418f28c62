#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "openvino/core/model.hpp"

namespace pellucid::graph {

/// A tensor that a CAM can stand on: [N, C, spatial…], floating point, between the input and the score, with every
/// spatial extent > 1, or a token grid.
struct SpatialLayer {
    ov::Output<ov::Node> tensor;
    std::string name;     ///< friendly name of its node (with ":k" for an output k > 0)
    ov::PartialShape shape;
    bool keeps_bits;      ///< a cut here crosses no fusion of the engine (after a normalisation, ReLU or residual sum)
};

/// In topological order. `score` is the output tensor that the layers must lead to.
[[nodiscard]] std::vector<SpatialLayer> spatial_layers(const std::shared_ptr<ov::Model>& model,
                                                       const ov::Output<ov::Node>& score);

/// A layer by friendly name, by index in `spatial_layers` (negative from the end), or `last-spatial`: the last one
/// before the spatial extents are pooled away. Throws Error(kUsage) with near names, Error(kUnsupported) when the model
/// has no spatial layer, with the reason.
[[nodiscard]] ov::Output<ov::Node> find_layer(const std::shared_ptr<ov::Model>& model,
                                              const ov::Output<ov::Node>& score, std::string_view spec);

}  // namespace pellucid::graph
