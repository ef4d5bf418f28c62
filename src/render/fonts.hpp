#pragma once

#include <pango/pango.h>

namespace pellucid::render {

/// What a text is lettered in, in the order they are tried.
enum class FontSet { kBasic, kEmbedded, kSystem };

/// A font map for the set, made at its first use and kept. Not for several threads at once.
/// Throws Error(kInternal) when the embedded fonts cannot be registered.
[[nodiscard]] PangoFontMap* font_map(FontSet set);

/// The families of the set, in order of preference, as Pango writes them.
[[nodiscard]] const char* families(FontSet set);

}  // namespace pellucid::render
