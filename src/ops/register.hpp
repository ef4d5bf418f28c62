#pragma once

#include <memory>
#include <vector>

#include "openvino/core/extension.hpp"
#include "openvino/core/model.hpp"

namespace pellucid::ops {

/// Extensions of every custom op, for ov::Core::add_extension (without it the model cache never hits).
[[nodiscard]] std::vector<ov::Extension::Ptr> extensions();

/// Replaces custom ops by their decompositions into standard ops: other devices, and export.
void decompose(const std::shared_ptr<ov::Model>& model);

}  // namespace pellucid::ops
