#pragma once

#include <cstddef>
#include <map>
#include <span>
#include <string>
#include <vector>

#include "pellucid/array.hpp"

namespace pellucid::core {

/// NumPy's array format (numpy.lib.format, versions 1 to 3), in memory.
/// @param origin  what error messages call it: a path, or a member of an archive
/// Throws Error(kUnreadable) on truncated, oversized, malformed, object or structured arrays.
[[nodiscard]] Array parse_npy(std::span<const std::byte> bytes, const std::string& origin);

/// The arrays of an .npz, by name without ".npy". Throws as parse_npy does, and on an archive that unpacks to far too much.
[[nodiscard]] std::map<std::string, Array> parse_npz(std::span<const std::byte> bytes, const std::string& origin);

/// Header and values, format 1.0, C order, little-endian.
/// @param dtype  as NumPy spells it: "<f4", "<i4"
[[nodiscard]] std::vector<std::byte> npy_bytes(const std::string& dtype, const Shape& shape,
                                               std::span<const std::byte> values);

}  // namespace pellucid::core
