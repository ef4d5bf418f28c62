#include "explain/fields.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>

#include "core/suggest.hpp"
#include "pellucid/error.hpp"

namespace pellucid::explain {

std::string number_text(double value) {
    if (value == std::floor(value) && std::abs(value) < 1e15) {
        return std::to_string(static_cast<std::int64_t>(value));
    }
    std::array<char, 32> buffer{};
    const auto end = std::to_chars(buffer.data(), buffer.data() + buffer.size(), value).ptr;
    return {buffer.data(), end};
}

void FieldList::integer(const char* name, std::int64_t& value, Range /*range*/, const char* doc) {
    fields.push_back({name, "integer", std::to_string(value), doc, {}});
}
void FieldList::number(const char* name, double& value, Range /*range*/, const char* doc) {
    fields.push_back({name, "number", number_text(value), doc, {}});
}
void FieldList::flag(const char* name, bool& value, const char* doc) {
    fields.push_back({name, "flag", value ? "true" : "false", doc, {}});
}
void FieldList::choice(const char* name, std::string& value, std::vector<std::string> choices, const char* doc) {
    fields.push_back({name, "choice", value, doc, std::move(choices)});
}
void FieldList::text(const char* name, std::string& value, const char* doc) {
    fields.push_back({name, "text", value, doc, {}});
}

const std::string* FieldParser::find(const char* name) {
    names_.emplace_back(name);
    const auto found = given_.find(name);
    return found == given_.end() ? nullptr : &found->second;
}

void FieldParser::refuse(const char* name, const std::string& text, const std::string& expected) const {
    throw Error(ErrorCode::kUsage, method_ + ": option " + name + " is '" + text + "'", "it takes " + expected);
}

double FieldParser::parse_number(const char* name, const std::string& text, Range range) const {
    double value = 0.0;
    const char* end = text.data() + text.size();
    const auto [stop, failure] = std::from_chars(text.data(), end, value);
    if (failure != std::errc{} || stop != end || !std::isfinite(value)) {
        refuse(name, text, "a number");
    }
    if (value < range.lowest || value > range.highest) {
        const bool open = range.highest == std::numeric_limits<double>::max();
        refuse(name, text,
               open ? "a number of at least " + number_text(range.lowest)
                    : "a number from " + number_text(range.lowest) + " to " + number_text(range.highest));
    }
    return value;
}

void FieldParser::integer(const char* name, std::int64_t& value, Range range, const char* /*doc*/) {
    if (const std::string* text = find(name)) {
        const double parsed = parse_number(name, *text, range);
        if (parsed != std::floor(parsed) || std::abs(parsed) > 9e15) {
            refuse(name, *text, "a whole number");
        }
        value = static_cast<std::int64_t>(parsed);
    }
}

void FieldParser::number(const char* name, double& value, Range range, const char* /*doc*/) {
    if (const std::string* text = find(name)) {
        value = parse_number(name, *text, range);
    }
}

void FieldParser::flag(const char* name, bool& value, const char* /*doc*/) {
    if (const std::string* text = find(name)) {
        static constexpr std::array kYes{"true", "yes", "on", "1"};
        static constexpr std::array kNo{"false", "no", "off", "0"};
        const bool yes = std::find(kYes.begin(), kYes.end(), *text) != kYes.end();
        if (!yes && std::find(kNo.begin(), kNo.end(), *text) == kNo.end()) {
            refuse(name, *text, "true or false");
        }
        value = yes;
    }
}

void FieldParser::choice(const char* name, std::string& value, std::vector<std::string> choices, const char* /*doc*/) {
    if (const std::string* text = find(name)) {
        if (std::find(choices.begin(), choices.end(), *text) == choices.end()) {
            throw Error(ErrorCode::kUsage, method_ + ": option " + name + " is '" + *text + "'",
                        core::did_you_mean(*text, choices));
        }
        value = *text;
    }
}

void FieldParser::text(const char* name, std::string& value, const char* /*doc*/) {
    if (const std::string* text = find(name)) {
        value = *text;
    }
}

void FieldParser::refuse_unknown() const {
    for (const auto& [name, value] : given_) {
        if (std::find(names_.begin(), names_.end(), name) == names_.end()) {
            throw Error(ErrorCode::kUsage, method_ + " has no option '" + name + "'", core::did_you_mean(name, names_));
        }
    }
}

}  // namespace pellucid::explain
