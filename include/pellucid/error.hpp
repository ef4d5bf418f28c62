#pragma once

#include <stdexcept>
#include <string>

namespace pellucid {

/// Why something could not be done. The values are the exit codes of the command line.
enum class ErrorCode {
    kInternal = 1,      ///< our fault: please report
    kUsage = 2,         ///< wrong use: an unknown option, contradictory options, an unknown class
    kUnreadable = 3,    ///< an input or a model cannot be read
    kUnsupported = 4,   ///< not supported, with the reason and what to use instead
    kBudget = 5,        ///< stopped by a budget before any usable result
    kInterrupted = 130  ///< cancelled by the user
};

/// Every error that Pellucid throws: what was wrong and where, then what to do about it.
class Error : public std::runtime_error {
public:
    /// @param message  one line: what is wrong, and where (a file, a node, an option)
    /// @param remedy   one line: what the user can do; may be empty
    Error(ErrorCode code, const std::string& message, std::string remedy = {})
        : std::runtime_error(remedy.empty() ? message : message + "; " + remedy),
          code_(code),
          remedy_(std::move(remedy)) {}

    [[nodiscard]] ErrorCode code() const noexcept { return code_; }
    [[nodiscard]] const std::string& remedy() const noexcept { return remedy_; }

private:
    ErrorCode code_;
    std::string remedy_;
};

}  // namespace pellucid
