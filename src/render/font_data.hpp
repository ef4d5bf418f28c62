#pragma once

#include <span>

namespace pellucid::render {

/// A font file that is part of the library.
struct EmbeddedFont {
    const char* name;
    const unsigned char* begin;
    const unsigned char* end;
};

/// The Latin, Greek and Cyrillic faces (regular, bold) first, then those of other scripts.
[[nodiscard]] std::span<const EmbeddedFont> embedded_fonts();
inline constexpr std::size_t kBasicFonts = 2;

}  // namespace pellucid::render
