#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace pellucid {

/// Which score of the answer is explained.
enum class Score { kDefault, kLogit, kProbability, kLogProbability };

/// A scalar of the network's answer, not yet resolved against a model and an input.
struct Target {
    enum class Kind {
        kTop,        ///< the `count` most likely classes: one target each
        kClass,      ///< a class by index or label (`text`)
        kMargin,     ///< score of class `text` minus score of class `other`
        kMask,       ///< sum of a dense output under a mask: a .npy or picture file (`text`)
        kReduction,  ///< OUTPUT[0,:,5].sum, .max or .mean (`text`)
    };
    Kind kind = Kind::kTop;
    int count = 1;
    std::string text, other;
    /// What stood there before it was split at commas or at a hyphen: labels may hold both, and win where one fits.
    std::string whole{};
    bool quoted = false;  ///< `text` is a label, even where it reads like an index

    static Target top(int count = 1) { return {Kind::kTop, count, {}, {}, {}, false}; }
    static Target index(std::int64_t index) { return {Kind::kClass, 1, std::to_string(index), {}, {}, false}; }
    static Target label(std::string label) { return {Kind::kClass, 1, std::move(label), {}, {}, true}; }
    /// The command line's spelling: top1, top5, INDEX, LABEL, A,B, margin:A-B, mask:FILE, OUTPUT[0,:,5].sum …
    /// A comma separates several targets. Labels with commas or hyphens are found by trying the whole first; quotes ("…"
    /// or '…') keep one together whatever is in it. Throws Error(kUsage).
    static std::vector<Target> parse(std::string_view text);
};

[[nodiscard]] Score score_from_name(std::string_view name);
[[nodiscard]] std::string_view name_of(Score score);

}  // namespace pellucid
