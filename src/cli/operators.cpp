#include <fmt/format.h>

#include <algorithm>
#include <cctype>

#include <nlohmann/json.hpp>

#include "cli/terminal.hpp"
#include "cli/verbs.hpp"
#include "pellucid/error.hpp"
#include "pellucid/operators.hpp"

namespace pellucid::cli {

namespace {

using Json = nlohmann::ordered_json;

std::string lower(std::string text) {
    std::transform(text.begin(), text.end(), text.begin(), [](unsigned char c) { return std::tolower(c); });
    return text;
}

/// All, or those of a name in any case.
std::vector<OperatorFacts> chosen_operators(const std::string& name) {
    std::vector<OperatorFacts> rows = operators();
    if (name.empty()) {
        return rows;
    }
    std::erase_if(rows, [&](const OperatorFacts& row) { return lower(row.name) != lower(name); });
    if (rows.empty()) {
        throw Error(ErrorCode::kUsage, "no operator '" + name + "' is known",
                    "`pellucid operators` lists them; gradient methods refuse the others by name");
    }
    return rows;
}

void print_table(const std::vector<OperatorFacts>& operators) {
    std::vector<std::vector<std::string>> rows{{"OPERATOR", "OPSET", "GRADIENT", "LAW", "NOTE"}};
    for (const OperatorFacts& row : operators) {
        rows.push_back({row.name, row.opset, row.gradient, row.law, row.note});
    }
    print_results(table(rows));
}

}  // namespace

void add_operators(CLI::App& app) {
    struct Options {
        std::string name;
        bool json = false;
    };
    auto options = std::make_shared<Options>();
    CLI::App* verb =
        app.add_subcommand("operators", "the operators that gradients flow through, and those that block them");
    verb->add_option("NAME", options->name, "one operator, as in OpenVINO: GridSample");
    verb->add_flag("--json", options->json, "one JSON document on stdout");
    verb->footer(
        "Examples:\n  pellucid operators\n  pellucid operators lstmsequence\n\n"
        "`pellucid inspect MODEL` tells whether a network has others.");
    verb->callback([options] {
        const std::vector<OperatorFacts> rows = chosen_operators(options->name);
        if (!options->json) {
            print_table(rows);
            return;
        }
        Json all = Json::array();
        for (const OperatorFacts& row : rows) {
            all.push_back({{"name", row.name},
                           {"opset", row.opset},
                           {"gradient", row.gradient},
                           {"law", row.law},
                           {"macs", row.macs},
                           {"note", row.note}});
        }
        print_results(fmt::format("{}\n", all.dump(2)));
    });
}

}  // namespace pellucid::cli
