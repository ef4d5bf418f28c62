#pragma once

// The decoders, one file a format. All give RGB as it is stored, before it is turned upright.

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "pellucid/image.hpp"

namespace pellucid::input {

using Bytes = std::span<const std::byte>;

struct Stored {
    Image image;               ///< RGB
    int orientation = 1;       ///< EXIF's, 1 to 8
    std::vector<std::string> notes;
};

[[nodiscard]] Stored decode_png(Bytes bytes, const std::string& name);
[[nodiscard]] Stored decode_jpeg(Bytes bytes, const std::string& name);
[[nodiscard]] Stored decode_webp(Bytes bytes, const std::string& name);
[[nodiscard]] Stored decode_bmp(Bytes bytes, const std::string& name);
[[nodiscard]] Stored decode_tiff(Bytes bytes, const std::string& name);

/// Error(kUnreadable): "`name`: `what`".
[[noreturn]] void refuse(const std::string& name, const std::string& what, const std::string& remedy = {});
/// The same for a file that ends too early.
[[noreturn]] void refuse_truncated(const std::string& name, std::string_view format);

/// An RGB image of the size that a header claims: refused when zero or beyond 100 megapixels, before it is allocated.
[[nodiscard]] Image allocate(std::uint64_t width, std::uint64_t height, const std::string& name);

/// PIL's CMYK to RGB: 255 - k, less the part of it that the ink takes, rounded.
void cmyk_to_rgb(const std::uint8_t* cmyk, std::uint8_t* rgb);

inline constexpr const char* kAlphaDropped = "the alpha channel was dropped";
inline constexpr const char* kScaledTo8 = "16-bit values were scaled to 8 bit (their high byte)";
inline constexpr const char* kFirstFrame = "an animation: its first frame was taken";

}  // namespace pellucid::input
