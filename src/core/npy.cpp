#include "core/npy.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <limits>

#include "core/files.hpp"
#include "core/npy_header.hpp"
#include "pellucid/error.hpp"

namespace pellucid::core {

namespace {

static_assert(std::endian::native == std::endian::little, "values are written as they lie in memory");

constexpr std::string_view kMagic = "\x93NUMPY";

[[noreturn]] void fail(const std::string& origin, const std::string& why) {
    throw Error(ErrorCode::kUnreadable, "cannot read '" + origin + "' as a NumPy array: " + why,
                "save it again with numpy.save");
}

float from_half(std::uint16_t bits) {
    const int exponent = (bits >> 10U) & 31;
    const int mantissa = bits & 1023;
    const float sign = (bits >> 15U) != 0 ? -1.0F : 1.0F;
    if (exponent == 31) {
        return mantissa != 0 ? std::numeric_limits<float>::quiet_NaN() : sign * std::numeric_limits<float>::infinity();
    }
    const int significand = exponent == 0 ? mantissa : mantissa + 1024;
    return sign * std::ldexp(static_cast<float>(significand), std::max(exponent, 1) - 25);
}

template <typename T>
float to_float(const std::byte* bytes, bool swap) {
    std::array<std::byte, sizeof(T)> raw;
    std::memcpy(raw.data(), bytes, sizeof(T));
    if (swap) {
        std::reverse(raw.begin(), raw.end());
    }
    return static_cast<float>(std::bit_cast<T>(raw));
}

float half_to_float(const std::byte* bytes, bool swap) {
    const auto low = std::to_integer<unsigned>(bytes[swap ? 1 : 0]);
    const auto high = std::to_integer<unsigned>(bytes[swap ? 0 : 1]);
    return from_half(static_cast<std::uint16_t>(low | (high << 8U)));
}

float bool_to_float(const std::byte* bytes, bool /*swap*/) { return *bytes != std::byte{0} ? 1.0F : 0.0F; }

using Converter = float (*)(const std::byte*, bool);

Converter converter_of(const NpyHeader& header) {
    switch (header.kind) {
        case 'b':
            return &bool_to_float;
        case 'f':
            return header.item_size == 2 ? &half_to_float
                                         : (header.item_size == 4 ? &to_float<float> : &to_float<double>);
        case 'u':
            switch (header.item_size) {
                case 1:
                    return &to_float<std::uint8_t>;
                case 2:
                    return &to_float<std::uint16_t>;
                case 4:
                    return &to_float<std::uint32_t>;
                default:
                    return &to_float<std::uint64_t>;
            }
        default:
            switch (header.item_size) {
                case 1:
                    return &to_float<std::int8_t>;
                case 2:
                    return &to_float<std::int16_t>;
                case 4:
                    return &to_float<std::int32_t>;
                default:
                    return &to_float<std::int64_t>;
            }
    }
}

/// From Fortran order (first axis fastest) to C order: walks the file's order and keeps the C offset beside it.
std::vector<float> transposed(const std::vector<float>& values, const Shape& shape) {
    std::vector<std::size_t> stride(shape.size(), 1);
    for (std::size_t axis = shape.size(); axis-- > 1;) {
        stride[axis - 1] = stride[axis] * static_cast<std::size_t>(shape[axis]);
    }
    std::vector<float> result(values.size());
    std::vector<std::int64_t> index(shape.size(), 0);
    std::size_t offset = 0;
    for (const float value : values) {
        result[offset] = value;
        for (std::size_t axis = 0; axis < shape.size(); ++axis) {
            offset += stride[axis];
            if (++index[axis] < shape[axis]) {
                break;
            }
            offset -= stride[axis] * static_cast<std::size_t>(shape[axis]);
            index[axis] = 0;
        }
    }
    return result;
}

struct Split {
    std::string_view header;
    std::span<const std::byte> values;
};

Split split(std::span<const std::byte> bytes, const std::string& origin) {
    const std::string_view text(reinterpret_cast<const char*>(bytes.data()), bytes.size());
    if (text.substr(0, kMagic.size()) != kMagic) {
        fail(origin, "it does not begin as one");
    }
    if (text.size() < 10) {
        fail(origin, "it is truncated");
    }
    const auto version = std::to_integer<int>(bytes[6]);
    if (version < 1 || version > 3) {
        fail(origin, "its format version " + std::to_string(version) + " is not known");
    }
    const std::size_t length_bytes = version == 1 ? 2 : 4;
    std::size_t length = 0;
    for (std::size_t byte = 0; byte < length_bytes && 8 + byte < bytes.size(); ++byte) {
        length |= std::to_integer<std::size_t>(bytes[8 + byte]) << (8 * byte);
    }
    const std::size_t start = 8 + length_bytes;
    if (bytes.size() < start || length > bytes.size() - start) {
        fail(origin, "it is truncated");
    }
    return {text.substr(start, length), bytes.subspan(start + length)};
}

std::size_t count_of(const NpyHeader& header, const std::string& origin) {
    try {
        return element_count(header.shape);
    } catch (const Error&) {
        fail(origin, "its shape " + to_string(header.shape) + " is too large to hold");
    }
}

}  // namespace

Array parse_npy(std::span<const std::byte> bytes, const std::string& origin) {
    const Split parts = split(bytes, origin);
    const NpyHeader header = parse_npy_header(parts.header, origin);
    const std::size_t count = count_of(header, origin);
    // Compared before anything is allocated: a header may promise any size.
    if (parts.values.size() / header.item_size < count) {
        fail(origin, "it is truncated: shape " + to_string(header.shape) + " needs " +
                         std::to_string(count * header.item_size) + " bytes, it has " +
                         std::to_string(parts.values.size()));
    }
    if (parts.values.size() != count * header.item_size) {
        fail(origin, "it goes on after its last value");
    }
    std::vector<float> values(count);
    const Converter convert = converter_of(header);
    for (std::size_t at = 0; at < count; ++at) {
        values[at] = convert(parts.values.data() + at * header.item_size, header.big_endian);
    }
    return {header.shape, header.fortran_order ? transposed(values, header.shape) : std::move(values)};
}

std::vector<std::byte> npy_bytes(const std::string& dtype, const Shape& shape, std::span<const std::byte> values) {
    std::string header = "{'descr': '" + dtype + "', 'fortran_order': False, 'shape': (";
    for (std::size_t axis = 0; axis < shape.size(); ++axis) {
        header += std::to_string(shape[axis]) + (axis + 1 < shape.size() ? ", " : (axis == 0 ? "," : ""));
    }
    header += "), }";
    constexpr std::size_t kPreamble = 10, kAlignment = 64;
    header.append(kAlignment - 1 - (kPreamble + header.size()) % kAlignment, ' ');
    header += '\n';
    std::string head(kMagic);
    head += {'\x01', '\x00', static_cast<char>(header.size() & 255U), static_cast<char>(header.size() >> 8U)};
    head += header;
    std::vector<std::byte> bytes(head.size() + values.size());
    std::memcpy(bytes.data(), head.data(), head.size());
    std::copy(values.begin(), values.end(), bytes.begin() + static_cast<std::ptrdiff_t>(head.size()));
    return bytes;
}

void write_npy(const std::filesystem::path& path, const Array& array) {
    write_whole(path, npy_bytes("<f4", array.shape(), std::as_bytes(array.values())));
}

void write_npy_int32(const std::filesystem::path& path, const Shape& shape, std::span<const std::int32_t> values) {
    if (element_count(shape) != values.size()) {
        throw Error(ErrorCode::kInternal,
                    std::to_string(values.size()) + " values do not fill the shape " + to_string(shape));
    }
    write_whole(path, npy_bytes("<i4", shape, std::as_bytes(values)));
}

Array read_npy(const std::filesystem::path& path) { return parse_npy(read_whole(path), path.string()); }

}  // namespace pellucid::core
