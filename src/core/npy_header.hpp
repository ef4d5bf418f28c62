#pragma once

#include <string>
#include <string_view>

#include "pellucid/array.hpp"

namespace pellucid::core {

/// What the dictionary at the head of an .npy file says.
struct NpyHeader {
    char kind = 0;             ///< NumPy's kind: b, i, u, f
    std::size_t item_size = 0; ///< bytes
    bool big_endian = false;
    bool fortran_order = false;
    Shape shape;
};

/// Reads the dictionary: a Python literal with exactly the keys descr, fortran_order and shape, in any order.
/// Throws Error(kUnreadable) that begins with `origin`.
[[nodiscard]] NpyHeader parse_npy_header(std::string_view text, const std::string& origin);

}  // namespace pellucid::core
