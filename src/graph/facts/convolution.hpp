#pragma once

#include <cstdint>
#include <optional>

#include "openvino/core/coordinate_diff.hpp"
#include "openvino/core/shape.hpp"
#include "openvino/core/strides.hpp"

#include "graph/tape.hpp"

namespace pellucid::graph::facts {

/// How a window walks, per spatial axis. Pads are explicit: automatic ones are resolved.
struct Walk {
    ov::Strides strides, dilations;
    ov::CoordinateDiff begin, end;
    ov::Shape kernel;
    bool grouped = false;
    [[nodiscard]] std::size_t axes() const { return strides.size(); }
    /// Extent of the kernel with its holes.
    [[nodiscard]] std::int64_t reach(std::size_t axis) const {
        return static_cast<std::int64_t>(dilations[axis] * (kernel[axis] - 1) + 1);
    }
};

/// `index` of a row-major array of these extents, as one index an axis.
[[nodiscard]] std::vector<std::size_t> places_of(std::size_t index, const ov::Shape& extents);

/// What the adjoint of a convolution in its data reads, and whose shape it has.
struct ConvolutionParts {
    Value g, w, x;
};

/// That adjoint as a convolution without a stride, where this is the quicker: each of the s x s places between two windows
/// gets channels of its own, which are then laid out side by side (a sub-pixel convolution, [shi2016]). Transposed
/// convolutions work on 16 channels at once, of which the three of a picture fill a fifth; s * s times as many fill them
/// better. Null where it does not pay, or where weights or sizes are not known beforehand.
[[nodiscard]] std::optional<Cotangent> by_subpixels(const Walk& walk, Tape& tape, const ConvolutionParts& parts);

}  // namespace pellucid::graph::facts
