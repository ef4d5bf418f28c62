#include <png.h>

#include "pellucid/error.hpp"
#include "pellucid/render.hpp"
#include "render/png.hpp"

namespace pellucid {

namespace {

png_uint_32 format_of(int channels) {
    switch (channels) {
        case 1:
            return PNG_FORMAT_GRAY;
        case 3:
            return PNG_FORMAT_RGB;
        case 4:
            return PNG_FORMAT_RGBA;
        default:
            break;
    }
    throw Error(ErrorCode::kUsage, "a picture of " + std::to_string(channels) + " channels cannot be written as PNG",
                "give 1, 3 or 4 channels");
}

}  // namespace

std::string encode_png(const Image& image) { return render::png_of(image, false); }

std::string render::png_of(const Image& image, bool fast) {
    const auto expected = static_cast<std::size_t>(image.width) * static_cast<std::size_t>(image.height) *
                          static_cast<std::size_t>(image.channels);
    if (image.width < 1 || image.height < 1 || image.pixels.size() != expected) {
        throw Error(ErrorCode::kUsage, "a picture of " + std::to_string(image.width) + " x " +
                                           std::to_string(image.height) + " with " +
                                           std::to_string(image.pixels.size()) + " bytes cannot be written as PNG");
    }
    png_image header{};
    header.version = PNG_IMAGE_VERSION;
    header.width = static_cast<png_uint_32>(image.width);
    header.height = static_cast<png_uint_32>(image.height);
    header.format = format_of(image.channels);
    header.flags = fast ? PNG_IMAGE_FLAG_FAST : 0;
    png_alloc_size_t size = PNG_IMAGE_PNG_SIZE_MAX(header);
    std::string bytes(size, '\0');
    if (png_image_write_to_memory(&header, bytes.data(), &size, 0, image.pixels.data(), 0, nullptr) == 0) {
        throw Error(ErrorCode::kInternal, std::string("PNG: ") + header.message);
    }
    bytes.resize(size);
    return bytes;
}

}  // namespace pellucid
