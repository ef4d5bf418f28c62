#pragma once

#include <optional>

#include "openvino/core/node.hpp"

namespace pellucid::model {

/// Whether the node's outputs hold the values of its first input, moved or picked by constant indices, and nothing else.
/// Conversions between floating-point types count: an exporter puts them behind the last activation.
[[nodiscard]] bool only_indexes(const ov::Node& node);

/// Where axis `axis` of that input lies in `output` of such a node; nothing where one entry was picked out of it, or where
/// it was merged or cut into others.
[[nodiscard]] std::optional<int> axis_behind(const ov::Output<ov::Node>& output, int axis);

/// Whether all values lie in 0 to 1 as a softmax's or a sigmoid's do: they are those of softmaxes and sigmoids, moved,
/// picked, put side by side, averaged, multiplied with each other or taken from one.
[[nodiscard]] bool made_of_probabilities(const ov::Output<ov::Node>& value);

}  // namespace pellucid::model
