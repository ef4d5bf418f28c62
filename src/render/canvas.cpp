#include "render/canvas.hpp"

#include <cairo-svg.h>
#include <cairo.h>

#include <array>

#include <algorithm>
#include <map>
#include <string_view>

#include "pellucid/error.hpp"
#include "render/png.hpp"

namespace pellucid::render {

namespace {

cairo_status_t append(void* to, const unsigned char* bytes, unsigned int size) {
    static_cast<std::string*>(to)->append(reinterpret_cast<const char*>(bytes), size);
    return CAIRO_STATUS_SUCCESS;
}

void set_color(cairo_t* context, std::uint32_t color, double opacity) {
    cairo_set_source_rgba(context, ((color >> 16U) & 255U) / 255.0, ((color >> 8U) & 255U) / 255.0,
                          (color & 255U) / 255.0, opacity);
}

void check(cairo_status_t status) {
    if (status != CAIRO_STATUS_SUCCESS) {
        throw Error(ErrorCode::kInternal, std::string("drawing: ") + cairo_status_to_string(status));
    }
}

}  // namespace

Canvas::Canvas(int width, int height, const std::string& format, std::uint32_t background)
    : width_(width), height_(height), vector_(format == "svg") {
    if (format != "png" && format != "svg") {
        throw Error(ErrorCode::kUsage, "drawings cannot be written as '" + format + "'", "use png or svg");
    }
    surface_ = vector_ ? cairo_svg_surface_create_for_stream(append, &stream_, width, height)
                       : cairo_image_surface_create(CAIRO_FORMAT_RGB24, width, height);
    context_ = cairo_create(surface_);
    set_color(context_, background, 1.0);
    cairo_paint(context_);
}

Canvas::~Canvas() {
    cairo_destroy(context_);
    cairo_surface_destroy(surface_);
}

void Canvas::picture(const Image& rgb, double x, double y) {
    cairo_surface_t* image = cairo_image_surface_create(CAIRO_FORMAT_RGB24, rgb.width, rgb.height);
    check(cairo_surface_status(image));
    unsigned char* row = cairo_image_surface_get_data(image);
    const std::uint8_t* from = rgb.pixels.data();
    for (int j = 0; j < rgb.height; ++j, row += cairo_image_surface_get_stride(image)) {
        auto* to = reinterpret_cast<std::uint32_t*>(row);
        for (int i = 0; i < rgb.width; ++i, from += 3) {
            to[i] = static_cast<std::uint32_t>(from[0]) << 16U | static_cast<std::uint32_t>(from[1]) << 8U | from[2];
        }
    }
    cairo_surface_mark_dirty(image);
    cairo_set_source_surface(context_, image, x, y);
    cairo_pattern_set_filter(cairo_get_source(context_), CAIRO_FILTER_NEAREST);
    cairo_rectangle(context_, x, y, rgb.width, rgb.height);
    cairo_fill(context_);
    cairo_surface_destroy(image);
}

void Canvas::text(const Text& text, double x, double y, double halo) { text.draw(context_, x, y, halo); }

void Canvas::fill(const Box& box, std::uint32_t color, double opacity) {
    set_color(context_, color, opacity);
    cairo_rectangle(context_, box.x, box.y, box.width, box.height);
    cairo_fill(context_);
}

void Canvas::outline(const Box& box, std::uint32_t color, double line_width, double opacity) {
    set_color(context_, color, opacity);
    cairo_set_line_width(context_, line_width);
    cairo_rectangle(context_, box.x, box.y, box.width, box.height);
    cairo_stroke(context_);
}

std::string Canvas::encoded(bool fast) {
    check(cairo_status(context_));
    if (vector_) {
        cairo_surface_finish(surface_);
        check(cairo_surface_status(surface_));
        return with_ids_in_order(stream_);
    }
    cairo_surface_flush(surface_);
    Image image{width_, height_, 3, {}};
    image.pixels.reserve(3 * static_cast<std::size_t>(width_) * static_cast<std::size_t>(height_));
    const unsigned char* row = cairo_image_surface_get_data(surface_);
    for (int y = 0; y < height_; ++y, row += cairo_image_surface_get_stride(surface_)) {
        const auto* from = reinterpret_cast<const std::uint32_t*>(row);
        for (int x = 0; x < width_; ++x) {
            for (const unsigned shift : {16U, 8U, 0U}) {
                image.pixels.push_back(static_cast<std::uint8_t>((from[x] >> shift) & 255U));
            }
        }
    }
    return png_of(image, fast);
}

std::string with_ids_in_order(const std::string& svg) {
    constexpr std::array<std::string_view, 3> kMarks{" id=\"", "url(#", "href=\"#"};
    std::array<std::size_t, 3> next{};
    for (std::size_t i = 0; i < 3; ++i) {
        next[i] = svg.find(kMarks[i]);
    }
    std::map<std::string, std::string> names;
    std::string result;
    result.reserve(svg.size());
    std::size_t at = 0;
    for (;;) {
        const auto nearest = static_cast<std::size_t>(std::min_element(next.begin(), next.end()) - next.begin());
        if (next[nearest] == std::string::npos) {
            break;
        }
        const std::size_t begin = next[nearest] + kMarks[nearest].size(), end = svg.find_first_of("\")", begin);
        result.append(svg, at, begin - at);
        result += names.emplace(svg.substr(begin, end - begin), std::string("p").append(std::to_string(names.size())))
                      .first->second;
        at = end;
        next[nearest] = svg.find(kMarks[nearest], at);
    }
    return result.append(svg, at);
}

}  // namespace pellucid::render
