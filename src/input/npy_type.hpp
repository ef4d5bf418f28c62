#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <vector>

namespace pellucid::input {

/// Says which type the values of an .npy had, where it was not float32 or float16, and whether float32 holds them exactly.
/// @param bytes  of an array that core::parse_npy has taken
void note_conversion(std::span<const std::byte> bytes, const std::string& name, std::vector<std::string>& notes);

}  // namespace pellucid::input
