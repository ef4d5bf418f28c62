#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>

namespace pellucid::input {

/// What the samples of a TIFF picture mean.
struct TiffKind {
    std::uint16_t bits = 1, samples = 1, format = 1, compression = 1, photometric = 1;
    bool alpha = false, premultiplied = false;
    std::array<std::uint16_t*, 3> map{};    ///< the palette, 16 bit, owned by libtiff

    /// Samples of colour: 1, 3 or 4.
    [[nodiscard]] int colors() const;
    /// Empty when it can be read, else one line.
    [[nodiscard]] std::string why_not_read() const;
    /// Sample `index` of a row, as an 8-bit value or palette index; 16-bit samples are in the machine's order.
    [[nodiscard]] std::uint8_t sample(const std::uint8_t* row, std::size_t index) const;
    /// One pixel of samples as RGB.
    void color(const std::uint8_t* samples_of_pixel, std::uint8_t* rgb) const;
};

}  // namespace pellucid::input
