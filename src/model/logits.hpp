#pragma once

#include <memory>

#include "model/network.hpp"

namespace pellucid::model {

/// `logits_of` in any copy of the network.
/// @param axis  of the classes, where the graph does not tell
[[nodiscard]] LogitTensor find_logits(const ov::Model& network, std::size_t output, int axis);

/// `value`, a tensor like the one that the activation reads, through what stands between the activation and the output:
/// it gets the output's shape. Nodes are made anew, with deterministic names.
[[nodiscard]] ov::Output<ov::Node> as_output(const LogitTensor& logits, ov::Output<ov::Node> value);

/// How many classes the softmax was taken over of which the output has no value; 0 where that is not known.
[[nodiscard]] std::int64_t classes_left_out(const Model::Impl& impl, std::size_t output);

}  // namespace pellucid::model
