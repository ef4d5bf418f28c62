#include "model/classes.hpp"

#include <algorithm>
#include <cctype>
#include <functional>

#include "core/suggest.hpp"
#include "model/target_text.hpp"
#include "pellucid/error.hpp"

namespace pellucid::model {

namespace {

std::string lower(std::string_view text) {
    std::string result(text);
    std::transform(result.begin(), result.end(), result.begin(),
                   [](unsigned char letter) { return static_cast<char>(std::tolower(letter)); });
    return result;
}

std::string range_of(const ClassNames& names) { return "0 to " + std::to_string(names.classes - 1); }

std::vector<std::int64_t> matching(const ClassNames& names, const std::function<bool(const std::string&)>& fits) {
    std::vector<std::int64_t> found;
    for (std::size_t index = 0; index < names.labels.size(); ++index) {
        if (fits(names.labels[index])) {
            found.push_back(static_cast<std::int64_t>(index));
        }
    }
    return found;
}

bool letter_at(const std::string& text, std::size_t at) {
    return at < text.size() && std::isalnum(static_cast<unsigned char>(text[at])) != 0;
}

bool has_words(const std::string& label, const std::string& words) {
    for (std::size_t at = label.find(words); at != std::string::npos; at = label.find(words, at + 1)) {
        if ((at == 0 || !letter_at(label, at - 1)) && !letter_at(label, at + words.size())) {
            return true;
        }
    }
    return false;
}

[[noreturn]] void refuse_several(const ClassNames& names, const std::string& text,
                                 const std::vector<std::int64_t>& found) {
    constexpr std::size_t kMost = 6;
    std::string list;
    for (std::size_t at = 0; at < std::min(kMost, found.size()); ++at) {
        list += (at == 0 ? "" : ", ") + std::to_string(found[at]) + " (" +
                names.labels[static_cast<std::size_t>(found[at])] + ")";
    }
    throw Error(ErrorCode::kUsage,
                "'" + text + "' names " + std::to_string(found.size()) + " classes: " + list +
                    (found.size() > kMost ? ", …" : ""),
                "give the index, or more of the label");
}

std::int64_t only(const ClassNames& names, const std::string& text, const std::vector<std::int64_t>& found) {
    if (found.size() > 1) {
        refuse_several(names, text, found);
    }
    return found.front();
}

std::int64_t by_index(const ClassNames& names, const std::string& text, std::vector<std::string>& notes) {
    const std::int64_t index = std::stoll(text);
    if (index >= names.classes) {
        throw Error(ErrorCode::kUsage, "there is no class " + text, "the model answers classes " + range_of(names));
    }
    const auto labelled = std::find(names.labels.begin(), names.labels.end(), text);
    if (labelled != names.labels.end() && labelled - names.labels.begin() != index) {
        notes.push_back("target " + text + " is taken as an index; for the label write '\"" + text + "\"'");
    }
    return index;
}

}  // namespace

bool is_label(const ClassNames& names, const std::string& text) {
    const std::string wanted = lower(text);
    return std::any_of(names.labels.begin(), names.labels.end(),
                       [&](const std::string& label) { return lower(label) == wanted; });
}

std::int64_t find_class(const ClassNames& names, const std::string& text, bool quoted,
                        std::vector<std::string>& notes) {
    if (!quoted && is_index(text)) {
        return by_index(names, text, notes);
    }
    if (names.labels.empty()) {
        // As tables print a class that has no label.
        constexpr std::string_view kClass = "class ";
        if (const std::string shown = lower(text); !quoted && shown.starts_with(kClass)) {
            if (const std::string digits = trimmed(std::string_view(shown).substr(kClass.size())); is_index(digits)) {
                return by_index(names, digits, notes);
            }
        }
        throw Error(ErrorCode::kUsage, "class '" + text + "': the model has no labels",
                    "give an index from " + range_of(names) + ", or a card with labels");
    }
    if (auto found = matching(names, [&](const std::string& label) { return label == text; }); !found.empty()) {
        return only(names, text, found);
    }
    const std::string wanted = lower(text);
    if (auto found = matching(names, [&](const std::string& label) { return lower(label) == wanted; });
        !found.empty()) {
        return only(names, text, found);
    }
    auto found = matching(names, [&](const std::string& label) { return lower(label).starts_with(wanted); });
    if (found.empty()) {
        found = matching(names, [&](const std::string& label) { return has_words(lower(label), wanted); });
    }
    if (found.empty() || wanted.empty()) {
        throw Error(ErrorCode::kUsage, "unknown class '" + text + "'", core::did_you_mean(text, names.labels, 6));
    }
    const std::int64_t index = only(names, text, found);
    notes.push_back("target '" + text + "' is taken as class " + std::to_string(index) + ", '" +
                    names.labels[static_cast<std::size_t>(index)] + "'");
    return index;
}

Pair find_pair(const ClassNames& names, const std::string& text, std::vector<std::string>& notes) {
    const std::vector<std::size_t> points = split_points(text, '-');
    std::vector<std::pair<std::string, std::string>> splits;
    for (const std::size_t at : points) {
        splits.emplace_back(trimmed(std::string_view(text).substr(0, at)),
                            trimmed(std::string_view(text).substr(at + 1)));
    }
    const auto known = [&](std::string side) {
        const bool quoted = unquote(side);
        return (!quoted && is_index(side)) || is_label(names, side);
    };
    auto best = std::find_if(splits.begin(), splits.end(),
                             [&](const auto& split) { return known(split.first) && known(split.second); });
    if (best == splits.end()) {
        best = std::find_if(splits.begin(), splits.end(),
                            [&](const auto& split) { return known(split.first) || known(split.second); });
    }
    if (best == splits.end()) {
        best = splits.begin();
    }
    auto [plus, minus] = *best;
    const bool plus_quoted = unquote(plus), minus_quoted = unquote(minus);
    return {find_class(names, plus, plus_quoted, notes), find_class(names, minus, minus_quoted, notes)};
}

}  // namespace pellucid::model
