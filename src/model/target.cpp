#include "pellucid/target.hpp"

#include <algorithm>
#include <array>
#include <cctype>

#include "core/suggest.hpp"
#include "model/target_text.hpp"
#include "pellucid/error.hpp"

namespace pellucid {

namespace model {

std::string trimmed(std::string_view text) {
    while (!text.empty() && std::isspace(static_cast<unsigned char>(text.front())) != 0) {
        text.remove_prefix(1);
    }
    while (!text.empty() && std::isspace(static_cast<unsigned char>(text.back())) != 0) {
        text.remove_suffix(1);
    }
    return std::string(text);
}

std::vector<std::size_t> split_points(std::string_view text, char separator) {
    std::vector<std::size_t> points;
    char quote = 0;
    int depth = 0;
    bool fresh = true;   // at the beginning of an item, where a quote may open
    for (std::size_t at = 0; at < text.size(); ++at) {
        const char letter = text[at];
        if (quote != 0) {
            quote = letter == quote ? '\0' : quote;
            continue;
        }
        if (fresh && (letter == '"' || letter == '\'')) {
            quote = letter;
        } else if (letter == '[') {
            ++depth;
        } else if (letter == ']') {
            --depth;
        } else if (letter == separator && depth <= 0) {
            points.push_back(at);
        }
        fresh = letter == separator || letter == ':' || letter == '-' || (fresh && letter == ' ');
    }
    return points;
}

bool is_index(std::string_view text) {
    return !text.empty() && text.size() < 10 &&
           std::all_of(text.begin(), text.end(), [](unsigned char letter) { return std::isdigit(letter) != 0; });
}

bool unquote(std::string& text) {
    if (text.size() < 2 || (text.front() != '"' && text.front() != '\'') || text.back() != text.front()) {
        return false;
    }
    text = text.substr(1, text.size() - 2);
    return true;
}

namespace {

[[noreturn]] void refuse(const std::string& text, const std::string& why) {
    throw Error(ErrorCode::kUsage, "target '" + text + "': " + why,
                "give top1, top5, a class by index or label, A,B, margin:A-B, mask:FILE or OUTPUT[0,:,5].sum");
}

/// "topK" -> K; 0 for anything else.
int top_count(const std::string& text) {
    const std::string_view digits = std::string_view(text).substr(std::min<std::size_t>(3, text.size()));
    if (text.rfind("top", 0) != 0 || !is_index(digits)) {
        return 0;
    }
    const int count = std::stoi(std::string(digits));
    if (count == 0) {
        refuse(text, "there is nothing to explain");
    }
    return count;
}

Target margin(const std::string& text, const std::string& item) {
    Target target;
    target.kind = Target::Kind::kMargin;
    const std::vector<std::size_t> points = split_points(text, '-');
    if (points.empty()) {
        refuse(item, "a margin is between two classes");
    }
    target.text = trimmed(std::string_view(text).substr(0, points.front()));
    target.other = trimmed(std::string_view(text).substr(points.front() + 1));
    if (target.text.empty() || target.other.empty()) {
        refuse(item, "a margin is between two classes");
    }
    target.whole = text;
    return target;
}

Target parse_item(const std::string& item) {
    Target target;
    if (const int count = top_count(item); count > 0) {
        return Target::top(count);
    }
    if (item.rfind("margin:", 0) == 0) {
        return margin(trimmed(std::string_view(item).substr(7)), item);
    }
    target.text = item;
    if (item.rfind("mask:", 0) == 0) {
        target.kind = Target::Kind::kMask;
        target.text = trimmed(std::string_view(item).substr(5));
        target.quoted = unquote(target.text);
    } else if (const auto open = item.find('['); open != std::string::npos && item.front() != '"' &&
                                                 item.front() != '\'' && item.find(']', open) != std::string::npos) {
        target.kind = Target::Kind::kReduction;
    } else {
        target.kind = Target::Kind::kClass;
        target.quoted = unquote(target.text);
    }
    if (target.text.empty()) {
        refuse(item, "it names nothing");
    }
    return target;
}

}  // namespace
}  // namespace model

std::vector<Target> Target::parse(std::string_view text) {
    const std::string whole = model::trimmed(text);
    std::vector<Target> targets;
    std::size_t begin = 0;
    std::vector<std::size_t> points = model::split_points(whole, ',');
    points.push_back(whole.size());
    for (const std::size_t end : points) {
        const std::string item = model::trimmed(std::string_view(whole).substr(begin, end - begin));
        if (item.empty()) {
            model::refuse(whole, "it names nothing");
        }
        targets.push_back(model::parse_item(item));
        begin = end + 1;
    }
    const bool all_classes =
        std::all_of(targets.begin(), targets.end(), [](const Target& target) { return target.kind == Kind::kClass; });
    for (Target& target : targets) {
        if (targets.size() > 1 && all_classes) {
            target.whole = whole;
        }
    }
    return targets;
}

namespace {
const std::vector<std::string> kScores{"default", "logit", "probability", "log-probability"};
}

Score score_from_name(std::string_view name) {
    const auto found = std::find(kScores.begin(), kScores.end(), name);
    if (found == kScores.end()) {
        throw Error(ErrorCode::kUsage, "unknown score '" + std::string(name) + "'", core::did_you_mean(name, kScores));
    }
    return static_cast<Score>(found - kScores.begin());
}

std::string_view name_of(Score score) { return kScores.at(static_cast<std::size_t>(score)); }

}  // namespace pellucid
