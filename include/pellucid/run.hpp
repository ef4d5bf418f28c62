#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

namespace pellucid {

/// How much a run may spend. What is not set is not limited.
struct Budget {
    std::optional<double> seconds;            ///< wall time; ends at a fixed row count, which is recorded
    std::optional<std::int64_t> evaluations;  ///< model evaluations (rows), forward and backward counted alike
    std::uint64_t memory_bytes = 0;           ///< bound on requests in flight; 0: a quarter of the machine's memory
};

/// Set from a signal handler or another thread; a run that sees it stops at the next block and keeps what is done.
class CancelToken {
public:
    void cancel() noexcept { flag_->store(true); }
    [[nodiscard]] bool cancelled() const noexcept { return flag_->load(); }

private:
    std::shared_ptr<std::atomic<bool>> flag_ = std::make_shared<std::atomic<bool>>(false);
};

/// Called from the running thread after each block. `total` is 0 where it is not known.
using Progress = std::function<void(const std::string& stage, std::int64_t done, std::int64_t total)>;

/// What every method run takes besides its own options.
struct RunOptions {
    Budget budget;
    std::uint64_t seed = 0;
    Progress progress;
    CancelToken cancel;
};

}  // namespace pellucid
