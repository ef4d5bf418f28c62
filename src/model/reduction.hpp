#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "pellucid/array.hpp"

namespace pellucid::model {

/// One index of OUTPUT[…]: a position, or a range as NumPy writes it.
struct Slice {
    bool single = false;                       ///< then `start` is the position
    std::optional<std::int64_t> start, stop;
    std::int64_t step = 1;
};

/// OUTPUT[0,:,5].sum
struct Reduction {
    enum class How { kSum, kMean, kMax, kElement };
    std::string output;                        ///< a name; "OUTPUT": the usual one
    std::vector<Slice> before, after;          ///< indices before and after "..."
    bool ellipsis = false;
    How how = How::kElement;                   ///< kElement: none was given, and one element must be selected
};

/// Throws Error(kUsage) that shows the form.
[[nodiscard]] Reduction parse_reduction(const std::string& text);

/// 1 for the entries of a tensor that are selected, 0 for the others. Axes without an index are taken whole.
/// Throws Error(kUsage): more indices than axes, a position out of range, nothing selected.
/// @param text  what the user wrote, for messages
[[nodiscard]] Array selection(const Reduction& reduction, const Shape& shape, const std::string& text);

}  // namespace pellucid::model
