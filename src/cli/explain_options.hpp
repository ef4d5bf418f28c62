#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <CLI/CLI.hpp>

#include "pellucid/methods.hpp"

namespace pellucid::cli {

/// The command line of `pellucid explain`, as given.
struct ExplainOptions {
    std::string model;
    std::vector<std::string> inputs;
    std::string methods;
    std::optional<std::string> target, score, text;   ///< none: not given
    std::string as, card;
    std::vector<std::string> set;
    std::string output = "pellucid-out";
    std::optional<std::string> budget, memory;
    std::uint64_t seed = 0;
    int threads = 0;
    std::string device = "CPU", precision = "f32";
    std::string row_shape;
    bool plan = false, json = false, quiet = false;
};

/// Declares the options, their help and the examples.
CLI::App* declare_explain(CLI::App& app, const std::shared_ptr<ExplainOptions>& options);

/// The methods that were named, in their order. Throws Error(kUsage) for an unknown one or one named twice.
[[nodiscard]] std::vector<const MethodRow*> named_methods(const std::string& names);

/// The options of one method from `--set key=value` and `--set method.key=value`. Throws Error(kUsage) for a key without a
/// value, for a prefix that names no method of this run, and for an option that no method of this run has.
[[nodiscard]] std::map<std::string, std::string> options_for(const MethodRow& row,
                                                             const std::vector<const MethodRow*>& rows,
                                                             const std::vector<std::string>& set);

}  // namespace pellucid::cli
