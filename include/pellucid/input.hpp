#pragma once

#include <array>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "pellucid/array.hpp"
#include "pellucid/image.hpp"
#include "pellucid/model.hpp"

namespace pellucid {

/// What is explained: one sample, as the network takes it, with the picture it came from where there was one.
struct Input {
    std::string stem;                       ///< names the output folder
    std::string source;                     ///< path, or "-" for standard input
    std::map<std::string, Array> tensors;  ///< by input name; the network's own shape, batch axis of extent 1 included
    std::optional<Image> picture;  ///< as read, upright, at its own size
    std::optional<Image> model_picture;  ///< as the network sees it, before normalisation: card's size, 8 bit
    /// Where model_picture lies in picture, in picture's pixels: x, y, width, height (the whole, unless cropped/padded).
    std::array<double, 4> field{0, 0, 0, 0};
    std::vector<std::string> notes;
};

}  // namespace pellucid
