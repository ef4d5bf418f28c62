#pragma once

#include <cstddef>
#include <span>

#include "pellucid/image.hpp"

namespace pellucid::input {

/// The Orientation tag of an EXIF block (a TIFF header, with or without "Exif\0\0" before it); 1 where there is none or
/// the block is damaged, as PIL does.
[[nodiscard]] int exif_orientation(std::span<const std::byte> exif);

/// Turns a picture upright. Orientation 1 or unknown: as it is.
[[nodiscard]] Image turn_upright(Image image, int orientation);

}  // namespace pellucid::input
