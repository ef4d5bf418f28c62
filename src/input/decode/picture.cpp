#include "input/picture.hpp"

#include <algorithm>
#include <cstring>
#include <string_view>

#include "core/files.hpp"
#include "input/decode/formats.hpp"
#include "input/decode/orientation.hpp"
#include "pellucid/error.hpp"

namespace pellucid {
namespace input {
namespace {

constexpr std::uint64_t kMostPixels = 100'000'000;

bool begins(Bytes bytes, std::string_view signature, std::size_t offset = 0) {
    return bytes.size() >= offset + signature.size() &&
           std::memcmp(bytes.data() + offset, signature.data(), signature.size()) == 0;
}

bool is_text(Bytes bytes) {
    const Bytes head = bytes.first(std::min<std::size_t>(bytes.size(), 64));
    return std::all_of(head.begin(), head.end(), [](std::byte byte) {
        const auto c = std::to_integer<unsigned>(byte);
        return c >= 0x20U || c == '\n' || c == '\r' || c == '\t';
    });
}

using Decoder = Stored (*)(Bytes, const std::string&);

Decoder decoder_of(Bytes bytes) {
    using namespace std::string_view_literals;
    if (begins(bytes, "\x89PNG\r\n\x1a\n"sv)) {
        return decode_png;
    }
    if (begins(bytes, "\xff\xd8\xff"sv)) {
        return decode_jpeg;
    }
    if (begins(bytes, "RIFF"sv) && begins(bytes, "WEBP"sv, 8)) {
        return decode_webp;
    }
    if (begins(bytes, "BM"sv)) {
        return decode_bmp;
    }
    for (const auto signature : {"II*\0"sv, "MM\0*"sv, "II+\0"sv, "MM\0+"sv}) {
        if (begins(bytes, signature)) {
            return decode_tiff;
        }
    }
    return nullptr;
}

}  // namespace

void refuse(const std::string& name, const std::string& what, const std::string& remedy) {
    throw Error(ErrorCode::kUnreadable, name + ": " + what, remedy);
}

void refuse_truncated(const std::string& name, std::string_view format) {
    refuse(name, "the " + std::string(format) + " picture is truncated or damaged", "copy or save it again");
}

Image allocate(std::uint64_t width, std::uint64_t height, const std::string& name) {
    const std::string size = std::to_string(width) + "x" + std::to_string(height);
    if (width == 0 || height == 0) {
        refuse(name, "the picture has no pixels (" + size + ")");
    }
    if (width > kMostPixels || height > kMostPixels || width * height > kMostPixels) {
        refuse(name, "the picture is beyond 100 megapixels (" + size + ")", "make it smaller first");
    }
    Image image;
    image.width = static_cast<int>(width);
    image.height = static_cast<int>(height);
    image.pixels.resize(width * height * 3);
    return image;
}

void cmyk_to_rgb(const std::uint8_t* cmyk, std::uint8_t* rgb) {
    const unsigned light = 255U - cmyk[3];
    for (int channel = 0; channel < 3; ++channel) {
        const unsigned product = cmyk[channel] * light + 128U;
        rgb[channel] = static_cast<std::uint8_t>(light - ((product + (product >> 8U)) >> 8U));
    }
}

Picture decode_picture(std::span<const std::byte> bytes, const std::string& name) {
    if (bytes.empty()) {
        refuse(name, "the file is empty");
    }
    const Decoder decode = decoder_of(bytes);
    if (decode == nullptr) {
        refuse(name,
               std::string("not a picture: ") + (is_text(bytes) ? "it holds text, " : "its content is ") +
                   "not PNG, JPEG, WebP, BMP or TIFF",
               "convert it to one of these");
    }
    Stored stored = decode(bytes, name);
    return {turn_upright(std::move(stored.image), stored.orientation), std::move(stored.notes)};
}

}  // namespace input

Image decode_image(std::span<const std::byte> bytes, const std::string& name) {
    return input::decode_picture(bytes, name).image;
}

Image read_image(const std::filesystem::path& path) { return decode_image(core::read_whole(path), path.string()); }

}  // namespace pellucid
