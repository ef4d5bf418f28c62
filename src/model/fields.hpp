#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json.hpp>

namespace pellucid::model {

/// The keys of one JSON object, read strictly: wrong types and unknown keys are Error(kUnreadable), named by their path.
class Fields {
public:
    /// @param origin  the file, as messages name it
    /// @param path    of the object in the document, "inputs[0]"; empty: the document itself
    Fields(const nlohmann::json& object, std::string origin, std::string path);

    [[nodiscard]] std::string text(const std::string& key, std::string fallback);
    /// Throws unless the text is one of `allowed`.
    [[nodiscard]] std::string choice(const std::string& key, std::string fallback,
                                     std::span<const std::string> allowed);
    [[nodiscard]] bool flag(const std::string& key, bool fallback);
    [[nodiscard]] double number(const std::string& key, double fallback);
    /// A whole number in [least, most].
    [[nodiscard]] std::int64_t integer(const std::string& key, std::int64_t fallback, std::int64_t least,
                                       std::int64_t most);
    [[nodiscard]] std::vector<double> numbers(const std::string& key);
    [[nodiscard]] std::vector<std::string> texts(const std::string& key);
    /// The objects of a list.
    [[nodiscard]] std::vector<Fields> objects(const std::string& key);
    [[nodiscard]] bool has(const std::string& key) const { return object_.contains(key); }
    [[nodiscard]] bool is_text(const std::string& key) const { return has(key) && object_.at(key).is_string(); }

    /// Once all keys were asked for: any other one is an error that suggests the near one.
    void finish() const;
    /// Throws: "card 'm.card.json': inputs[0].mean <what>".
    [[noreturn]] void fail(const std::string& key, const std::string& what, const std::string& remedy = {}) const;
    [[nodiscard]] const std::string& origin() const { return origin_; }

private:
    const nlohmann::json* find(const std::string& key);
    [[nodiscard]] std::string at(const std::string& key) const;

    const nlohmann::json& object_;
    std::string origin_, path_;
    std::vector<std::string> asked_;
};

/// Parses, with one line that names `origin` when the text is no JSON.
[[nodiscard]] nlohmann::json parse_json(std::string_view text, const std::string& origin);

/// "a list", "a number", … as messages name the type of a value.
[[nodiscard]] std::string kind_of(const nlohmann::json& value);

}  // namespace pellucid::model
