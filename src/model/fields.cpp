#include "model/fields.hpp"

#include <algorithm>
#include <cmath>

#include "core/suggest.hpp"
#include "pellucid/error.hpp"

namespace pellucid::model {

using nlohmann::json;

json parse_json(std::string_view text, const std::string& origin) {
    try {
        return json::parse(text);
    } catch (const json::exception& error) {
        std::string reason = error.what();
        const auto end = reason.find("] ");
        reason = end == std::string::npos ? reason : reason.substr(end + 2);
        std::replace(reason.begin(), reason.end(), '\n', ' ');
        throw Error(ErrorCode::kUnreadable, "'" + origin + "' is no JSON: " + reason);
    }
}

std::string kind_of(const json& value) {
    switch (value.type()) {
        case json::value_t::null:
            return "null";
        case json::value_t::object:
            return "an object";
        case json::value_t::array:
            return "a list";
        case json::value_t::string:
            return "a text";
        case json::value_t::boolean:
            return "true or false";
        default:
            return "a number";
    }
}

Fields::Fields(const json& object, std::string origin, std::string path)
    : object_(object), origin_(std::move(origin)), path_(std::move(path)) {
    if (!object.is_object()) {
        const std::string where = path_.empty() ? "the document" : path_;
        throw Error(ErrorCode::kUnreadable,
                    "card '" + origin_ + "': " + where + " must be an object, not " + kind_of(object));
    }
}

std::string Fields::at(const std::string& key) const { return path_.empty() ? key : path_ + "." + key; }

void Fields::fail(const std::string& key, const std::string& what, const std::string& remedy) const {
    throw Error(ErrorCode::kUnreadable, "card '" + origin_ + "': " + at(key) + " " + what, remedy);
}

const json* Fields::find(const std::string& key) {
    asked_.push_back(key);
    const auto found = object_.find(key);
    return found == object_.end() ? nullptr : &*found;
}

std::string Fields::text(const std::string& key, std::string fallback) {
    const json* value = find(key);
    if (value == nullptr) {
        return fallback;
    }
    if (!value->is_string()) {
        fail(key, "must be a text, not " + kind_of(*value));
    }
    return value->get<std::string>();
}

std::string Fields::choice(const std::string& key, std::string fallback, std::span<const std::string> allowed) {
    std::string value = text(key, std::move(fallback));
    if (std::find(allowed.begin(), allowed.end(), value) == allowed.end()) {
        fail(key, "is '" + value + "', which is unknown", core::did_you_mean(value, allowed));
    }
    return value;
}

bool Fields::flag(const std::string& key, bool fallback) {
    const json* value = find(key);
    if (value == nullptr) {
        return fallback;
    }
    if (!value->is_boolean()) {
        fail(key, "must be true or false, not " + kind_of(*value));
    }
    return value->get<bool>();
}

double Fields::number(const std::string& key, double fallback) {
    const json* value = find(key);
    if (value == nullptr) {
        return fallback;
    }
    if (!value->is_number() || !std::isfinite(value->get<double>())) {
        fail(key, "must be a number, not " + kind_of(*value));
    }
    return value->get<double>();
}

std::int64_t Fields::integer(const std::string& key, std::int64_t fallback, std::int64_t least, std::int64_t most) {
    const double value = number(key, static_cast<double>(fallback));
    if (value != std::floor(value) || value < static_cast<double>(least) || value > static_cast<double>(most)) {
        fail(key, "must be a whole number from " + std::to_string(least) + " to " + std::to_string(most));
    }
    return static_cast<std::int64_t>(value);
}

std::vector<double> Fields::numbers(const std::string& key) {
    std::vector<double> values;
    const json* list = find(key);
    if (list == nullptr) {
        return values;
    }
    if (!list->is_array()) {
        fail(key, "must be a list of numbers, not " + kind_of(*list));
    }
    for (const json& value : *list) {
        if (!value.is_number() || !std::isfinite(value.get<double>())) {
            fail(key + "[" + std::to_string(values.size()) + "]", "must be a number, not " + kind_of(value));
        }
        values.push_back(value.get<double>());
    }
    return values;
}

std::vector<std::string> Fields::texts(const std::string& key) {
    std::vector<std::string> values;
    const json* list = find(key);
    if (list == nullptr) {
        return values;
    }
    if (!list->is_array()) {
        fail(key, "must be a list of texts, not " + kind_of(*list));
    }
    for (const json& value : *list) {
        if (!value.is_string()) {
            fail(key + "[" + std::to_string(values.size()) + "]", "must be a text, not " + kind_of(value));
        }
        values.push_back(value.get<std::string>());
    }
    return values;
}

std::vector<Fields> Fields::objects(const std::string& key) {
    std::vector<Fields> made;
    const json* list = find(key);
    if (list == nullptr) {
        return made;
    }
    if (!list->is_array()) {
        fail(key, "must be a list of objects, not " + kind_of(*list));
    }
    for (const json& value : *list) {
        made.emplace_back(value, origin_, at(key) + "[" + std::to_string(made.size()) + "]");
    }
    return made;
}

void Fields::finish() const {
    for (const auto& [key, value] : object_.items()) {
        if (std::find(asked_.begin(), asked_.end(), key) == asked_.end()) {
            const std::string where = path_.empty() ? "" : " in " + path_;
            throw Error(ErrorCode::kUnreadable, "card '" + origin_ + "': unknown key '" + key + "'" + where,
                        core::did_you_mean(key, asked_, asked_.size()));
        }
    }
}

}  // namespace pellucid::model
