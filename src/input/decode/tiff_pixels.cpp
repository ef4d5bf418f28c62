#include "input/decode/tiff_pixels.hpp"

#include <algorithm>
#include <cstring>

#include <tiff.h>

#include "input/decode/formats.hpp"

namespace pellucid::input {

int TiffKind::colors() const {
    return photometric == PHOTOMETRIC_RGB ? 3 : photometric == PHOTOMETRIC_SEPARATED ? 4 : 1;
}

std::string TiffKind::why_not_read() const {
    const bool gray = photometric == PHOTOMETRIC_MINISBLACK || photometric == PHOTOMETRIC_MINISWHITE;
    const bool palette = photometric == PHOTOMETRIC_PALETTE;
    if (!gray && !palette && photometric != PHOTOMETRIC_RGB && photometric != PHOTOMETRIC_SEPARATED) {
        return "a TIFF picture of photometric interpretation " + std::to_string(photometric) + " is not read";
    }
    if (format != SAMPLEFORMAT_UINT) {
        return "a TIFF picture of signed or floating-point samples is not read: their range is not known";
    }
    const bool whole = bits == 8 || (bits == 16 && !palette);
    const bool packed = (bits == 1 || bits == 2 || bits == 4) && (gray || palette) && samples == 1;
    if (!whole && !packed) {
        return "a TIFF picture of " + std::to_string(bits) + "-bit samples is not read";
    }
    if (samples < colors() || samples > 8) {
        return "a TIFF picture of " + std::to_string(samples) + " samples a pixel is not read";
    }
    if (palette && (map[0] == nullptr || map[1] == nullptr || map[2] == nullptr)) {
        return "a TIFF picture with a palette that is missing";
    }
    return {};
}

std::uint8_t TiffKind::sample(const std::uint8_t* row, std::size_t index) const {
    if (bits == 8) {
        return row[index];
    }
    if (bits == 16) {
        std::uint16_t value = 0;
        std::memcpy(&value, row + 2 * index, 2);
        return static_cast<std::uint8_t>(value >> 8U);
    }
    const std::size_t bit = index * bits;
    const unsigned most = (1U << bits) - 1U;
    const unsigned value = (static_cast<unsigned>(row[bit / 8]) >> (8U - bits - bit % 8)) & most;
    return static_cast<std::uint8_t>(photometric == PHOTOMETRIC_PALETTE ? value : value * 255U / most);
}

void TiffKind::color(const std::uint8_t* pixel, std::uint8_t* rgb) const {
    switch (photometric) {
        case PHOTOMETRIC_SEPARATED:
            cmyk_to_rgb(pixel, rgb);
            return;
        case PHOTOMETRIC_PALETTE:
            for (std::size_t channel = 0; channel < 3; ++channel) {
                rgb[channel] = static_cast<std::uint8_t>(map[channel][pixel[0]] >> 8U);
            }
            return;
        case PHOTOMETRIC_RGB:
            std::copy_n(pixel, 3, rgb);
            break;
        default:
            std::fill_n(rgb, 3,
                        photometric == PHOTOMETRIC_MINISWHITE ? static_cast<std::uint8_t>(255U - pixel[0]) : pixel[0]);
    }
    if (premultiplied && alpha && photometric == PHOTOMETRIC_RGB) {
        const unsigned opacity = pixel[3];
        for (int channel = 0; channel < 3; ++channel) {
            // What is wholly transparent has no colour: black, as in PIL.
            rgb[channel] = opacity == 0 ? std::uint8_t{0}
                                        : static_cast<std::uint8_t>(std::min(255U, 255U * rgb[channel] / opacity));
        }
    }
}

}  // namespace pellucid::input
