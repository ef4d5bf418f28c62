#pragma once

#include <sys/types.h>

#include <chrono>
#include <cstddef>
#include <span>
#include <string>
#include <vector>

namespace pellucid::engine {

/// A program with pipes on its standard input, output and error. It gets a process group of its own, so that what it
/// starts itself ends with it. Destroyed: its input is closed, and if it does not end by itself it is killed.
class ChildProcess {
public:
    using Deadline = std::chrono::steady_clock::time_point;

    /// Throws Error(kUsage) when the program cannot be started.
    explicit ChildProcess(const std::vector<std::string>& command);
    ChildProcess(const ChildProcess&) = delete;
    ChildProcess& operator=(const ChildProcess&) = delete;
    ~ChildProcess();

    /// Sent while `read` waits: a program may answer before it has read all.
    void send(std::vector<std::byte> message);
    enum class Outcome { kRead, kEnded, kTimeout };
    /// Reads until `in` is full.
    [[nodiscard]] Outcome read(std::span<std::byte> in, Deadline deadline);

    /// "exited with code 3", "was killed by signal 11 (Segmentation fault)"; waits for it shortly.
    [[nodiscard]] std::string how_it_ended();
    /// The last line that it wrote to its standard error; empty if none.
    [[nodiscard]] std::string last_error_line();
    void kill() noexcept;

private:
    enum End : std::size_t { kIn, kOut, kError };
    void close_end(End end) noexcept;
    [[nodiscard]] bool reap(std::chrono::milliseconds patience) noexcept;
    void drain_errors();
    void write_some();

    pid_t pid_ = -1;
    int ends_[3] = {-1, -1, -1};
    bool reaped_ = false;
    int status_ = 0;
    std::vector<std::byte> outbox_;
    std::size_t sent_ = 0;
    std::string errors_;   ///< the tail of its standard error
};

}  // namespace pellucid::engine
