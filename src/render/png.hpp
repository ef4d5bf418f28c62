#pragma once

#include <string>

#include "pellucid/image.hpp"

namespace pellucid::render {

/// @param fast  a third of the time for a third more bytes
[[nodiscard]] std::string png_of(const Image& image, bool fast);

}  // namespace pellucid::render
