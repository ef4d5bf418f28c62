#pragma once

#include <span>
#include <string>

#include "pellucid/card.hpp"

namespace pellucid::model {

/// The values that a card may name, in the order of their enumerations.
[[nodiscard]] std::span<const std::string> modality_names();
[[nodiscard]] std::span<const std::string> output_kind_names();
[[nodiscard]] std::span<const std::string> layout_names();
[[nodiscard]] std::span<const std::string> color_names();
[[nodiscard]] std::span<const std::string> resize_names();
[[nodiscard]] std::span<const std::string> fit_names();

[[nodiscard]] const std::string& name_of(Modality modality);
[[nodiscard]] const std::string& name_of(OutputKind kind);

/// Channels of a picture as the card says them: 1 for gray, else 3.
[[nodiscard]] inline std::size_t channels_of(const InputCard& card) { return card.color == "gray" ? 1 : 3; }

}  // namespace pellucid::model
