#pragma once

#include <span>
#include <string>

#include "openvino/core/type/element_type.hpp"

namespace pellucid::engine {

/// Whether rows of this element type can be given and answered as float32.
[[nodiscard]] bool convertible(const ov::element::Type& type);

/// float32 -> `type`: integers round to nearest, booleans are "not zero".
/// Throws Error(kUnsupported), naming `what`, for a value that an integer type cannot hold.
void from_floats(std::span<const float> values, const ov::element::Type& type, void* into, const std::string& what);

/// `type` -> float32.
void to_floats(const void* from, const ov::element::Type& type, std::span<float> values);

}  // namespace pellucid::engine
