#include "cli/program.hpp"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <chrono>
#include <sstream>
#include <thread>

namespace pellucid::testing {

namespace {

void become_pellucid(const std::vector<std::string>& arguments, const RunOptions& options) {
    if (chdir(options.folder.c_str()) != 0) {
        _exit(126);
    }
    setenv("PELLUCID_CACHE", (options.folder / (options.cache.empty() ? "cache" : options.cache)).c_str(), 1);
    if (options.most_bytes_a_file > 0) {
        const rlimit limit{options.most_bytes_a_file, options.most_bytes_a_file};
        setrlimit(RLIMIT_FSIZE, &limit);
    }
    constexpr unsigned kPatience = 240;   // seconds, then it hangs: a signal ends it, and no exit code equals that
    alarm(kPatience);
    std::vector<char*> words{const_cast<char*>(PELLUCID_CLI)};
    for (const std::string& argument : arguments) {
        words.push_back(const_cast<char*>(argument.c_str()));
    }
    words.push_back(nullptr);
    execv(PELLUCID_CLI, words.data());
    _exit(127);
}

/// @param out  -1: not to be read
void read_both(int out, int err, Outcome& outcome) {
    std::array<pollfd, 2> ends{{{out, POLLIN, 0}, {err, POLLIN, 0}}};
    std::array<std::string*, 2> texts{&outcome.out, &outcome.err};
    std::array<char, 4096> buffer{};
    int open = out < 0 ? 1 : 2;
    while (open > 0 && poll(ends.data(), ends.size(), -1) >= 0) {
        for (std::size_t at = 0; at < ends.size(); ++at) {
            if (ends[at].fd >= 0 && ends[at].revents != 0) {
                const ssize_t got = read(ends[at].fd, buffer.data(), buffer.size());
                if (got <= 0) {
                    ends[at].fd = -1;
                    --open;
                } else {
                    texts[at]->append(buffer.data(), static_cast<std::size_t>(got));
                }
            }
        }
    }
}

}  // namespace

std::vector<std::string> Outcome::error_lines() const {
    std::vector<std::string> lines;
    std::istringstream stream(err);
    for (std::string line; std::getline(stream, line);) {
        lines.push_back(line);
    }
    return lines;
}

Outcome run_pellucid(const std::vector<std::string>& arguments, const RunOptions& options) {
    std::array<int, 2> in{}, out{}, err{};
    if (pipe(in.data()) != 0 || pipe(out.data()) != 0 || pipe(err.data()) != 0) {
        return {};
    }
    if (options.reader_leaves) {
        close(out[0]);
    }
    const pid_t child = fork();
    if (child == 0) {
        dup2(in[0], STDIN_FILENO);
        dup2(options.standard_output.empty() ? out[1] : open(options.standard_output.c_str(), O_WRONLY | O_CLOEXEC),
             STDOUT_FILENO);
        dup2(err[1], STDERR_FILENO);
        for (const int end : {in[0], in[1], out[0], out[1], err[0], err[1]}) {
            close(end);
        }
        become_pellucid(arguments, options);
    }
    for (const int end : {in[0], out[1], err[1]}) {
        close(end);
    }
    std::thread writer([&] {
        signal(SIGPIPE, SIG_IGN);
        static_cast<void>(!write(in[1], options.standard_input.data(), options.standard_input.size()));
        close(in[1]);
    });
    std::atomic<bool> ended{false};
    std::thread killer([&] {
        const bool kills = !options.kill_at.empty() || options.kill_after.count() > 0;
        const std::filesystem::path& sign = kills ? options.kill_at : options.interrupt_at;
        if (!kills && sign.empty()) {
            return;
        }
        while (!sign.empty() && !std::filesystem::exists(sign) && !ended) {
            std::this_thread::sleep_for(std::chrono::milliseconds(1));
        }
        const auto until = std::chrono::steady_clock::now() + options.kill_after;
        while (std::chrono::steady_clock::now() < until && !ended) {
            std::this_thread::sleep_for(std::chrono::milliseconds(1));
        }
        if (!ended) {
            kill(child, kills ? SIGKILL : SIGINT);
        }
    });
    Outcome outcome;
    read_both(options.reader_leaves ? -1 : out[0], err[0], outcome);
    ended = true;
    int status = 0;
    killer.join();
    waitpid(child, &status, 0);
    writer.join();
    if (!options.reader_leaves) {
        close(out[0]);
    }
    close(err[0]);
    outcome.code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
    return outcome;
}

}  // namespace pellucid::testing
