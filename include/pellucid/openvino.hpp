#pragma once

// The bridge to OpenVINO: the only public header that needs OpenVINO's own.

#include <memory>
#include <string>
#include <vector>

#include <openvino/core/model.hpp>

#include "pellucid/model.hpp"

namespace pellucid {

/// The graph that a model runs, its batch axis dynamic where that is safe. Do not change it.
[[nodiscard]] std::shared_ptr<const ov::Model> network_of(const Model& model);

/// A model that runs forward and backward: its Parameters are those of `network` and then a seed, shaped as output `output`;
/// its Results are that output and then the gradient of <seed, output> for each of `inputs` (indices; empty: all float
/// inputs). Throws Error(kUnsupported) naming the op that has no derivative.
[[nodiscard]] std::shared_ptr<ov::Model> gradient_network(const std::shared_ptr<ov::Model>& network,
                                                          std::size_t output = 0, std::vector<std::size_t> inputs = {});

}  // namespace pellucid
