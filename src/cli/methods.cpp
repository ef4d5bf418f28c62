#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "cli/terminal.hpp"
#include "cli/verbs.hpp"
#include "pellucid/methods.hpp"

namespace pellucid::cli {

namespace {

using Json = nlohmann::ordered_json;

std::string text_of(Need need) {
    switch (need) {
        case Need::kScores:
            return "scores";
        case Need::kGradients:
            return "gradients";
        case Need::kSpatialLayer:
            return "a spatial layer";
        case Need::kPicture:
            return "a picture";
    }
    return "";
}

std::string joined(const std::vector<std::string>& words) {
    std::string text;
    for (const std::string& word : words) {
        text += (text.empty() ? "" : ", ") + word;
    }
    return text;
}

std::vector<std::string> needs_of(const MethodRow& row) {
    std::vector<std::string> needs;
    for (const Need need : row.needs) {
        needs.push_back(text_of(need));
    }
    return needs;
}

/// Numbers as numbers and flags as true or false, as in explanation.json.
Json default_of(const OptionField& field) {
    const bool literal = field.type == "integer" || field.type == "number" || field.type == "flag";
    return literal ? Json::parse(field.default_value) : Json(field.default_value);
}

Json to_json(const MethodRow& row) {
    Json options = Json::array();
    for (const OptionField& field : row.options()) {
        Json option{{"name", field.name}, {"type", field.type}, {"default", default_of(field)}, {"doc", field.doc}};
        if (!field.choices.empty()) {
            option["choices"] = field.choices;
        }
        options.push_back(option);
    }
    return {{"name", row.name},       {"family", row.family}, {"question", row.question},
            {"needs", needs_of(row)}, {"inputs", row.inputs}, {"score", name_of(row.default_score)},
            {"options", options},     {"cost", row.cost_doc}, {"source", row.source}};
}

void print_all() {
    std::vector<std::vector<std::string>> rows{{"METHOD", "FAMILY", "NEEDS", "QUESTION"}};
    for (const MethodRow& row : methods()) {
        rows.push_back(
            {std::string(row.name), std::string(row.family), joined(needs_of(row)), std::string(row.question)});
    }
    print_results(fmt::format("{}\npellucid methods NAME tells a method's options and source.\n", table(rows)));
}

void print_one(const MethodRow& row) {
    print_results(fmt::format("{} ({})\n{}\n\n", row.name, row.family, row.question));
    print_results(
        fmt::format("needs   {}\ninputs  {}\nscore   {} (unless --score says otherwise)\ncost    {}\nsource  {}\n",
                    joined(needs_of(row)), joined(row.inputs), name_of(row.default_score), row.cost_doc, row.source));
    std::vector<std::vector<std::string>> rows{{"OPTION (--set)", "DEFAULT", "MEANING"}};
    for (const OptionField& field : row.options()) {
        const std::string choices = field.choices.empty() ? "" : " (" + joined(field.choices) + ")";
        rows.push_back({field.name, field.default_value.empty() ? "-" : field.default_value, field.doc + choices});
    }
    if (rows.size() > 1) {
        print_results(fmt::format("\n{}", table(rows)));
    }
}

}  // namespace

void add_methods(CLI::App& app) {
    struct Options {
        std::string name;
        bool json = false;
    };
    auto options = std::make_shared<Options>();
    CLI::App* verb = app.add_subcommand("methods", "what there is: family, needs, options, defaults, cost, source");
    verb->add_option("NAME", options->name, "one method, with its options");
    verb->add_flag("--json", options->json, "one JSON document on stdout");
    verb->footer("Examples:\n  pellucid methods\n  pellucid methods lime\n  pellucid methods --json");
    verb->callback([options] {
        if (options->json) {
            Json all = Json::array();
            for (const MethodRow& row : methods()) {
                if (options->name.empty() || row.name == method(options->name).name) {
                    all.push_back(to_json(row));
                }
            }
            print_results(fmt::format("{}\n", all.dump(2)));
        } else if (options->name.empty()) {
            print_all();
        } else {
            print_one(method(options->name));
        }
    });
}

}  // namespace pellucid::cli
