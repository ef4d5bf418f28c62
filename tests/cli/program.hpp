#pragma once

#include <chrono>
#include <cstddef>
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
    bool reader_leaves = false;                  ///< nobody reads stdout, from the start
    std::filesystem::path standard_output = {};  ///< a file that stdout goes to, such as /dev/full
    std::filesystem::path interrupt_at = {};   ///< sends SIGINT once this file is there
    std::filesystem::path kill_at = {};        ///< sends SIGKILL once this file is there, and
    std::chrono::milliseconds kill_after{0};   ///< so long after that, or after the start
    std::size_t most_bytes_a_file = 0;         ///< a limit of the system's on what it writes; 0: none
    std::filesystem::path cache = {};          ///< of compiled graphs; default: `cache` in the folder
};

/// Runs the built `pellucid` with arguments, without a shell; nothing is cached outside the folder.
[[nodiscard]] Outcome run_pellucid(const std::vector<std::string>& arguments, const RunOptions& options);

}  // namespace pellucid::testing
