#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "pellucid/image.hpp"

namespace pellucid::input {

/// A decoded picture, upright, RGB, and what was done to it that its owner should know.
struct Picture {
    Image image;
    std::vector<std::string> notes;
};

/// What decode_image does, with the notes. Throws Error(kUnreadable) that begins with `name`.
[[nodiscard]] Picture decode_picture(std::span<const std::byte> bytes, const std::string& name);

}  // namespace pellucid::input
