#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "pellucid/methods.hpp"

namespace pellucid::explain {

/// What goes into a model or a black-box program.
struct InputSpace {
    std::vector<TensorInfo> inputs;
    Card card;
};
/// Of the request's model, or of its predictor (one input, "input", with the request's card).
[[nodiscard]] InputSpace space_of(const Request& request);

/// Where the axes of a picture lie in a network's input tensor, the batch axis counted.
struct PictureAxes {
    int channel = -1;   ///< -1: the tensor has no channel axis
    int height = 0, width = 0;
};

/// The card of input `index`, or null when it has none.
[[nodiscard]] const InputCard* card_of(const InputSpace& space, std::size_t index);

/// From the card's layout; nothing where the input is no picture.
[[nodiscard]] std::optional<PictureAxes> picture_axes(const InputSpace& space, std::size_t index);

/// Row-major strides of a shape, in elements.
[[nodiscard]] std::vector<std::int64_t> strides_of(const Shape& shape);

}  // namespace pellucid::explain
