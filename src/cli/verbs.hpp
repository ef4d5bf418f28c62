#pragma once

#include <CLI/CLI.hpp>

#include "pellucid/run.hpp"

namespace pellucid::cli {

/// Each verb adds its subcommand with its options and help; its callback does the work and throws pellucid::Error.
/// @param cancel  set by Ctrl-C
void add_explain(CLI::App& app, const CancelToken& cancel);
void add_methods(CLI::App& app);
void add_inspect(CLI::App& app);
void add_card(CLI::App& app);
void add_operators(CLI::App& app);
void add_completion(CLI::App& app);

}  // namespace pellucid::cli
