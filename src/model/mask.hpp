#pragma once

#include <optional>
#include <string>
#include <vector>

#include "model/score_form.hpp"

namespace pellucid::model {

/// "FILE", "FILE@CLASS": what a mask target names.
struct MaskName {
    std::string file, class_name;
};
/// A file whose name holds an @ is found by trying the whole first.
[[nodiscard]] MaskName mask_name(const std::string& text);

/// What a mask is held against.
struct Masked {
    const Row& row;
    std::string output;                    ///< for messages: "'y' [21, 64, 64]"
    std::optional<std::int64_t> index;     ///< the class whose map is masked
};

/// The weights of a mask over a row of scores: of `index`, or of all where the mask has the row's shape or the row one class.
/// A .npy must have the shape of the output or of its positions (axes of extent 1 in front aside); a picture is read by
/// `reader` at the size of the positions.
/// Throws Error(kUsage): another shape, a class missing, nothing inside; Error(kUnreadable) for what cannot be read.
[[nodiscard]] Array mask_weights(const std::string& file, const Masked& masked, const Input& input, MaskReader reader,
                                 std::vector<std::string>& notes);

}  // namespace pellucid::model
