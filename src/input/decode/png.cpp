#include <csetjmp>
#include <cstring>

#include <png.h>

#include "input/decode/formats.hpp"
#include "input/decode/orientation.hpp"

namespace pellucid::input {
namespace {

/// libpng leaves by longjmp, past the frames between: so all that owns memory lives here, outside of them.
struct Reading {
    Bytes bytes;
    std::size_t at = 0;
    png_structp png = nullptr;
    png_infop info = nullptr;
    std::string message;
    std::vector<png_bytep> rows;
    std::vector<std::byte> exif;
    png_uint_32 width = 0, height = 0;
    int depth = 0, color = 0;
    bool transparent = false, animated = false;

    Reading() = default;
    Reading(const Reading&) = delete;
    Reading& operator=(const Reading&) = delete;
    ~Reading() { png_destroy_read_struct(&png, &info, nullptr); }
};

[[noreturn]] void on_error(png_structp png, png_const_charp message) {
    static_cast<Reading*>(png_get_error_ptr(png))->message = message;
    png_longjmp(png, 1);
}

void on_warning(png_structp /*png*/, png_const_charp /*message*/) {}

void read_bytes(png_structp png, png_bytep to, std::size_t count) {
    auto& reading = *static_cast<Reading*>(png_get_io_ptr(png));
    if (reading.bytes.size() - reading.at < count) {
        png_error(png, "truncated");
    }
    std::memcpy(to, reading.bytes.data() + reading.at, count);
    reading.at += count;
}

int on_unknown_chunk(png_structp png, png_unknown_chunkp chunk) {
    auto& reading = *static_cast<Reading*>(png_get_user_chunk_ptr(png));
    if (std::memcmp(chunk->name, "acTL", 4) == 0) {
        reading.animated = true;
    }
    if (std::memcmp(chunk->name, "eXIf", 4) == 0) {
        const auto* data = reinterpret_cast<const std::byte*>(chunk->data);
        reading.exif.assign(data, data + chunk->size);
    }
    return 1;
}

/// The steps that may leave by longjmp: none of them owns anything.
bool read_header(Reading& reading) {
    if (setjmp(png_jmpbuf(reading.png)) != 0) {
        return false;
    }
    png_set_read_fn(reading.png, &reading, read_bytes);
    // Our own limit comes after the header; libpng's would be another.
    png_set_user_limits(reading.png, PNG_UINT_31_MAX, PNG_UINT_31_MAX);
    static const png_byte kKept[] = "eXIf\0acTL";
    png_set_keep_unknown_chunks(reading.png, PNG_HANDLE_CHUNK_IF_SAFE, kKept, 2);
    png_set_read_user_chunk_fn(reading.png, &reading, on_unknown_chunk);
    png_read_info(reading.png, reading.info);
    png_get_IHDR(reading.png, reading.info, &reading.width, &reading.height, &reading.depth, &reading.color, nullptr,
                 nullptr, nullptr);
    return true;
}

bool read_rows(Reading& reading) {
    if (setjmp(png_jmpbuf(reading.png)) != 0) {
        return false;
    }
    reading.transparent =
        (reading.color & PNG_COLOR_MASK_ALPHA) != 0 || png_get_valid(reading.png, reading.info, PNG_INFO_tRNS) != 0;
    png_set_expand(reading.png);
    png_set_strip_16(reading.png);
    png_set_strip_alpha(reading.png);
    png_set_gray_to_rgb(reading.png);
    png_set_interlace_handling(reading.png);
    png_read_update_info(reading.png, reading.info);
    if (png_get_rowbytes(reading.png, reading.info) != static_cast<std::size_t>(reading.width) * 3) {
        png_error(reading.png, "unexpected row size");
    }
    png_read_image(reading.png, reading.rows.data());
    png_read_end(reading.png, nullptr);
    return true;
}

}  // namespace

Stored decode_png(Bytes bytes, const std::string& name) {
    Reading reading;
    reading.bytes = bytes;
    reading.png = png_create_read_struct(PNG_LIBPNG_VER_STRING, &reading, on_error, on_warning);
    reading.info = reading.png != nullptr ? png_create_info_struct(reading.png) : nullptr;
    if (reading.info == nullptr) {
        refuse(name, "no memory to read the PNG picture");
    }
    if (!read_header(reading)) {
        refuse_truncated(name, "PNG");
    }
    Stored stored;
    stored.image = allocate(reading.width, reading.height, name);
    reading.rows.resize(reading.height);
    for (std::size_t y = 0; y < reading.rows.size(); ++y) {
        reading.rows[y] = stored.image.pixels.data() + y * reading.width * 3;
    }
    if (!read_rows(reading)) {
        refuse_truncated(name, "PNG");
    }
    stored.orientation = exif_orientation(reading.exif);
    if (reading.transparent) {
        stored.notes.emplace_back(kAlphaDropped);
    }
    if (reading.depth == 16) {
        stored.notes.emplace_back(kScaledTo8);
    }
    if (reading.animated) {
        stored.notes.emplace_back(kFirstFrame);
    }
    return stored;
}

}  // namespace pellucid::input
