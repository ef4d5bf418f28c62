#include "engine/stream.hpp"

#include <unistd.h>

#include <algorithm>
#include <condition_variable>
#include <mutex>

#include "engine/compiled_session.hpp"
#include "engine/core.hpp"
#include "engine/request.hpp"
#include "engine/runner.hpp"
#include "pellucid/error.hpp"

namespace pellucid::engine {

namespace {

using Clock = std::chrono::steady_clock;

/// Counts the requests that run, the time in which any does, and the time that all streams together worked: a request in
/// flight beyond their number waits for one.
class Activity {
public:
    explicit Activity(int streams) : streams_(streams) {}
    void began() {
        const std::lock_guard lock(mutex_);
        count();
        ++running_;
    }
    void ended(bool& finished) {
        {
            const std::lock_guard lock(mutex_);
            finished = true;
            count();
            --running_;
            // Notified under the lock: once it is free, the waiter may destroy this object.
            changed_.notify_all();
        }
    }
    [[nodiscard]] bool wait(const bool& finished, std::chrono::milliseconds patience) {
        std::unique_lock lock(mutex_);
        return changed_.wait_for(lock, patience, [&] { return finished; });
    }
    void wait(const bool& finished) {
        std::unique_lock lock(mutex_);
        changed_.wait(lock, [&] { return finished; });
    }
    [[nodiscard]] BusySeconds seconds() {
        const std::lock_guard lock(mutex_);
        count();
        return busy_;
    }

private:
    /// Up to now, as many ran as have until now.
    void count() {
        const Clock::time_point now = Clock::now();
        const double seconds = std::chrono::duration<double>(now - since_).count();
        since_ = now;
        busy_.any += running_ > 0 ? seconds : 0.0;
        busy_.streams += seconds * std::min(running_, streams_);
    }

    mutable std::mutex mutex_;
    std::condition_variable changed_;
    int streams_, running_ = 0;
    Clock::time_point since_ = Clock::now();
    BusySeconds busy_;
};

std::uint64_t memory_bound(const Budget& budget) {
    if (budget.memory_bytes > 0) {
        return budget.memory_bytes;
    }
    return quarter_of_memory();
}

class SessionRunner final : public BlockRunner {
public:
    SessionRunner(CompiledSession& session, int slots)
        : session_(session), activity_(session.streams()), in_flight_(slots) {
        for (InFlight& one : in_flight_) {
            one.block = std::make_unique<BlockRequest>(session);
            one.block->request().set_callback(
                [this, &one](const std::exception_ptr&) { activity_.ended(one.finished); });
        }
    }
    SessionRunner(const SessionRunner&) = delete;
    SessionRunner& operator=(const SessionRunner&) = delete;

    ~SessionRunner() override {
        for (InFlight& one : in_flight_) {
            if (!one.started) {
                continue;
            }
            try {
                one.block->request().cancel();
                activity_.wait(one.finished);
                one.block->request().wait();
            } catch (...) {  // cancelled, or failed in a way that nobody asks about any more
            }
        }
    }

    [[nodiscard]] int block() const override { return session_.block(); }
    [[nodiscard]] int slots() const override { return static_cast<int>(in_flight_.size()); }
    void set_shapes(int slot, const std::vector<Shape>& row_shapes) override { at(slot).block->set_shapes(row_shapes); }
    [[nodiscard]] std::vector<std::span<float>> row(int slot, int row) override { return at(slot).block->row(row); }

    void start(int slot, int rows) override {
        InFlight& one = at(slot);
        one.block->finish_rows(rows);
        one.finished = false;
        activity_.began();
        one.started = true;
        one.block->request().start_async();
    }

    [[nodiscard]] bool wait(int slot, std::chrono::milliseconds patience) override {
        InFlight& one = at(slot);
        if (!activity_.wait(one.finished, patience)) {
            return false;
        }
        one.started = false;
        try {
            one.block->request().wait();
        } catch (const std::exception& error) {
            throw Error(ErrorCode::kUnsupported, "the network does not run on these rows: " + engine_reason(error));
        }
        one.block->collect();
        return true;
    }

    [[nodiscard]] std::vector<std::span<const float>> answer(int slot, int row) const override {
        return in_flight_[static_cast<std::size_t>(slot)].block->answer(row);
    }
    [[nodiscard]] std::string output_name(std::size_t output) const override { return session_.outputs()[output].name; }
    [[nodiscard]] BusySeconds busy() override { return activity_.seconds(); }

private:
    struct InFlight {
        std::unique_ptr<BlockRequest> block;
        bool started = false;    ///< seen by the calling thread only
        bool finished = false;   ///< under the lock of `activity_`
    };
    [[nodiscard]] InFlight& at(int slot) { return in_flight_[static_cast<std::size_t>(slot)]; }

    CompiledSession& session_;
    Activity activity_;
    std::vector<InFlight> in_flight_;
};

/// Two more than can run, so that rows are made while all streams work; fewer where memory or the rows are short.
int slots_for(const CompiledSession& session, const Rows& rows, const Budget& budget) {
    const std::uint64_t by_memory = memory_bound(budget) / std::max<std::uint64_t>(session.request_bytes(), 1);
    const std::int64_t blocks = (rows.count() + session.block() - 1) / session.block();
    const std::uint64_t most = std::min<std::uint64_t>(static_cast<std::uint64_t>(session.streams()) + 2, by_memory);
    return static_cast<int>(
        std::clamp<std::int64_t>(static_cast<std::int64_t>(most), 1, std::max<std::int64_t>(blocks, 1)));
}

}  // namespace

std::uint64_t quarter_of_memory() {
    return static_cast<std::uint64_t>(::sysconf(_SC_PHYS_PAGES)) * static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE)) /
           4;
}

StreamReport stream(Session& session, const Rows& rows, Fold& fold, const StreamOptions& options) {
    auto* compiled = dynamic_cast<CompiledSession*>(&session);
    if (compiled == nullptr) {
        throw Error(ErrorCode::kInternal, "only sessions made by Session::compile can be streamed");
    }
    SessionRunner runner(*compiled, slots_for(*compiled, rows, options.budget));
    StreamReport report = run_blocks(runner, rows, fold, options);
    report.notes = session.notes();
    return report;
}

}  // namespace pellucid::engine
