#include "input/decode/orientation.hpp"

#include <cstdint>
#include <cstring>
#include <utility>

namespace pellucid::input {
namespace {

constexpr unsigned kOrientationTag = 0x0112;

/// Little- or big-endian numbers of a block; what lies outside reads as 0.
class Fields {
public:
    explicit Fields(std::span<const std::byte> bytes)
        : bytes_(bytes), little_(!bytes.empty() && bytes[0] == std::byte{'I'}) {}

    [[nodiscard]] std::uint32_t number(std::size_t offset, std::size_t size) const {
        if (offset > bytes_.size() || bytes_.size() - offset < size) {
            return 0;
        }
        std::uint32_t value = 0;
        for (std::size_t i = 0; i < size; ++i) {
            const auto byte = std::to_integer<std::uint32_t>(bytes_[offset + (little_ ? size - 1 - i : i)]);
            value = (value << 8U) | byte;
        }
        return value;
    }

private:
    std::span<const std::byte> bytes_;
    bool little_;
};

}  // namespace

int exif_orientation(std::span<const std::byte> exif) {
    if (exif.size() > 6 && std::memcmp(exif.data(), "Exif\0\0", 6) == 0) {
        exif = exif.subspan(6);
    }
    if (exif.size() < 8 || (std::memcmp(exif.data(), "II*\0", 4) != 0 && std::memcmp(exif.data(), "MM\0*", 4) != 0)) {
        return 1;
    }
    const Fields fields(exif);
    const std::size_t directory = fields.number(4, 4);
    const std::uint32_t entries = fields.number(directory, 2);
    for (std::uint32_t i = 0; i < entries; ++i) {
        const std::size_t entry = directory + 2 + 12 * static_cast<std::size_t>(i);
        if (entry + 12 > exif.size()) {
            break;
        }
        if (fields.number(entry, 2) == kOrientationTag) {
            const std::uint32_t value = fields.number(entry + 8, fields.number(entry + 2, 2) == 3 ? 2 : 4);
            return value >= 1 && value <= 8 ? static_cast<int>(value) : 1;
        }
    }
    return 1;
}

Image turn_upright(Image image, int orientation) {
    if (orientation <= 1 || orientation > 8) {
        return image;
    }
    const bool transposed = orientation >= 5;
    const bool flip_x = orientation == 2 || orientation == 3 || orientation == 7 || orientation == 8;
    const bool flip_y = orientation == 3 || orientation == 4 || orientation == 6 || orientation == 7;
    Image upright;
    upright.width = transposed ? image.height : image.width;
    upright.height = transposed ? image.width : image.height;
    upright.channels = image.channels;
    upright.pixels.resize(image.pixels.size());
    const auto channels = static_cast<std::size_t>(image.channels);
    std::uint8_t* to = upright.pixels.data();
    for (int y = 0; y < upright.height; ++y) {
        for (int x = 0; x < upright.width; ++x, to += channels) {
            // The stored pixel that belongs here; flips are of the stored axes.
            const int column = transposed ? y : x;
            const int row = transposed ? x : y;
            const int from_x = flip_x ? image.width - 1 - column : column;
            const int from_y = flip_y ? image.height - 1 - row : row;
            const std::size_t at = (static_cast<std::size_t>(from_y) * static_cast<std::size_t>(image.width) +
                                    static_cast<std::size_t>(from_x)) *
                                   channels;
            std::memcpy(to, image.pixels.data() + at, channels);
        }
    }
    return upright;
}

}  // namespace pellucid::input
