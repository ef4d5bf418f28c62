#include <algorithm>
#include <array>
#include <cstring>
#include <optional>

#include <webp/decode.h>

#include "input/decode/formats.hpp"
#include "input/decode/orientation.hpp"

namespace pellucid::input {
namespace {

std::uint32_t little(Bytes bytes, std::size_t offset, std::size_t size) {
    std::uint32_t value = 0;
    for (std::size_t i = 0; i < size; ++i) {
        value |= std::to_integer<std::uint32_t>(bytes[offset + i]) << (8 * i);
    }
    return value;
}

/// The first chunk of that name in a list of RIFF chunks, header included.
std::optional<Bytes> find_chunk(Bytes list, const char* name) {
    while (list.size() >= 8) {
        const std::size_t size = std::size_t{8} + little(list, 4, 4);
        if (std::memcmp(list.data(), name, 4) == 0) {
            return size <= list.size() ? std::optional(list.first(size)) : std::nullopt;
        }
        list = list.subspan(std::min(list.size(), size + (size & 1U)));
    }
    return std::nullopt;
}

const std::uint8_t* data_of(Bytes bytes) { return reinterpret_cast<const std::uint8_t*>(bytes.data()); }

/// Decodes one still picture into `image`, with its upper left corner at (left, top).
void decode_still(Bytes bytes, Image& image, const std::array<std::uint32_t, 2>& corner, const std::string& name) {
    const int stride = image.width * 3;
    const std::size_t offset = (std::size_t{corner[1]} * static_cast<std::size_t>(image.width) + corner[0]) * 3;
    if (WebPDecodeRGBInto(data_of(bytes), bytes.size(), image.pixels.data() + offset, image.pixels.size() - offset,
                          stride) == nullptr) {
        refuse_truncated(name, "WebP");
    }
}

/// The first frame on a black canvas. Its alpha is a chunk of its own (or part of VP8L), and is not read.
void decode_first_frame(Bytes chunks, Image& image, const std::string& name) {
    const auto frame = find_chunk(chunks, "ANMF");
    if (!frame || frame->size() < 24) {
        refuse_truncated(name, "WebP");
    }
    const std::array<std::uint32_t, 2> corner{little(*frame, 8, 3) * 2, little(*frame, 11, 3) * 2};
    const Bytes parts = frame->subspan(24);
    const auto lossy = find_chunk(parts, "VP8 ");
    const auto still = lossy ? lossy : find_chunk(parts, "VP8L");
    WebPBitstreamFeatures features;
    if (!still || WebPGetFeatures(data_of(*still), still->size(), &features) != VP8_STATUS_OK ||
        corner[0] + static_cast<std::uint64_t>(features.width) > static_cast<std::uint64_t>(image.width) ||
        corner[1] + static_cast<std::uint64_t>(features.height) > static_cast<std::uint64_t>(image.height)) {
        refuse_truncated(name, "WebP");
    }
    decode_still(*still, image, corner, name);
}

}  // namespace

Stored decode_webp(Bytes bytes, const std::string& name) {
    WebPBitstreamFeatures features;
    // Less than what the RIFF header promises may still hold a first frame: it is refused all the same.
    if (WebPGetFeatures(data_of(bytes), bytes.size(), &features) != VP8_STATUS_OK ||
        std::uint64_t{little(bytes, 4, 4)} + 8 > bytes.size()) {
        refuse_truncated(name, "WebP");
    }
    Stored stored;
    stored.image =
        allocate(static_cast<std::uint64_t>(features.width), static_cast<std::uint64_t>(features.height), name);
    const Bytes chunks = bytes.subspan(12);
    if (features.has_animation != 0) {
        decode_first_frame(chunks, stored.image, name);
        stored.notes.emplace_back(kFirstFrame);
    } else {
        decode_still(bytes, stored.image, {0, 0}, name);
    }
    if (const auto exif = find_chunk(chunks, "EXIF")) {
        stored.orientation = exif_orientation(exif->subspan(8));
    }
    if (features.has_alpha != 0) {
        stored.notes.emplace_back(kAlphaDropped);
    }
    return stored;
}

}  // namespace pellucid::input
