#pragma once

#include <array>
#include <string>
#include <vector>

#include "pellucid/card.hpp"
#include "pellucid/image.hpp"

namespace pellucid::input {

/// A picture brought to the network's size.
struct FittedPicture {
    Image image;                            ///< RGB, or one channel where the card says gray
    std::array<double, 4> field{0, 0, 0, 0};///< as Input::field
    std::vector<std::string> notes;
};

/// Colour, size and fit as the card says. `crop` does what torchvision's Resize(size / ratio) and CenterCrop(size) do;
/// `pad` keeps the proportions and centres the picture on black.
/// Throws Error(kUsage) on a kernel or fit that is not known, or a card without a size.
[[nodiscard]] FittedPicture fit_picture(const Image& picture, const InputCard& card);

/// PIL's convert("L"): ITU-R 601 luma in 16-bit fixed point.
[[nodiscard]] Image to_gray(const Image& picture);

}  // namespace pellucid::input
