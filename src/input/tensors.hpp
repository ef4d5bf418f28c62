#pragma once

#include <map>
#include <string>
#include <vector>

#include "pellucid/array.hpp"
#include "pellucid/model.hpp"

namespace pellucid::input {

/// An array as the network takes it: of its shape, finite, one sample, whole and in range where it takes integers. A missing
/// batch axis is added, and noted. Throws Error(kUnreadable) that names both shapes, or the value.
/// @param name  of the file, for messages
[[nodiscard]] Array as_network_takes(Array array, const TensorInfo& wanted, const std::string& name,
                                     std::vector<std::string>& notes);

/// The arrays of an .npz by input name. Throws Error(kUnreadable) on a missing or unknown one.
[[nodiscard]] std::map<std::string, Array> match_inputs(std::map<std::string, Array> arrays,
                                                        const std::vector<TensorInfo>& inputs, const std::string& name,
                                                        std::vector<std::string>& notes);

}  // namespace pellucid::input
