#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include <CLI/CLI.hpp>

#include "pellucid/run.hpp"

namespace pellucid::cli {

/// Thrown by a verb that has said all there is to say and ends with an exit code of its own.
struct Finished {
    int code = 0;
};

/// One line on stderr: "pellucid: message". Line breaks in it are folded.
void say_error(const std::string& message);
/// One line on stderr, unless `quiet`.
void say(const std::string& message, bool quiet);
/// Text on stdout, at once. What cannot be written is kept for `flush_results`, so that a run still finishes its files.
void print_results(const std::string& text);
/// 0 where all of stdout was written or its reader had seen enough; else the code of what failed, said on stderr.
int flush_results();

/// The subcommand that was named, or the application.
const CLI::App& chosen(const CLI::App& app);
/// One line for a command line that does not parse, with the near verb or option suggested.
std::string usage_message(const CLI::App& app, const CLI::ParseError& error, int count, char** arguments);

/// A progress bar on stderr, redrawn at most ten times a second; nothing where stderr is no terminal.
Progress progress_bar(bool quiet);
/// Wipes the bar, so that a line can be printed.
void clear_progress();

/// Refuses an option given as an empty text, which would be taken for an option that is not there.
CLI::Validator not_empty();
/// A whole number from 0 to `most`; else one plain line (CLI11's own prints the greatest double for a bound).
CLI::Validator whole_number(std::uint64_t most);

/// A text that stays on its line and leaves the terminal alone, whatever a file or a label is called.
std::string printable(const std::string& text);
/// Rows under headings, columns padded to their widest cell (as a terminal counts columns); cells made printable.
std::string table(std::vector<std::vector<std::string>> rows);

/// "12.3 s", "4 min 10 s"; "480 MiB"; "2GiB" read back; "30s" or "2000" read as a budget.
std::string seconds_text(double seconds);
std::string bytes_text(std::uint64_t bytes);
std::uint64_t parse_bytes(const std::string& text);
Budget parse_budget(const std::string& text);

}  // namespace pellucid::cli
