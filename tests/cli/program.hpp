#pragma once

#include <filesystem>
#include <functional>
#include <string>
#include <vector>

namespace pellucid::testing {

/// What a run of the command line left behind.
struct Outcome {
    int code = -1;
    std::string out, err;
    /// Lines on stderr.
    [[nodiscard]] std::vector<std::string> error_lines() const;
};

struct RunOptions {
    std::filesystem::path folder;   ///< where it runs
    std::string standard_input = {};
    std::filesystem::path interrupt_at = {};   ///< sends SIGINT once this file is there
    int kill_after_ms = 0;          ///< sends SIGKILL
};

/// Runs the built `pellucid` with arguments, without a shell; nothing is cached outside the folder.
[[nodiscard]] Outcome run_pellucid(const std::vector<std::string>& arguments, const RunOptions& options);

}  // namespace pellucid::testing
