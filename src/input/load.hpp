#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "pellucid/input.hpp"
#include "pellucid/model.hpp"

namespace pellucid::input {

/// Who takes the input: a model, or a program with a card of its own.
struct Taker {
    const std::vector<TensorInfo>& inputs;
    const Card& card;
};

/// Reads one input of the command line for a model: by extension, or as `as` says (image, npy, text, csv; "-" is standard
/// input). Pictures go through the card's preprocessing; .npy and .npz are taken exactly as they are.
/// Throws Error(kUnreadable) for what cannot be read, wrong rank, shape, NaN or zero size; Error(kUnsupported) for a
/// modality that the model's card does not take.
[[nodiscard]] Input load(const Taker& taker, const std::string& source, const std::string& as = {});
[[nodiscard]] Input load(const Model& model, const std::string& source, const std::string& as = {});

/// The card's preprocessing of one picture, from `model_picture` (already at the network's size) to the network's tensor.
[[nodiscard]] Array normalise(const Image& model_picture, const InputCard& card);

/// A colour in the picture's units (0–255 per channel) as the network's values, one per channel of the tensor.
[[nodiscard]] std::vector<float> fill_value(const InputCard& card, double value);

}  // namespace pellucid::input
