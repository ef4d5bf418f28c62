#include "core/suggest.hpp"

#include <algorithm>
#include <cctype>
#include <numeric>

namespace pellucid::core {

namespace {

std::string lower(std::string_view word) {
    std::string text(word);
    std::transform(text.begin(), text.end(), text.begin(),
                   [](unsigned char letter) { return static_cast<char>(std::tolower(letter)); });
    return text;
}

/// Edits (insert, delete, replace, swap of neighbours) from a to b: optimal string alignment.
std::size_t edits(const std::string& a, const std::string& b) {
    std::vector<std::size_t> before(b.size() + 1), last(b.size() + 1), row(b.size() + 1);
    std::iota(last.begin(), last.end(), std::size_t{0});
    for (std::size_t i = 1; i <= a.size(); ++i) {
        row[0] = i;
        for (std::size_t j = 1; j <= b.size(); ++j) {
            const std::size_t replaced = last[j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1);
            row[j] = std::min({last[j] + 1, row[j - 1] + 1, replaced});
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) {
                row[j] = std::min(row[j], before[j - 2] + 1);
            }
        }
        std::swap(before, last);
        std::swap(last, row);
    }
    return last[b.size()];
}

}  // namespace

std::string nearest(std::string_view word, std::span<const std::string> candidates) {
    const std::string wanted = lower(word);
    std::string best;
    std::size_t fewest = 0;
    for (const std::string& candidate : candidates) {
        const std::string offered = lower(candidate);
        // A word cut short counts as near: "integrated" for "integrated-gradients".
        const bool begins = wanted.size() >= 3 && offered.starts_with(wanted);
        const std::size_t distance = begins ? 1 : edits(wanted, offered);
        const std::size_t longest = std::max(wanted.size(), offered.size());
        const bool near = begins || (distance <= std::max<std::size_t>(1, longest / 3) && distance < longest);
        if (near && (best.empty() || distance < fewest)) {
            best = candidate;
            fewest = distance;
        }
    }
    return best;
}

std::string did_you_mean(std::string_view word, std::span<const std::string> candidates, std::size_t most) {
    const std::string near = nearest(word, candidates);
    if (!near.empty()) {
        return "did you mean '" + near + "'?";
    }
    std::string text = "one of: ";
    for (std::size_t at = 0; at < std::min(most, candidates.size()); ++at) {
        text += (at == 0 ? "" : ", ") + candidates[at];
    }
    return text + (candidates.size() > most ? ", …" : "");
}

}  // namespace pellucid::core
