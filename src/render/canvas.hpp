#pragma once

#include <array>
#include <cstdint>
#include <string>

#include "pellucid/image.hpp"
#include "render/raster.hpp"
#include "render/text.hpp"

typedef struct _cairo_surface cairo_surface_t;

namespace pellucid::render {

/// A rectangle of the drawing, in its pixels.
struct Box {
    double x = 0.0, y = 0.0, width = 0.0, height = 0.0;
};

/// What is drawn on: a white-to-be page that becomes PNG or SVG; the drawing code is one.
class Canvas {
public:
    /// @param format  "png" or "svg"; throws Error(kUsage) on another
    Canvas(int width, int height, const std::string& format, std::uint32_t background);
    ~Canvas();
    Canvas(const Canvas&) = delete;
    Canvas& operator=(const Canvas&) = delete;

    void picture(const Image& rgb, double x, double y);
    void text(const Text& text, double x, double y, double halo = 0.0);
    void fill(const Box& box, std::uint32_t color, double opacity = 1.0);
    void outline(const Box& box, std::uint32_t color, double line_width, double opacity = 1.0);

    /// The encoded drawing; nothing can be drawn after.
    /// @param fast  see png_of
    [[nodiscard]] std::string encoded(bool fast);

private:
    int width_, height_;
    bool vector_;
    std::string stream_;
    cairo_surface_t* surface_;
    cairo_t* context_;
};

/// SVG with its identifiers numbered as they appear: Cairo numbers them by process, and equal drawings must be equal.
[[nodiscard]] std::string with_ids_in_order(const std::string& svg);

}  // namespace pellucid::render
