#pragma once

#include <cstdint>
#include <memory>
#include <string>

typedef struct _cairo cairo_t;

namespace pellucid::render {

enum class Align { kLeft, kCenter, kRight };

struct TextStyle {
    double size = 14.0;             ///< of the em, pixels
    bool bold = false;
    std::uint32_t color = 0x222222; ///< 0xRRGGBB
    Align align = Align::kLeft;     ///< within the width
    int lines = 1;                  ///< at most; what is longer ends in an ellipsis
};

struct TextExtent {
    double width = 0.0, height = 0.0;
};

/// Text laid out by Pango in the embedded fonts: the basic ones, else all of them, else (scripts that none of ours has)
/// those of the system. Bidirectional, shaped, wrapped at words. One thread at a time lays out or draws text.
class Text {
public:
    /// @param width  pixels; 0: as wide as it is
    Text(const std::string& utf8, const TextStyle& style, double width = 0.0);
    ~Text();
    Text(const Text&) = delete;
    Text& operator=(const Text&) = delete;

    [[nodiscard]] TextExtent extent() const;
    /// Characters for which no font has a glyph.
    [[nodiscard]] int unknown_glyphs() const;
    /// Whether the machine's fonts had to help: the bytes are then this machine's.
    [[nodiscard]] bool of_machine() const { return of_machine_; }
    /// @param x, y  the top left corner
    /// @param halo  width of a white outline; 0: none
    void draw(cairo_t* context, double x, double y, double halo = 0.0) const;

private:
    struct Layout;
    std::unique_ptr<Layout> layout_;
    TextStyle style_;
    bool of_machine_ = false;
};

/// 0.0123, 9.31, −1.2e−5: `digits` significant digits, a true minus sign.
[[nodiscard]] std::string number_text(double value, int digits = 3);

}  // namespace pellucid::render
