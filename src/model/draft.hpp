#pragma once

#include <string>

#include "pellucid/card.hpp"
#include "pellucid/model.hpp"

namespace pellucid::model {

/// A card to start from, worked out from the graph and what is told here; each guess is marked in its notes.
/// @param preset  of pictures: "imagenet" (0 to 1, then ImageNet's mean and deviation; torchvision's resize to 256 and
///                centre crop of 224), "tf" (-1 to 1), "unit" (0 to 1), or "": unit, as a guess
/// @param labels  "imagenet", a file (see read_labels), or "": none
/// Throws Error(kUsage) for another preset, for one that has no pixels to scale (no picture, whole pixels), and where the number of labels is not that of the classes.
[[nodiscard]] Card draft(const Model& model, const std::string& preset, const std::string& labels);

}  // namespace pellucid::model
