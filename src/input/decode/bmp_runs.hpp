#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace pellucid::input {

/// Expands BMP's run lengths (RLE8, or RLE4 with `nibbles`) to one palette index a pixel, in the file's row order; what
/// is skipped is index 0. Empty when the data ends before the end-of-bitmap mark or the last pixel.
[[nodiscard]] std::vector<std::uint8_t> expand_runs(std::span<const std::byte> data, std::size_t width,
                                                    std::size_t height, bool nibbles);

}  // namespace pellucid::input
