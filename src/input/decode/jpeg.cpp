#include <csetjmp>
#include <cstdio>
#include <cstring>

#include <jpeglib.h>
// After jpeglib.h, on which it leans.
#include <jerror.h>

#include "input/decode/formats.hpp"
#include "input/decode/orientation.hpp"

namespace pellucid::input {
namespace {

/// libjpeg leaves by longjmp, past the frames between: so all that owns memory lives here, outside of them.
struct Reading {
    jpeg_decompress_struct jpeg{};
    jpeg_error_mgr errors{};
    std::jmp_buf leave{};
    bool ended_early = false;
    long warnings = 0;
    Image image;
    std::vector<std::uint8_t> ink;   ///< a row of CMYK
    Bytes bytes;

    Reading() = default;
    Reading(const Reading&) = delete;
    Reading& operator=(const Reading&) = delete;
    ~Reading() { jpeg_destroy_decompress(&jpeg); }
};

[[noreturn]] void on_error(j_common_ptr jpeg) { std::longjmp(static_cast<Reading*>(jpeg->client_data)->leave, 1); }

void on_message(j_common_ptr jpeg, int level) {
    auto& reading = *static_cast<Reading*>(jpeg->client_data);
    if (level >= 0) {
        return;
    }
    ++reading.warnings;
    // libjpeg would go on in gray where the file ends.
    if (jpeg->err->msg_code == JWRN_JPEG_EOF) {
        reading.ended_early = true;
        std::longjmp(reading.leave, 1);
    }
}

void be_silent(j_common_ptr /*jpeg*/) {}

bool read_header(Reading& reading) {
    if (setjmp(reading.leave) != 0) {
        return false;
    }
    jpeg_create_decompress(&reading.jpeg);
    reading.jpeg.client_data = &reading;
    jpeg_mem_src(&reading.jpeg, reinterpret_cast<const unsigned char*>(reading.bytes.data()), reading.bytes.size());
    jpeg_save_markers(&reading.jpeg, JPEG_APP0 + 1, 0xffff);
    jpeg_read_header(&reading.jpeg, TRUE);
    return true;
}

bool read_rows(Reading& reading) {
    if (setjmp(reading.leave) != 0) {
        return false;
    }
    jpeg_decompress_struct& jpeg = reading.jpeg;
    const bool has_ink = jpeg.num_components == 4;
    jpeg.out_color_space = has_ink ? JCS_CMYK : JCS_RGB;
    jpeg_start_decompress(&jpeg);
    const std::size_t width = jpeg.output_width;
    while (jpeg.output_scanline < jpeg.output_height) {
        std::uint8_t* rgb = reading.image.pixels.data() + width * 3 * jpeg.output_scanline;
        JSAMPROW row = has_ink ? reading.ink.data() : rgb;
        jpeg_read_scanlines(&jpeg, &row, 1);
        for (std::size_t x = 0; has_ink && x < width; ++x) {
            std::uint8_t* ink = reading.ink.data() + x * 4;
            // Adobe's convention, which PIL assumes too: inks are stored inverted.
            for (int channel = 0; channel < 4; ++channel) {
                ink[channel] = static_cast<std::uint8_t>(255U - ink[channel]);
            }
            cmyk_to_rgb(ink, rgb + x * 3);
        }
    }
    jpeg_finish_decompress(&jpeg);
    return true;
}

int orientation_of(const jpeg_decompress_struct& jpeg) {
    for (const jpeg_marker_struct* marker = jpeg.marker_list; marker != nullptr; marker = marker->next) {
        if (marker->data_length > 6 && std::memcmp(marker->data, "Exif\0\0", 6) == 0) {
            return exif_orientation({reinterpret_cast<const std::byte*>(marker->data), marker->data_length});
        }
    }
    return 1;
}

}  // namespace

Stored decode_jpeg(Bytes bytes, const std::string& name) {
    Reading reading;
    reading.bytes = bytes;
    reading.jpeg.client_data = &reading;
    reading.jpeg.err = jpeg_std_error(&reading.errors);
    reading.errors.error_exit = on_error;
    reading.errors.emit_message = on_message;
    reading.errors.output_message = be_silent;
    if (!read_header(reading)) {
        refuse_truncated(name, "JPEG");
    }
    const int components = reading.jpeg.num_components;
    if (components != 1 && components != 3 && components != 4) {
        refuse(name, "a JPEG picture of " + std::to_string(components) + " components", "convert it to RGB");
    }
    Stored stored;
    reading.image = allocate(reading.jpeg.image_width, reading.jpeg.image_height, name);
    reading.ink.resize(components == 4 ? static_cast<std::size_t>(reading.jpeg.image_width) * 4 : 0);
    // Before the rows: the end of decompression frees the markers.
    stored.orientation = orientation_of(reading.jpeg);
    if (!read_rows(reading)) {
        refuse_truncated(name, "JPEG");
    }
    stored.image = std::move(reading.image);
    if (reading.warnings > 0) {
        stored.notes.emplace_back("the JPEG data is damaged in places; what could be decoded was taken");
    }
    return stored;
}

}  // namespace pellucid::input
