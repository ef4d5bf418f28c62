#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace pellucid::model {

/// The classes that a target may name.
struct ClassNames {
    std::span<const std::string> labels;   ///< may be empty
    std::int64_t classes = 0;
};

/// The class that `text` names: an index, "class 2" where there are no labels, a label (exactly, then whatever its case, then by its beginning, then by one of
/// its words; the last two only where one label fits, and with a note).
/// @param quoted  `text` is no index
/// Throws Error(kUsage): out of range with the range, unknown with the near label, several with their indices.
[[nodiscard]] std::int64_t find_class(const ClassNames& names, const std::string& text, bool quoted,
                                      std::vector<std::string>& notes);

/// Whether a label equals `text` but for case.
[[nodiscard]] bool is_label(const ClassNames& names, const std::string& text);

/// The two classes of "A-B", split at the hyphen on whose sides stand labels (exact ones first) or indices.
/// Throws Error(kUsage).
struct Pair {
    std::int64_t plus = 0, minus = 0;
};
[[nodiscard]] Pair find_pair(const ClassNames& names, const std::string& text, std::vector<std::string>& notes);

}  // namespace pellucid::model
