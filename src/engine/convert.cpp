#include "engine/convert.hpp"

#include <cmath>
#include <limits>
#include <sstream>
#include <type_traits>

#include "openvino/core/type/bfloat16.hpp"
#include "openvino/core/type/float16.hpp"

#include "pellucid/error.hpp"

namespace pellucid::engine {

namespace {

/// Calls `use` with a null pointer of the C++ type that holds `type`; false where rows cannot be of it.
template <typename Use>
bool with_storage(const ov::element::Type& type, Use&& use) {
    switch (static_cast<ov::element::Type_t>(type)) {
        case ov::element::Type_t::f32:
            use(static_cast<float*>(nullptr));
            return true;
        case ov::element::Type_t::f64:
            use(static_cast<double*>(nullptr));
            return true;
        case ov::element::Type_t::f16:
            use(static_cast<ov::float16*>(nullptr));
            return true;
        case ov::element::Type_t::bf16:
            use(static_cast<ov::bfloat16*>(nullptr));
            return true;
        case ov::element::Type_t::i8:
            use(static_cast<std::int8_t*>(nullptr));
            return true;
        case ov::element::Type_t::i16:
            use(static_cast<std::int16_t*>(nullptr));
            return true;
        case ov::element::Type_t::i32:
            use(static_cast<std::int32_t*>(nullptr));
            return true;
        case ov::element::Type_t::i64:
            use(static_cast<std::int64_t*>(nullptr));
            return true;
        case ov::element::Type_t::u8:
            use(static_cast<std::uint8_t*>(nullptr));
            return true;
        case ov::element::Type_t::u16:
            use(static_cast<std::uint16_t*>(nullptr));
            return true;
        case ov::element::Type_t::u32:
            use(static_cast<std::uint32_t*>(nullptr));
            return true;
        case ov::element::Type_t::u64:
            use(static_cast<std::uint64_t*>(nullptr));
            return true;
        case ov::element::Type_t::boolean:
            use(static_cast<bool*>(nullptr));
            return true;
        default:
            return false;
    }
}

template <typename T>
T from_float(float value, const std::string& what) {
    if constexpr (std::is_same_v<T, bool>) {
        return value != 0.0F;
    } else if constexpr (std::is_integral_v<T>) {
        const double rounded = std::nearbyint(double{value});
        // The bound above is exclusive: 2^63 is a double, 2^63 - 1 is none.
        const double lowest = static_cast<double>(std::numeric_limits<T>::min());
        const double beyond = std::ldexp(1.0, std::numeric_limits<T>::digits);
        if (!(rounded >= lowest && rounded < beyond)) {
            std::ostringstream text;
            text << value;
            throw Error(ErrorCode::kUnsupported, what + " takes integers and cannot hold " + text.str(),
                        "give values in its range");
        }
        return static_cast<T>(rounded);
    } else {
        return static_cast<T>(value);
    }
}

}  // namespace

bool convertible(const ov::element::Type& type) {
    return with_storage(type, [](auto*) {});
}

void from_floats(std::span<const float> values, const ov::element::Type& type, void* into, const std::string& what) {
    with_storage(type, [&](auto* storage) {
        using T = std::remove_pointer_t<decltype(storage)>;
        auto* target = static_cast<T*>(into);
        for (const float value : values) {
            *target++ = from_float<T>(value, what);
        }
    });
}

void to_floats(const void* from, const ov::element::Type& type, std::span<float> values) {
    with_storage(type, [&](auto* storage) {
        using T = std::remove_pointer_t<decltype(storage)>;
        const auto* source = static_cast<const T*>(from);
        for (float& value : values) {
            value = static_cast<float>(*source++);
        }
    });
}

}  // namespace pellucid::engine
