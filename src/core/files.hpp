#pragma once

#include <cstddef>
#include <filesystem>
#include <map>
#include <span>
#include <string>
#include <vector>

#include "pellucid/array.hpp"

namespace pellucid::core {

/// Writes the file whole or not at all: a temporary beside it, flushed, then renamed over it.
/// Throws Error(kUsage) naming the path and the system's reason (full disk, no permission, a folder in the way).
/// @param durable  false: not flushed to the disk, for files that can be made again and carry a checksum
void write_whole(const std::filesystem::path& path, std::span<const std::byte> bytes, bool durable = true);
void write_whole(const std::filesystem::path& path, const std::string& text);

/// From a pipe or a device no more is read than this: some never end.
inline constexpr std::size_t kMostFromPipe = 1ULL << 30U;

/// The whole file, or all that a pipe gives. Throws Error(kUnreadable) when it is missing, a folder, larger than `limit`
/// bytes (or than kMostFromPipe), or a pipe that nobody writes to.
[[nodiscard]] std::vector<std::byte> read_whole(const std::filesystem::path& path, std::size_t limit = 1ULL << 34U);

/// Lower-case hexadecimal SHA-256 of a file.
[[nodiscard]] std::string sha256_file(const std::filesystem::path& path);

/// NumPy's format 1.0, float32 or int32, C order, written whole or not at all.
void write_npy(const std::filesystem::path& path, const Array& array);
void write_npy_int32(const std::filesystem::path& path, const Shape& shape, std::span<const std::int32_t> values);
/// An uncompressed .npz of float32 arrays.
void write_npz(const std::filesystem::path& path, const std::map<std::string, Array>& arrays);

/// Reads .npy (formats 1 to 3; bool, integers and floats of either byte order, C or Fortran order) as float32.
/// Throws Error(kUnreadable) on a truncated, oversized or malformed file.
[[nodiscard]] Array read_npy(const std::filesystem::path& path);
/// Reads every array of a .npz (stored or deflated).
[[nodiscard]] std::map<std::string, Array> read_npz(const std::filesystem::path& path);

}  // namespace pellucid::core
