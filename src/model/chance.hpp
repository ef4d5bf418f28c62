#pragma once

#include "model/score_form.hpp"

namespace pellucid::model {

/// Whether an answer tells next to nothing: its entropy, mean over the positions, is above 99 % of the greatest there is.
/// Of two classes that is a top probability below 0.56, of seven one of about 0.22 beside equal others. What probabilities
/// of exclusive classes leave to one is taken as one class more.
/// @param independent  each class is a yes or no of its own (a sigmoid's)
[[nodiscard]] bool is_chance(const Row& probabilities, bool independent);

/// The same of an output as the model answers it; never of one that is no classification.
[[nodiscard]] bool is_chance(const Model::Impl& impl, std::size_t output, const Logits& logits);

/// What is then said: with the answers, and in the notes of each explanation.
inline constexpr const char* kChanceWarning =
    "the model is no surer than chance; is the input prepared as the model expects (see its card)?";

}  // namespace pellucid::model
