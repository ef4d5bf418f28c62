#include "render/text.hpp"

#include <array>
#include <charconv>
#include <mutex>

#include <pango/pangocairo.h>

#include "render/fonts.hpp"

namespace pellucid::render {

namespace {

/// Pango's font maps and what hangs on them are for one thread at a time.
std::mutex& pango() {
    static std::mutex mutex;
    return mutex;
}

PangoLayout* laid_out(FontSet set, const std::string& text, const TextStyle& style, double width) {
    PangoContext* context = pango_font_map_create_context(font_map(set));
    // The machine's taste in hinting and subpixels must not show in the bytes.
    cairo_font_options_t* options = cairo_font_options_create();
    cairo_font_options_set_antialias(options, CAIRO_ANTIALIAS_GRAY);
    cairo_font_options_set_hint_style(options, CAIRO_HINT_STYLE_NONE);
    cairo_font_options_set_hint_metrics(options, CAIRO_HINT_METRICS_OFF);
    pango_cairo_context_set_font_options(context, options);
    cairo_font_options_destroy(options);
    pango_cairo_context_set_resolution(context, 72.0);
    pango_context_set_round_glyph_positions(context, FALSE);
    pango_context_set_language(context, pango_language_from_string("en"));

    PangoLayout* layout = pango_layout_new(context);
    g_object_unref(context);
    PangoFontDescription* font = pango_font_description_new();
    pango_font_description_set_family(font, families(set));
    pango_font_description_set_weight(font, style.bold ? PANGO_WEIGHT_BOLD : PANGO_WEIGHT_NORMAL);
    pango_font_description_set_absolute_size(font, style.size * PANGO_SCALE);
    pango_layout_set_font_description(layout, font);
    pango_font_description_free(font);
    pango_layout_set_text(layout, text.data(), static_cast<int>(text.size()));
    if (width > 0.0) {
        pango_layout_set_width(layout, static_cast<int>(width * PANGO_SCALE));
        pango_layout_set_wrap(layout, PANGO_WRAP_WORD_CHAR);
        pango_layout_set_ellipsize(layout, PANGO_ELLIPSIZE_END);
        pango_layout_set_height(layout, -style.lines);
        pango_layout_set_auto_dir(layout, TRUE);
        // Pango mirrors alignment in right-to-left paragraphs, and a caption stays where it is.
        const bool mirrored = pango_layout_get_direction(layout, 0) == PANGO_DIRECTION_RTL;
        pango_layout_set_alignment(layout, style.align == Align::kCenter                ? PANGO_ALIGN_CENTER
                                           : (style.align == Align::kRight) != mirrored ? PANGO_ALIGN_RIGHT
                                                                                        : PANGO_ALIGN_LEFT);
    }
    return layout;
}

}  // namespace

struct Text::Layout {
    PangoLayout* layout = nullptr;
};

Text::Text(const std::string& utf8, const TextStyle& style, double width)
    : layout_(std::make_unique<Layout>()), style_(style) {
    char* valid = g_utf8_make_valid(utf8.data(), static_cast<gssize>(utf8.size()));
    const std::string text = valid;
    g_free(valid);
    const std::scoped_lock lock(pango());
    for (const FontSet set : {FontSet::kBasic, FontSet::kEmbedded, FontSet::kSystem}) {
        PangoLayout* layout = laid_out(set, text, style, width);
        const bool best = layout_->layout == nullptr || pango_layout_get_unknown_glyphs_count(layout) <
                                                            pango_layout_get_unknown_glyphs_count(layout_->layout);
        if (!best) {
            g_object_unref(layout);
            continue;
        }
        if (layout_->layout != nullptr) {
            g_object_unref(layout_->layout);
        }
        layout_->layout = layout;
        of_machine_ = set == FontSet::kSystem;
        if (pango_layout_get_unknown_glyphs_count(layout) == 0) {
            break;
        }
    }
}

Text::~Text() {
    const std::scoped_lock lock(pango());
    g_object_unref(layout_->layout);
}

TextExtent Text::extent() const {
    const std::scoped_lock lock(pango());
    int width = 0, height = 0;
    pango_layout_get_size(layout_->layout, &width, &height);
    return {static_cast<double>(width) / PANGO_SCALE, static_cast<double>(height) / PANGO_SCALE};
}

int Text::unknown_glyphs() const {
    const std::scoped_lock lock(pango());
    return pango_layout_get_unknown_glyphs_count(layout_->layout);
}

void Text::draw(cairo_t* context, double x, double y, double halo) const {
    const std::scoped_lock lock(pango());
    if (halo > 0.0) {
        cairo_move_to(context, x, y);
        pango_cairo_layout_path(context, layout_->layout);
        cairo_set_source_rgba(context, 1.0, 1.0, 1.0, 0.9);
        cairo_set_line_width(context, 2.0 * halo);
        cairo_set_line_join(context, CAIRO_LINE_JOIN_ROUND);
        cairo_stroke(context);
    }
    cairo_set_source_rgb(context, ((style_.color >> 16U) & 255U) / 255.0, ((style_.color >> 8U) & 255U) / 255.0,
                         (style_.color & 255U) / 255.0);
    cairo_move_to(context, x, y);
    pango_cairo_show_layout(context, layout_->layout);
}

std::string number_text(double value, int digits) {
    std::array<char, 48> text{};
    const auto end = std::to_chars(text.data(), text.data() + text.size(), value, std::chars_format::general, digits);
    std::string result;
    for (const char* c = text.data(); c != end.ptr; ++c) {
        result += *c == '-' ? "\u2212" : std::string(1, *c);
    }
    return result;
}

}  // namespace pellucid::render
