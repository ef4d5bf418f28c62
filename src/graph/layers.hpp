#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "openvino/core/model.hpp"

#include "graph/token_grid.hpp"

namespace pellucid::graph {

/// A tensor that a CAM can stand on: [N, C, spatial…], floating point, between the input and the score, with every
/// spatial extent > 1; or a grid of tokens [N, tokens, C], `tokens` set, all of which the score's gradient reaches.
struct SpatialLayer {
    ov::Output<ov::Node> tensor;
    std::string name;     ///< friendly name of its node (with ":k" for an output k > 0)
    ov::PartialShape shape;
    bool keeps_bits;  ///< the score's bits survive a cut here: it crosses no fusion of the engine, and no sum of a
                      ///< map behind it is taken in another order
    std::optional<TokenGrid> tokens =
        std::nullopt;  ///< set for [N, tokens, C]: reshape before averaging over positions
};

/// Feature maps and token grids in topological order. `score` is the output tensor that the layers must lead to. Token
/// grids are looked for in networks with attention only, and stand on residual sums and normalisations.
[[nodiscard]] std::vector<SpatialLayer> spatial_layers(const std::shared_ptr<ov::Model>& model,
                                                       const ov::Output<ov::Node>& score);

/// A layer by friendly name, by index in `spatial_layers` (negative from the end), or `last-spatial`: the last one
/// before the spatial extents are pooled away, behind its activation and a last max-pool, as Grad-CAM's users take
/// `features[-1]` or `layer4`. Of tokens, the last grid that the gradient reaches in every token: where a class token
/// is read at the end, the normalised input of the last attention (`blocks[-1].norm1`); else the last normalisation.
/// Where the score is itself a map (segmentation), the input of its last product.
/// Throws Error(kUsage) with near names, Error(kUnsupported) when the model has no spatial layer, with the reason.
[[nodiscard]] ov::Output<ov::Node> find_layer(const std::shared_ptr<ov::Model>& model,
                                              const ov::Output<ov::Node>& score, std::string_view spec);

}  // namespace pellucid::graph
