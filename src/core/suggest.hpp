#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace pellucid::core {

/// The candidate nearest to `word` by edit distance (case-insensitive), or "" when none is near enough to be meant.
[[nodiscard]] std::string nearest(std::string_view word, std::span<const std::string> candidates);

/// "did you mean 'grad-cam'?" or, where nothing is near, "one of: a, b, c" (at most `most` of them).
[[nodiscard]] std::string did_you_mean(std::string_view word, std::span<const std::string> candidates,
                                       std::size_t most = 12);

}  // namespace pellucid::core
