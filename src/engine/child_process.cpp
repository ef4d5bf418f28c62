#include "engine/child_process.hpp"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <ctime>
#include <system_error>
#include <thread>

#include "pellucid/error.hpp"

extern char** environ;

namespace pellucid::engine {

namespace {

std::string reason(int error) { return std::generic_category().message(error); }

struct Pipe {
    int ends[2] = {-1, -1};
    Pipe() {
        if (::pipe2(ends, O_CLOEXEC) != 0) {
            throw Error(ErrorCode::kUsage, "a pipe could not be made: " + reason(errno));
        }
    }
    Pipe(const Pipe&) = delete;
    Pipe& operator=(const Pipe&) = delete;
    ~Pipe() {
        for (const int end : ends) {
            if (end >= 0) {
                ::close(end);
            }
        }
    }
    int take(int which) { return std::exchange(ends[which], -1); }
};

/// A write to a program that has gone raises SIGPIPE; here it is only an error number, whatever the process does else.
class WithoutSigpipe {
public:
    WithoutSigpipe() {
        sigset_t pending;
        sigpending(&pending);
        was_pending_ = sigismember(&pending, SIGPIPE) == 1;
        sigemptyset(&pipe_);
        sigaddset(&pipe_, SIGPIPE);
        pthread_sigmask(SIG_BLOCK, &pipe_, &before_);
    }
    WithoutSigpipe(const WithoutSigpipe&) = delete;
    WithoutSigpipe& operator=(const WithoutSigpipe&) = delete;
    ~WithoutSigpipe() {
        const timespec now{};
        while (!was_pending_ && sigtimedwait(&pipe_, nullptr, &now) == -1 && errno == EINTR) {}
        pthread_sigmask(SIG_SETMASK, &before_, nullptr);
    }

private:
    bool was_pending_ = false;
    sigset_t pipe_{}, before_{};
};

/// What posix_spawn is told: the three pipes, a group of its own, no signal blocked or ignored on our account.
class SpawnSettings {
public:
    SpawnSettings(int in, int out, int error) {
        posix_spawn_file_actions_init(&actions);
        posix_spawn_file_actions_adddup2(&actions, in, 0);
        posix_spawn_file_actions_adddup2(&actions, out, 1);
        posix_spawn_file_actions_adddup2(&actions, error, 2);
        posix_spawnattr_init(&attributes);
        sigset_t none, standard;
        sigemptyset(&none);
        sigemptyset(&standard);
        for (const int signal : {SIGPIPE, SIGINT, SIGTERM}) {
            sigaddset(&standard, signal);
        }
        posix_spawnattr_setsigmask(&attributes, &none);
        posix_spawnattr_setsigdefault(&attributes, &standard);
        posix_spawnattr_setpgroup(&attributes, 0);
        posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
    }
    SpawnSettings(const SpawnSettings&) = delete;
    SpawnSettings& operator=(const SpawnSettings&) = delete;
    ~SpawnSettings() {
        posix_spawn_file_actions_destroy(&actions);
        posix_spawnattr_destroy(&attributes);
    }
    posix_spawn_file_actions_t actions{};
    posix_spawnattr_t attributes{};
};

}  // namespace

ChildProcess::ChildProcess(const std::vector<std::string>& command) {
    if (command.empty() || command.front().empty()) {
        throw Error(ErrorCode::kUsage, "no program is named", "give the program and its arguments");
    }
    Pipe in, out, error;
    std::vector<char*> arguments;
    for (const std::string& word : command) {
        arguments.push_back(const_cast<char*>(word.c_str()));
    }
    arguments.push_back(nullptr);
    const SpawnSettings settings(in.ends[0], out.ends[1], error.ends[1]);
    const int failure =
        posix_spawnp(&pid_, arguments.front(), &settings.actions, &settings.attributes, arguments.data(), environ);
    if (failure != 0) {
        throw Error(ErrorCode::kUsage, "the program '" + command.front() + "' cannot be started: " + reason(failure),
                    "check its path and that it may be run");
    }
    ends_[kIn] = in.take(1);
    ends_[kOut] = out.take(0);
    ends_[kError] = error.take(0);
    for (const int end : ends_) {
        ::fcntl(end, F_SETFL, ::fcntl(end, F_GETFL) | O_NONBLOCK);
    }
}

ChildProcess::~ChildProcess() {
    close_end(kIn);
    constexpr std::chrono::milliseconds kGrace{300};
    if (!reap(kGrace)) {
        kill();
    }
    close_end(kOut);
    close_end(kError);
}

void ChildProcess::close_end(End end) noexcept {
    if (ends_[end] >= 0) {
        ::close(ends_[end]);
        ends_[end] = -1;
    }
}

bool ChildProcess::reap(std::chrono::milliseconds patience) noexcept {
    const auto deadline = std::chrono::steady_clock::now() + patience;
    while (!reaped_) {
        const pid_t got = ::waitpid(pid_, &status_, WNOHANG);
        reaped_ = got == pid_ || (got < 0 && errno != EINTR);
        if (reaped_ || std::chrono::steady_clock::now() >= deadline) {
            break;
        }
        std::this_thread::sleep_for(std::chrono::milliseconds(2));
    }
    return reaped_;
}

void ChildProcess::kill() noexcept {
    if (!reaped_) {
        ::kill(-pid_, SIGKILL);
        while (::waitpid(pid_, &status_, 0) < 0 && errno == EINTR) {}
        reaped_ = true;
    }
}

void ChildProcess::drain_errors() {
    constexpr std::size_t kTail = 4096;
    char chunk[1024];
    for (;;) {
        const ssize_t got = ends_[kError] < 0 ? 0 : ::read(ends_[kError], chunk, sizeof chunk);
        if (got > 0) {
            errors_.append(chunk, static_cast<std::size_t>(got));
            errors_.erase(0, errors_.size() > kTail ? errors_.size() - kTail : 0);
        } else if (got < 0 && errno == EINTR) {
            continue;
        } else {
            if (got == 0) {
                close_end(kError);
            }
            return;
        }
    }
}

void ChildProcess::send(std::vector<std::byte> message) {
    message.insert(message.begin(), outbox_.begin() + static_cast<std::ptrdiff_t>(sent_), outbox_.end());
    outbox_ = std::move(message);
    sent_ = 0;
}

void ChildProcess::write_some() {
    const WithoutSigpipe guard;
    const ssize_t sent = ::write(ends_[kIn], outbox_.data() + sent_, outbox_.size() - sent_);
    if (sent > 0) {
        sent_ += static_cast<std::size_t>(sent);
    } else if (errno != EAGAIN && errno != EINTR) {
        sent_ = outbox_.size();  // it no longer reads; what it still has to say comes by its output
    }
}

ChildProcess::Outcome ChildProcess::read(std::span<std::byte> in, Deadline deadline) {
    while (!in.empty()) {
        const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - std::chrono::steady_clock::now());
        if (left.count() <= 0) {
            return Outcome::kTimeout;
        }
        pollfd watched[3] = {{sent_ == outbox_.size() ? -1 : ends_[kIn], POLLOUT, 0},
                             {ends_[kOut], POLLIN, 0},
                             {ends_[kError], POLLIN, 0}};
        constexpr std::int64_t kLongest = 1000;  // milliseconds; poll's own limit is an int
        if (::poll(watched, 3, static_cast<int>(std::min<std::int64_t>(left.count(), kLongest))) < 0) {
            continue;
        }
        if (watched[kError].revents != 0) {
            drain_errors();
        }
        if (watched[kIn].revents != 0) {
            write_some();
        }
        if (watched[kOut].revents != 0) {
            const ssize_t got = ::read(ends_[kOut], in.data(), in.size());
            if (got == 0) {
                return Outcome::kEnded;
            }
            in = in.subspan(got > 0 ? static_cast<std::size_t>(got) : 0);
        }
    }
    return Outcome::kRead;
}

std::string ChildProcess::how_it_ended() {
    constexpr std::chrono::milliseconds kGrace{500};
    if (!reap(kGrace)) {
        return "closed its output";
    }
    if (WIFSIGNALED(status_)) {
        const int signal = WTERMSIG(status_);
        return "was killed by signal " + std::to_string(signal) + " (" + ::strsignal(signal) + ")";
    }
    return "exited with code " + std::to_string(WEXITSTATUS(status_));
}

std::string ChildProcess::last_error_line() {
    drain_errors();
    const std::size_t end = errors_.find_last_not_of(" \t\r\n");
    if (end == std::string::npos) {
        return {};
    }
    const std::size_t before = errors_.find_last_of("\r\n", end);
    const std::size_t start = before == std::string::npos ? 0 : before + 1;
    return errors_.substr(start, std::min<std::size_t>(end + 1 - start, 200));
}

}  // namespace pellucid::engine
