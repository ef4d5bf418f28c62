#include "input/npy_type.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstdint>
#include <cstring>

#include "core/npy_header.hpp"

namespace pellucid::input {

namespace {

using Item = std::array<std::byte, 8>;   // little-endian, filled up with zeros

/// The header, and where the values begin.
std::pair<core::NpyHeader, std::size_t> header_of(std::span<const std::byte> bytes, const std::string& name) {
    const std::size_t length_bytes = bytes[6] == std::byte{1} ? 2 : 4;
    std::size_t length = 0;
    for (std::size_t byte = 0; byte < length_bytes; ++byte) {
        length |= std::to_integer<std::size_t>(bytes[8 + byte]) << (8 * byte);
    }
    const std::string_view text(reinterpret_cast<const char*>(bytes.data()) + 8 + length_bytes, length);
    return {core::parse_npy_header(text, name), 8 + length_bytes + length};
}

std::string type_name(const core::NpyHeader& header) {
    const std::string kind = header.kind == 'f' ? "float" : header.kind == 'u' ? "uint" : "int";
    return header.kind == 'b' ? "bool" : kind + std::to_string(8 * header.item_size);
}

bool is_exact(const Item& item, char kind) {
    if (kind == 'f') {
        const auto value = std::bit_cast<double>(item);
        return double{static_cast<float>(value)} == value;
    }
    constexpr std::int64_t kMost = 1LL << 24;   // from there on float32 leaves whole numbers out
    const auto value = std::bit_cast<std::int64_t>(item);
    return value <= kMost && (value >= -kMost && (kind == 'i' || value >= 0));
}

Item item_at(const std::byte* from, const core::NpyHeader& header) {
    Item item{};
    std::memcpy(item.data(), from, header.item_size);
    const auto end = item.begin() + static_cast<std::ptrdiff_t>(header.item_size);
    if (header.big_endian) {
        std::reverse(item.begin(), end);
    }
    if (header.kind == 'i' && (end[-1] & std::byte{0x80}) != std::byte{0}) {
        std::fill(end, item.end(), std::byte{0xff});
    }
    return item;
}

}  // namespace

void note_conversion(std::span<const std::byte> bytes, const std::string& name, std::vector<std::string>& notes) {
    const auto [header, begin] = header_of(bytes, name);
    if (header.kind == 'f' && header.item_size <= 4) {
        return;
    }
    bool exact = true;
    for (std::size_t at = begin; exact && at < bytes.size(); at += header.item_size) {
        exact = header.kind == 'b' || is_exact(item_at(bytes.data() + at, header), header.kind);
    }
    notes.push_back("the array's " + type_name(header) + " values became float32, " +
                    (exact ? "exactly" : "rounded to seven digits") +
                    (header.kind == 'f' ? "" : "; they are taken as they are, nothing is scaled"));
}

}  // namespace pellucid::input
