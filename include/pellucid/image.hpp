#pragma once

#include <array>
#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <vector>

namespace pellucid {

/// An 8-bit picture, interleaved, row-major: pixel (x, y), channel c at (y * width + x) * channels + c.
struct Image {
    int width = 0, height = 0;
    int channels = 3;                       ///< 1 gray, 3 RGB, 4 RGBA (straight alpha)
    std::vector<std::uint8_t> pixels;
};

/// The resampling kernels of PIL, by PIL's names in lower case.
enum class Resample { kNearest, kBox, kBilinear, kHamming, kBicubic, kLanczos };

/// Decodes PNG, JPEG, WebP, BMP or TIFF by content (not by extension), 8 or 16 bit, gray, palette, alpha, CMYK; turns
/// it upright by its EXIF orientation. The result is what PIL's `ImageOps.exif_transpose(Image.open(p)).convert("RGB")`
/// gives, alpha dropped as PIL drops it (and said in a note by the caller); 16-bit values are scaled to 8 bit.
/// Throws Error(kUnreadable) naming the file when it is no picture, truncated, empty, or beyond 100 megapixels.
[[nodiscard]] Image read_image(const std::filesystem::path& path);
[[nodiscard]] Image decode_image(std::span<const std::byte> bytes, const std::string& name);

/// PIL's `Image.resize((width, height), kernel)` on 8-bit pictures: the same fixed-point arithmetic, equal to the byte.
[[nodiscard]] Image resize(const Image& image, int width, int height, Resample kernel);
/// Throws Error(kUsage) that names the kernels.
[[nodiscard]] Resample resample_from_name(const std::string& name);

}  // namespace pellucid
