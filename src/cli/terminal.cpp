#include "cli/terminal.hpp"

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <cstring>

#include <fmt/format.h>

#include "core/suggest.hpp"
#include "pellucid/error.hpp"

namespace pellucid::cli {

namespace {

constexpr const char* kMemoryForms = "give at least 1MiB, in bytes, MiB or GiB, such as 2GiB";
constexpr const char* kBudgetForms = "give wall time above 0 (30s, 5min) or a whole number of model evaluations (2000)";

bool bar_shown = false;
int write_failure = 0;   ///< errno of the first write to stdout that failed

std::string one_line(const std::string& text) {
    std::string line = printable(text);
    line.erase(line.find_last_not_of(' ') + 1);
    return line;
}

/// Columns of a UTF-8 text: code points, wide East Asian ones counted twice.
std::size_t columns_of(const std::string& text) {
    std::size_t columns = 0;
    for (std::size_t at = 0; at < text.size(); ++at) {
        const auto byte = static_cast<unsigned char>(text[at]);
        if ((byte & 0xC0U) != 0x80U) {
            columns += byte >= 0xE3U && byte <= 0xEDU ? 2 : 1;
        }
    }
    return columns;
}

std::vector<std::string> option_names(const CLI::App& app) {
    std::vector<std::string> names;
    for (const CLI::Option* option : app.get_options()) {
        for (const std::string& name : option->get_lnames()) {
            names.push_back("--" + name);
        }
    }
    return names;
}

std::vector<std::string> verb_names(const CLI::App& app) {
    std::vector<std::string> names;
    for (const CLI::App* verb : app.get_subcommands([](const CLI::App*) { return true; })) {
        names.push_back(verb->get_name());
    }
    return names;
}

double parse_leading_number(const std::string& text, const char*& rest, const std::string& what,
                            const std::string& remedy) {
    double value = 0.0;
    const auto [stop, failure] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (failure != std::errc{} || !std::isfinite(value) || value <= 0.0) {
        throw Error(ErrorCode::kUsage, what + " is '" + text + "'", remedy);
    }
    rest = stop;
    return value;
}

}  // namespace

/// Line breaks and tabs become blanks. Other control characters, those of a label or of a file's name, would steer the
/// terminal, and become question marks: the old ones and, two bytes each in UTF-8, those from 0x80 to 0x9F.
std::string printable(const std::string& text) {
    std::string shown;
    for (std::size_t at = 0; at < text.size(); ++at) {
        const auto byte = static_cast<unsigned char>(text[at]);
        const auto next = at + 1 < text.size() ? static_cast<unsigned char>(text[at + 1]) : 0U;
        if (byte == '\n' || byte == '\r' || byte == '\t') {
            shown += ' ';
        } else if (byte < 0x20U || byte == 0x7FU) {
            shown += '?';
        } else if (byte == 0xC2U && next >= 0x80U && next < 0xA0U) {
            shown += '?';
            ++at;
        } else {
            shown += text[at];
        }
    }
    return shown;
}

void clear_progress() {
    if (bar_shown) {
        std::fputs("\r\033[K", stderr);
        bar_shown = false;
    }
}

void say_error(const std::string& message) {
    clear_progress();
    std::fputs(("pellucid: " + one_line(message) + "\n").c_str(), stderr);
}

void say(const std::string& message, bool quiet) {
    if (!quiet) {
        clear_progress();
        std::fputs((one_line(message) + "\n").c_str(), stderr);
    }
}

void print_results(const std::string& text) {
    // Flushed here, while errno still tells of this write.
    const bool written = std::fwrite(text.data(), 1, text.size(), stdout) == text.size() && std::fflush(stdout) == 0;
    if (!written && write_failure == 0) {
        write_failure = errno;
    }
}

int flush_results() {
    if (write_failure == 0 || write_failure == EPIPE) {
        return 0;   // of a closed pipe: the reader (head, less) has seen enough
    }
    say_error(fmt::format("cannot write to standard output ({})", std::strerror(write_failure)));
    return static_cast<int>(ErrorCode::kUsage);
}

const CLI::App& chosen(const CLI::App& app) {
    const auto verbs = app.get_subcommands();
    return verbs.empty() ? app : *verbs.front();
}

std::string usage_message(const CLI::App& app, const CLI::ParseError& error, int count, char** arguments) {
    const CLI::App& verb = chosen(app);
    const std::string help = "; see pellucid " + (&verb == &app ? "" : verb.get_name() + " ") + "--help";
    if (&verb == &app && count > 1 && arguments[1][0] != '-') {
        return fmt::format("unknown verb '{}'; {}", arguments[1], core::did_you_mean(arguments[1], verb_names(app)));
    }
    const std::vector<std::string> names = option_names(verb);
    for (int at = 1; at < count; ++at) {
        const std::string word = std::string(arguments[at]).substr(0, std::strcspn(arguments[at], "="));
        if (word.starts_with("--") && std::find(names.begin(), names.end(), word) == names.end()) {
            return fmt::format("unknown option '{}'; {}", word, core::did_you_mean(word, names));
        }
    }
    return one_line(error.what()) + help;
}

CLI::Validator not_empty() {
    return {[](const std::string& text) {
                return text.empty() ? std::string("the text is empty; leave the option out, or give it a value")
                                    : std::string();
            },
            ""};
}

CLI::Validator whole_number(std::uint64_t most) {
    return {[most](const std::string& text) {
                std::uint64_t value = 0;
                // CLI11 takes -1 for the greatest number.
                const bool good = !text.starts_with('-') && CLI::detail::lexical_cast(text, value) && value <= most;
                return good ? std::string() : fmt::format("'{}' is no whole number from 0 to {}", text, most);
            },
            ""};
}

Progress progress_bar(bool quiet) {
    if (quiet || isatty(STDERR_FILENO) == 0) {
        return {};
    }
    using Clock = std::chrono::steady_clock;
    struct State {
        std::string stage;
        Clock::time_point begun, drawn;
    };
    return [state = State{}](const std::string& stage, std::int64_t done, std::int64_t total) mutable {
        const auto now = Clock::now();
        if (stage != state.stage) {
            state = {stage, now, now};
        }
        if (now - state.drawn < std::chrono::milliseconds(100)) {
            return;
        }
        state.drawn = now;
        const double spent = std::chrono::duration<double>(now - state.begun).count();
        const double share = total > 0 ? static_cast<double>(done) / static_cast<double>(total) : 0.0;
        const auto filled = static_cast<std::size_t>(share * 24.0);
        const std::string left = share > 0.0 ? seconds_text(spent * (1.0 - share) / share) + " left" : "";
        std::fputs(fmt::format("\r\033[K{:<22} [{}{}] {}/{}  {}", stage, std::string(filled, '#'),
                               std::string(24 - filled, '.'), done, total, left)
                       .c_str(),
                   stderr);
        bar_shown = true;
    };
}

std::string table(std::vector<std::vector<std::string>> rows) {
    std::vector<std::size_t> widths;
    for (auto& row : rows) {
        std::transform(row.begin(), row.end(), row.begin(), printable);
    }
    for (const auto& row : rows) {
        widths.resize(std::max(widths.size(), row.size()), 0);
        for (std::size_t column = 0; column < row.size(); ++column) {
            widths[column] = std::max(widths[column], columns_of(row[column]));
        }
    }
    std::string text;
    for (const auto& row : rows) {
        std::string line;
        for (std::size_t column = 0; column < row.size(); ++column) {
            line += row[column] + std::string(widths[column] - columns_of(row[column]) + 2, ' ');
        }
        line.erase(line.find_last_not_of(' ') + 1);
        text += line + "\n";
    }
    return text;
}

std::string seconds_text(double seconds) {
    if (seconds < 60.0) {
        return fmt::format("{:.{}f} s", seconds, seconds < 1.0 ? 2 : 1);
    }
    const auto whole = std::llround(seconds);
    return whole < 3600 ? fmt::format("{} min {} s", whole / 60, whole % 60)
                        : fmt::format("{} h {} min", whole / 3600, whole % 3600 / 60);
}

std::string bytes_text(std::uint64_t bytes) {
    const double mebibytes = static_cast<double>(bytes) / 1048576.0;
    return mebibytes < 1024.0 ? fmt::format("{:.0f} MiB", mebibytes) : fmt::format("{:.1f} GiB", mebibytes / 1024.0);
}

std::uint64_t parse_bytes(const std::string& text) {
    const char* rest = nullptr;
    const double value = parse_leading_number(text, rest, "--memory", kMemoryForms);
    const std::string unit(rest);
    static const std::vector<std::pair<std::string, double>> kUnits{{"", 1.0},       {"B", 1.0},      {"KiB", 0x1p10},
                                                                    {"MiB", 0x1p20}, {"GiB", 0x1p30}, {"KB", 1e3},
                                                                    {"MB", 1e6},     {"GB", 1e9}};
    constexpr double kLeast = 0x1p20;   // the smallest block of rows takes more
    for (const auto& [name, factor] : kUnits) {
        if (unit == name && value * factor >= kLeast) {
            return static_cast<std::uint64_t>(std::min(value * factor, 9e18));
        }
    }
    throw Error(ErrorCode::kUsage, "--memory is '" + text + "'", kMemoryForms);
}

Budget parse_budget(const std::string& text) {
    const char* rest = nullptr;
    const double value = parse_leading_number(text, rest, "--budget", kBudgetForms);
    const std::string unit(rest);
    Budget budget;
    if (unit.empty() && value == std::floor(value) && value < 1e15) {
        budget.evaluations = static_cast<std::int64_t>(value);
    } else if (unit == "s" || unit == "ms" || unit == "min" || unit == "m" || unit == "h") {
        budget.seconds = value * (unit == "s" ? 1.0 : unit == "ms" ? 1e-3 : unit == "h" ? 3600.0 : 60.0);
    } else {
        throw Error(ErrorCode::kUsage, "--budget is '" + text + "'", kBudgetForms);
    }
    return budget;
}

}  // namespace pellucid::cli
