#include <algorithm>
#include <cmath>
#include <deque>
#include <limits>

#include "engine/runner.hpp"
#include "pellucid/error.hpp"

namespace pellucid::engine {

namespace {

using Clock = std::chrono::steady_clock;

double seconds_since(Clock::time_point start) { return std::chrono::duration<double>(Clock::now() - start).count(); }

class BlockLoop {
public:
    BlockLoop(BlockRunner& runner, const Rows& rows, Fold& fold, const StreamOptions& options)
        : runner_(runner),
          rows_(rows),
          fold_(fold),
          options_(options),
          count_(rows.count()),
          limit_(affordable_rows()) {
        const std::int64_t block = runner.block();
        checkpoint_ = (std::max<std::int64_t>(options.checkpoint, 1) + block - 1) / block * block;
    }

    StreamReport run() {
        if (options_.budget.seconds && *options_.budget.seconds <= 0.0 && count_ > 0) {
            return report(Stop::kTime);
        }
        while (folded_ < limit_) {
            while (can_start()) {
                start_block();
            }
            if (!await_oldest()) {
                return report(Stop::kCancelled);
            }
            fold_oldest();
            if (options_.progress) {
                options_.progress(options_.stage, folded_, count_);
            }
            if (options_.cancel.cancelled() && folded_ < limit_) {
                return report(Stop::kCancelled);
            }
            if (folded_ % checkpoint_ == 0 && folded_ < count_) {
                if (fold_.done(folded_)) {
                    return report(Stop::kDone);
                }
                if (folded_ < limit_ && out_of_time()) {
                    return report(Stop::kTime);
                }
            }
        }
        return report(limit_ < count_ ? Stop::kEvaluations : Stop::kComplete);
    }

private:
    struct Flight {
        int slot;
        std::int64_t first;
        int rows;
    };

    [[nodiscard]] std::int64_t affordable_rows() const {
        if (!options_.budget.evaluations) {
            return count_;
        }
        const std::int64_t cost = std::max<std::int64_t>(options_.cost_per_row, 1);
        return std::min(count_, std::max<std::int64_t>(*options_.budget.evaluations, 0) / cost);
    }

    [[nodiscard]] bool can_start() const {
        return next_ < limit_ && static_cast<int>(flights_.size()) < runner_.slots() && !options_.cancel.cancelled();
    }

    /// Rows of one shape, never across a checkpoint: where blocks begin depends on the rows alone.
    void start_block() {
        const int slot = next_slot_;
        next_slot_ = (next_slot_ + 1) % runner_.slots();
        const std::int64_t end = std::min({next_ + runner_.block(), limit_, (next_ / checkpoint_ + 1) * checkpoint_});
        const std::vector<Shape> shapes = rows_.row_shapes(next_);
        runner_.set_shapes(slot, shapes);
        Flight flight{slot, next_, 0};
        while (next_ < end && (flight.rows == 0 || shapes.empty() || rows_.row_shapes(next_) == shapes)) {
            rows_.fill(next_, runner_.row(slot, flight.rows));
            ++flight.rows;
            ++next_;
        }
        runner_.start(slot, flight.rows);
        flights_.push_back(flight);
    }

    /// False when the user cancelled meanwhile.
    [[nodiscard]] bool await_oldest() {
        constexpr std::chrono::milliseconds kLook{20};
        if (flights_.empty()) {
            return false;
        }
        while (!runner_.wait(flights_.front().slot, kLook)) {
            if (options_.cancel.cancelled()) {
                return false;
            }
        }
        return true;
    }

    void fold_oldest() {
        const Flight flight = flights_.front();
        flights_.pop_front();
        for (int row = 0; row < flight.rows; ++row) {
            const auto answer = runner_.answer(flight.slot, row);
            if (!options_.allow_non_finite) {
                check_finite(flight.first + row, answer);
            }
            fold_.answer(flight.first + row, answer);
            ++folded_;
        }
    }

    void check_finite(std::int64_t row, const std::vector<std::span<const float>>& answer) const {
        for (std::size_t output = 0; output < answer.size(); ++output) {
            const auto bad = std::find_if_not(answer[output].begin(), answer[output].end(),
                                              [](float value) { return std::isfinite(value); });
            if (bad != answer[output].end()) {
                throw Error(ErrorCode::kUnsupported,
                            "the answer '" + runner_.output_name(output) + "' to row " + std::to_string(row) +
                                (options_.stage.empty() ? "" : " of " + options_.stage) + " is not finite",
                            "look for values outside what the model was trained on");
            }
        }
    }

    /// At a checkpoint: whether the next one would come too late, going by those that were.
    [[nodiscard]] bool out_of_time() const {
        if (!options_.budget.seconds) {
            return false;
        }
        const double spent = seconds_since(start_);
        const std::int64_t checkpoints = folded_ / checkpoint_;
        const double each = spent / static_cast<double>(checkpoints);
        return spent + each > *options_.budget.seconds;
    }

    [[nodiscard]] StreamReport report(Stop stop) const {
        StreamReport result;
        result.rows = folded_;
        result.stop = stop;
        result.busy = runner_.busy();
        result.wall_seconds = seconds_since(start_);
        return result;
    }

    BlockRunner& runner_;
    const Rows& rows_;
    Fold& fold_;
    const StreamOptions& options_;
    const Clock::time_point start_ = Clock::now();
    std::int64_t count_, limit_, checkpoint_ = 1;
    std::int64_t next_ = 0, folded_ = 0;
    int next_slot_ = 0;
    std::deque<Flight> flights_;
};

}  // namespace

StreamReport run_blocks(BlockRunner& runner, const Rows& rows, Fold& fold, const StreamOptions& options) {
    return BlockLoop(runner, rows, fold, options).run();
}

}  // namespace pellucid::engine
