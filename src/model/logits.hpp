#pragma once

#include <memory>

#include "model/network.hpp"

namespace pellucid::model {

/// `logits_of` in any copy of the network.
/// @param axis  of the classes, where the graph does not tell
[[nodiscard]] LogitTensor find_logits(const ov::Model& network, std::size_t output, int axis);

}  // namespace pellucid::model
