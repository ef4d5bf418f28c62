#include <algorithm>
#include <array>

#include "input/decode/bmp_runs.hpp"
#include "input/decode/formats.hpp"

namespace pellucid::input {
namespace {

constexpr std::size_t kFileHeader = 14;
constexpr std::uint32_t kRaw = 0, kRle8 = 1, kRle4 = 2, kBitFields = 3;

/// A BMP file, little-endian throughout.
struct Bmp {
    Bmp(Bytes file, const std::string& file_name) : bytes(file), name(file_name) {}

    Bytes bytes;
    const std::string& name;
    std::size_t header_size = 0, pixels_at = 0;
    std::uint64_t width = 0, height = 0;
    bool top_down = false;
    std::uint32_t bits = 0, compression = kRaw, colors = 0;
    std::array<std::uint32_t, 3> masks{};
    bool has_alpha = false;
    std::vector<std::array<std::uint8_t, 3>> palette;

    [[nodiscard]] std::uint32_t number(std::size_t offset, std::size_t size) const {
        if (offset + size > bytes.size()) {
            refuse_truncated(name, "BMP");
        }
        std::uint32_t value = 0;
        for (std::size_t i = 0; i < size; ++i) {
            value |= std::to_integer<std::uint32_t>(bytes[offset + i]) << (8 * i);
        }
        return value;
    }
};

void read_masks(Bmp& bmp) {
    const std::size_t at = kFileHeader + 40;
    for (std::size_t i = 0; i < 3; ++i) {
        bmp.masks[i] = bmp.number(at + 4 * i, 4);
    }
    bmp.has_alpha = bmp.header_size >= 56 && bmp.number(at + 12, 4) != 0;
    if (bmp.masks == std::array<std::uint32_t, 3>{0, 0, 0}) {
        bmp.masks = {0xff0000, 0xff00, 0xff};
    }
}

void read_header(Bmp& bmp) {
    bmp.pixels_at = bmp.number(10, 4);
    bmp.header_size = bmp.number(kFileHeader, 4);
    constexpr std::array<std::size_t, 7> kHeaders{12, 40, 52, 56, 64, 108, 124};
    if (std::find(kHeaders.begin(), kHeaders.end(), bmp.header_size) == kHeaders.end()) {
        refuse(bmp.name, "a BMP header of " + std::to_string(bmp.header_size) + " bytes is not known",
               "convert it to PNG");
    }
    if (bmp.header_size == 12) {
        bmp.width = bmp.number(18, 2);
        bmp.height = bmp.number(20, 2);
        bmp.bits = bmp.number(24, 2);
        return;
    }
    bmp.width = bmp.number(18, 4);
    const std::uint32_t height = bmp.number(22, 4);
    bmp.top_down = (height >> 31U) != 0;
    bmp.height = bmp.top_down ? (std::uint64_t{1} << 32U) - height : height;
    bmp.bits = bmp.number(28, 2);
    bmp.compression = bmp.number(30, 4);
    bmp.colors = bmp.number(46, 4);
    if (bmp.compression == kBitFields) {
        read_masks(bmp);
    } else if (bmp.bits == 16) {
        bmp.masks = {0x7c00, 0x3e0, 0x1f};
    }
}

void check_kind(const Bmp& bmp) {
    const bool runs = (bmp.compression == kRle8 && bmp.bits == 8) || (bmp.compression == kRle4 && bmp.bits == 4);
    const bool fields = bmp.compression == kBitFields && (bmp.bits == 16 || bmp.bits == 24 || bmp.bits == 32);
    const bool raw = bmp.compression == kRaw && (bmp.bits == 1 || bmp.bits == 4 || bmp.bits == 8 || bmp.bits == 16 ||
                                                 bmp.bits == 24 || bmp.bits == 32);
    if (!runs && !fields && !raw) {
        refuse(bmp.name,
               "BMP of " + std::to_string(bmp.bits) + " bits with compression " + std::to_string(bmp.compression) +
                   " is not read",
               "convert it to PNG");
    }
}

void read_palette(Bmp& bmp) {
    if (bmp.bits > 8) {
        return;
    }
    const std::size_t entry = bmp.header_size == 12 ? 3 : 4;
    const std::size_t at = kFileHeader + bmp.header_size;
    const std::uint32_t count = std::min(bmp.colors == 0 ? 1U << bmp.bits : bmp.colors, 256U);
    // An index beyond the palette is black.
    bmp.palette.assign(256, {0, 0, 0});
    for (std::size_t i = 0; i < count; ++i) {
        for (std::size_t channel = 0; channel < 3; ++channel) {
            bmp.palette[i][channel] = static_cast<std::uint8_t>(bmp.number(at + i * entry + 2 - channel, 1));
        }
    }
}

/// The part of `value` under `mask`, stretched to 0 … 255 (rounded down, as PIL does).
std::uint8_t under_mask(std::uint32_t value, std::uint32_t mask) {
    if (mask == 0) {
        return 0;
    }
    unsigned shift = 0;
    while (((mask >> shift) & 1U) == 0) {
        ++shift;
    }
    const std::uint64_t most = mask >> shift;
    return static_cast<std::uint8_t>(std::uint64_t{(value & mask) >> shift} * 255U / most);
}

void read_row(const Bmp& bmp, std::size_t at, std::uint8_t* rgb) {
    const std::size_t width = bmp.width;
    for (std::size_t x = 0; x < width; ++x, rgb += 3) {
        if (bmp.bits <= 8) {
            const std::size_t bit = x * bmp.bits;
            const std::uint32_t byte = bmp.number(at + bit / 8, 1);
            const std::uint32_t index = (byte >> (8 - bmp.bits - bit % 8)) & ((1U << bmp.bits) - 1U);
            std::copy(bmp.palette[index].begin(), bmp.palette[index].end(), rgb);
            continue;
        }
        const std::size_t size = bmp.bits / 8;
        const std::uint32_t pixel = bmp.number(at + x * size, size);
        for (std::size_t channel = 0; channel < 3; ++channel) {
            rgb[channel] = bmp.masks[0] != 0 ? under_mask(pixel, bmp.masks[channel])
                                             : static_cast<std::uint8_t>(pixel >> (8 * (2 - channel)));
        }
    }
}

}  // namespace

Stored decode_bmp(Bytes bytes, const std::string& name) {
    Bmp bmp(bytes, name);
    read_header(bmp);
    check_kind(bmp);
    Stored stored;
    stored.image = allocate(bmp.width, bmp.height, name);
    read_palette(bmp);
    std::vector<std::uint8_t> indices;
    if (bmp.compression == kRle8 || bmp.compression == kRle4) {
        if (bmp.pixels_at > bytes.size()) {
            refuse_truncated(name, "BMP");
        }
        indices = expand_runs(bytes.subspan(bmp.pixels_at), bmp.width, bmp.height, bmp.bits == 4);
        if (indices.empty()) {
            refuse_truncated(name, "BMP");
        }
    }
    const std::size_t stride = (bmp.width * bmp.bits + 31) / 32 * 4;
    for (std::uint64_t row = 0; row < bmp.height; ++row) {
        const std::uint64_t y = bmp.top_down ? row : bmp.height - 1 - row;
        std::uint8_t* rgb = stored.image.pixels.data() + y * bmp.width * 3;
        if (indices.empty()) {
            read_row(bmp, bmp.pixels_at + row * stride, rgb);
            continue;
        }
        for (std::uint64_t x = 0; x < bmp.width; ++x, rgb += 3) {
            const auto& color = bmp.palette[indices[row * bmp.width + x]];
            std::copy(color.begin(), color.end(), rgb);
        }
    }
    if (bmp.has_alpha) {
        stored.notes.emplace_back(kAlphaDropped);
    }
    return stored;
}

}  // namespace pellucid::input
