#pragma once

#include <array>
#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "pellucid/input.hpp"

namespace pellucid::input {

/// A picture as a mask, 1 inside and 0 outside, [rows, columns], nearest pixels taken. One of two values, black and another,
/// has the other inside; else what is at least half bright (luma 128 of 255) is, and a note says so. One of the size of the
/// input's own picture goes through the same cut as that; any other is laid over what the network sees, with a note.
/// Throws Error(kUnreadable) naming the file.
[[nodiscard]] Array read_mask(const std::filesystem::path& file, const Input& input,
                              const std::array<std::int64_t, 2>& grid, std::vector<std::string>& notes);

}  // namespace pellucid::input
