#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace pellucid::model {

[[nodiscard]] std::string trimmed(std::string_view text);

/// Where `separator` stands outside of quotes and brackets. A quote opens at the beginning of an item only, so that labels
/// may hold an apostrophe.
[[nodiscard]] std::vector<std::size_t> split_points(std::string_view text, char separator);

/// Digits only.
[[nodiscard]] bool is_index(std::string_view text);

/// Takes the quotes off; false where there are none.
bool unquote(std::string& text);

}  // namespace pellucid::model
