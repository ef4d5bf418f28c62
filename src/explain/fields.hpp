#pragma once

#include <cstdint>
#include <limits>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "pellucid/methods.hpp"

namespace pellucid::explain {

/// The values that a numeric option may take, both ends included.
struct Range {
    double lowest = std::numeric_limits<double>::lowest();
    double highest = std::numeric_limits<double>::max();
};
inline Range at_least(double lowest) { return {lowest, std::numeric_limits<double>::max()}; }

/// Visits the options of a method, in the order in which help shows them. Each method describes its options once, in
/// `void describe(XOptions&, Fields&)`; listing, parsing and recording them are visitors.
class Fields {
public:
    Fields() = default;
    Fields(const Fields&) = delete;
    Fields& operator=(const Fields&) = delete;
    virtual ~Fields() = default;

    virtual void integer(const char* name, std::int64_t& value, Range range, const char* doc) = 0;
    virtual void number(const char* name, double& value, Range range, const char* doc) = 0;
    virtual void flag(const char* name, bool& value, const char* doc) = 0;
    virtual void choice(const char* name, std::string& value, std::vector<std::string> choices, const char* doc) = 0;
    virtual void text(const char* name, std::string& value, const char* doc) = 0;
};

/// Lists the fields with the values they hold.
class FieldList final : public Fields {
public:
    void integer(const char* name, std::int64_t& value, Range range, const char* doc) override;
    void number(const char* name, double& value, Range range, const char* doc) override;
    void flag(const char* name, bool& value, const char* doc) override;
    void choice(const char* name, std::string& value, std::vector<std::string> choices, const char* doc) override;
    void text(const char* name, std::string& value, const char* doc) override;

    std::vector<OptionField> fields;
};

/// Sets the fields named in `given`. Throws Error(kUsage) for a value of the wrong type, out of range, or no choice.
class FieldParser final : public Fields {
public:
    FieldParser(std::string method, const std::map<std::string, std::string>& given)
        : method_(std::move(method)), given_(given) {}
    void integer(const char* name, std::int64_t& value, Range range, const char* doc) override;
    void number(const char* name, double& value, Range range, const char* doc) override;
    void flag(const char* name, bool& value, const char* doc) override;
    void choice(const char* name, std::string& value, std::vector<std::string> choices, const char* doc) override;
    void text(const char* name, std::string& value, const char* doc) override;

    /// Throws Error(kUsage), suggesting the near name, when an option was given that no field took.
    void refuse_unknown() const;

private:
    const std::string* find(const char* name);
    [[noreturn]] void refuse(const char* name, const std::string& text, const std::string& expected) const;
    double parse_number(const char* name, const std::string& text, Range range) const;

    std::string method_;
    const std::map<std::string, std::string>& given_;
    std::vector<std::string> names_;
};

template <class Options>
std::vector<OptionField> list_fields() {
    Options options;
    FieldList list;
    describe(options, list);
    return list.fields;
}

template <class Options>
Options parse_fields(const std::string& method, const std::map<std::string, std::string>& given) {
    Options options;
    FieldParser parser(method, given);
    describe(options, parser);
    parser.refuse_unknown();
    return options;
}

/// Every option's value in force, by name, as `explanation.json` records it.
template <class Options>
std::map<std::string, std::string> field_values(Options options) {
    FieldList list;
    describe(options, list);
    std::map<std::string, std::string> values;
    for (const OptionField& field : list.fields) {
        values.emplace(field.name, field.default_value);
    }
    return values;
}

/// Shortest text that reads back as the same double.
[[nodiscard]] std::string number_text(double value);

}  // namespace pellucid::explain
