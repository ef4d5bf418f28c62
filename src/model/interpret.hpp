#pragma once

#include <optional>
#include <string>
#include <vector>

#include "openvino/core/model.hpp"

#include "pellucid/card.hpp"
#include "pellucid/model.hpp"

namespace pellucid::model {

/// Inputs and outputs by the names that users see. Extents are -1 where dynamic.
[[nodiscard]] std::vector<TensorInfo> inputs_of(const ov::Model& network);
[[nodiscard]] std::vector<TensorInfo> outputs_of(const ov::Model& network);

/// Whether `value`, where no one activation ends the graph, is probabilities (or their logarithm) all the same: made of
/// several softmaxes or sigmoids.
[[nodiscard]] std::optional<OutputKind> made_in_graph(const ov::Output<ov::Node>& value);

/// What an input was taken for. How its pixels are scaled stands apart, for who knows that better.
struct InputNote {
    std::string what, scaling, open_size;
    [[nodiscard]] std::string all() const { return what + scaling + open_size; }
};

/// A card worked out from the graph alone: an entry for each input and output, in their order.
struct Interpretation {
    Card card;
    std::vector<InputNote> input_notes;
    std::vector<std::string> output_notes;
    std::vector<bool> kind_guessed;   ///< for each output: nothing in the graph tells its kind
};
[[nodiscard]] Interpretation interpret(const ov::Model& network);

/// A given card, filled up from the graph where it is silent, in the network's order.
/// Throws Error(kUnreadable) where it contradicts the graph: names, sizes, channels, the number of labels.
/// @param notes  what was filled in
[[nodiscard]] Card complete(const Card& given, const Interpretation& found, const ov::Model& network,
                            const std::string& origin, std::vector<std::string>& notes);

}  // namespace pellucid::model
