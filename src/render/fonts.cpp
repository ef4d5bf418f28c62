#include "render/fonts.hpp"

#include <cerrno>
#include <cstring>
#include <string>

#include <fontconfig/fontconfig.h>
#include <pango/pangocairo.h>
#include <pango/pangofc-fontmap.h>
#include <sys/mman.h>
#include <unistd.h>

#include "pellucid/error.hpp"
#include "render/font_data.hpp"

namespace pellucid::render {

namespace {

/// Fontconfig and FreeType take fonts by path only: the bytes go into an anonymous file in memory, which stays open as
/// long as the process, since faces are opened by its path later.
std::string path_of(const EmbeddedFont& font) {
    const int file = memfd_create(font.name, MFD_CLOEXEC);
    const unsigned char* from = font.begin;
    while (file >= 0 && from != font.end) {
        const ssize_t written = write(file, from, static_cast<std::size_t>(font.end - from));
        if (written < 0 && errno != EINTR) {
            break;
        }
        from += written > 0 ? written : 0;
    }
    if (from != font.end) {
        throw Error(ErrorCode::kInternal,
                    std::string("the font ") + font.name + " cannot be laid into memory: " + std::strerror(errno));
    }
    return "/proc/self/fd/" + std::to_string(file);
}

/// A configuration that knows `fonts` and nothing of the machine's.
FcConfig* configuration(std::span<const EmbeddedFont> fonts) {
    FcConfig* config = FcConfigCreate();
    for (const EmbeddedFont& font : fonts) {
        const std::string path = path_of(font);
        if (FcConfigAppFontAddFile(config, reinterpret_cast<const FcChar8*>(path.c_str())) == FcFalse) {
            FcConfigDestroy(config);
            throw Error(ErrorCode::kInternal, std::string("the font ") + font.name + " cannot be registered",
                        "is /proc mounted?");
        }
    }
    return config;
}

PangoFontMap* made(FontSet set) {
    PangoFontMap* map = pango_cairo_font_map_new_for_font_type(CAIRO_FONT_TYPE_FT);
    if (map == nullptr) {
        throw Error(ErrorCode::kInternal, "this Cairo is built without FreeType", "install Debian's libcairo2");
    }
    if (set != FontSet::kSystem) {
        const auto fonts = embedded_fonts();
        FcConfig* config = configuration(set == FontSet::kBasic ? fonts.first(kBasicFonts) : fonts);
        pango_fc_font_map_set_config(PANGO_FC_FONT_MAP(map), config);
        FcConfigDestroy(config);   // the map keeps its own reference
    }
    return map;
}

}  // namespace

PangoFontMap* font_map(FontSet set) {
    static PangoFontMap* maps[3] = {};
    PangoFontMap*& map = maps[static_cast<std::size_t>(set)];
    if (map == nullptr) {
        map = made(set);
    }
    return map;
}

const char* families(FontSet set) { return set == FontSet::kSystem ? "Noto Sans, sans-serif" : "Noto Sans"; }

}  // namespace pellucid::render
