#include "explain/plan.hpp"

#include <malloc.h>

#include <algorithm>
#include <chrono>
#include <fstream>
#include <limits>
#include <string>

#include "explain/gradient/input_gradients.hpp"
#include "model/network.hpp"
#include "pellucid/error.hpp"

namespace pellucid::explain {

namespace {

using Clock = std::chrono::steady_clock;

// Streams answer in bursts: over so many blocks and so long their pace is known to a few percent.
constexpr std::int64_t kBlocks = 12;
constexpr double kSeconds = 1.5;
constexpr double kLongestSeconds = 6.0;   // with fewer blocks, where one takes as long as this

/// Follows the stream that bears the method's name and cancels it once its pace is known.
class Pace {
public:
    /// @param rows   at least so many, or the method has nothing to show
    /// @param model  whose first use ends the run at once; may be null
    Pace(const MethodRow& row, std::int64_t rows, CancelToken users, const Model* model)
        : stage_(row.name), rows_(rows), users_(std::move(users)), model_(model) {}

    void seen(const std::string& stage, std::int64_t done) {
        const double now = seconds();
        if (stage == stage_) {
            first_ = blocks_ == 0 ? now : first_;
            rounds_ += done < done_ ? done_ : 0;   // a further round counts from 0
            ++blocks_;
            done_ = done;
            last_ = now;
            const auto rows = static_cast<double>(rounds_ + done);
            sum_rows_ += rows;
            sum_seconds_ += now;
            sum_squares_ += rows * rows;
            sum_products_ += rows * now;
            const double spent = now - first_;
            const bool known = (blocks_ >= kBlocks && spent > kSeconds) || (blocks_ > 1 && spent > kLongestSeconds);
            if (known && done >= rows_) {
                ended_early_ = true;
                token_.cancel();
            }
        }
        if (users_.cancelled() || first_use()) {
            token_.cancel();
        }
    }

    /// Whether something was compiled or checked that later runs find on the disk.
    [[nodiscard]] bool first_use() const { return model_ != nullptr && model_->impl().first_use; }

    [[nodiscard]] const CancelToken& token() const { return token_; }
    [[nodiscard]] bool ended_early() const { return ended_early_; }
    /// From the beginning to the last block that was seen: what was under way then is not counted.
    [[nodiscard]] double seconds_seen() const { return last_; }
    /// Slope of the line through (rows, seconds), by least squares.
    [[nodiscard]] double seconds_a_row() const {
        const auto n = static_cast<double>(blocks_);
        const double spread = sum_squares_ - sum_rows_ * sum_rows_ / n;
        return spread > 0.0 ? (sum_products_ - sum_rows_ * sum_seconds_ / n) / spread : 0.0;
    }

private:
    [[nodiscard]] double seconds() const { return std::chrono::duration<double>(Clock::now() - begun_).count(); }

    const Clock::time_point begun_ = Clock::now();
    std::string stage_;
    std::int64_t rows_, blocks_ = 0, rounds_ = 0, done_ = 0;
    CancelToken users_, token_;
    const Model* model_;
    double first_ = 0.0, last_ = 0.0;
    double sum_rows_ = 0.0, sum_seconds_ = 0.0, sum_squares_ = 0.0, sum_products_ = 0.0;
    bool ended_early_ = false;
};

/// From now on the system counts the largest that the process is from what it is now; where it does not let itself be told,
/// the plan names the larger figure.
void forget_peak() {
    ::malloc_trim(0);   // what runs before left free would stay counted
    std::ofstream("/proc/self/clear_refs") << "5";
}

/// The largest that the process has been, as the system counts it.
std::uint64_t peak_bytes() {
    std::ifstream status("/proc/self/status");
    std::string key;
    while (status >> key) {
        std::uint64_t kibibytes = 0;
        if (key == "VmHWM:" && status >> kibibytes) {
            return kibibytes * 1024;
        }
        status.ignore(std::numeric_limits<std::streamsize>::max(), '\n');
    }
    return 0;
}

std::int64_t sum(const Cost& cost) { return cost.forward + cost.backward; }

Cost shortened(const Cost& cost, std::int64_t evaluations) {
    if (evaluations >= sum(cost)) {
        return cost;
    }
    const double share = static_cast<double>(evaluations) / static_cast<double>(sum(cost));
    const auto backward = static_cast<std::int64_t>(share * static_cast<double>(cost.backward));
    return {evaluations - backward, backward};
}

/// What is still to be done once the run was ended early.
void reckon_rest(const Budget& budget, const Pace& pace, const Evaluations& done, Plan& made) {
    if (budget.evaluations) {
        made.evaluations = shortened(made.evaluations, *budget.evaluations);
    }
    if (sum(made.evaluations) < done.forward + done.backward) {
        made.evaluations = {done.forward, done.backward};
    }
    const std::int64_t cost_per_row = made.evaluations.backward > 0 ? 2 : 1;
    const double each = pace.seconds_a_row() / static_cast<double>(cost_per_row);
    const std::int64_t spent = done.forward + done.backward;
    made.seconds = pace.seconds_seen() + each * static_cast<double>(sum(made.evaluations) - spent);
    if (budget.seconds && *budget.seconds < made.seconds && each > 0.0) {
        const double rows = std::max(*budget.seconds - pace.seconds_seen(), 0.0) / each;
        made.evaluations = shortened(made.evaluations, spent + static_cast<std::int64_t>(rows));
        made.seconds = std::max(*budget.seconds, pace.seconds_seen());
    }
}

/// As good as just loaded, but for f(x), which is known before any method runs.
void forget_graphs(Model::Impl& impl) { impl.sessions.forget_all_but("logits"); }

std::vector<Explanation> begin(const MethodRow& row, const Request& request, Pace& pace) {
    Request probe = request;
    probe.run.cancel = pace.token();
    probe.run.progress = [&pace](const std::string& stage, std::int64_t done, std::int64_t) { pace.seen(stage, done); };
    try {
        return run(row, probe);
    } catch (const Error& error) {
        if (error.code() == ErrorCode::kInterrupted && pace.first_use()) {
            return {};
        }
        throw;
    }
}

Plan made_of(const MethodRow& row, const Request& request, const Pace& pace, const std::vector<Explanation>& begun) {
    const Evaluations& done = begun.front().evaluations;
    Plan made;
    made.bytes = peak_bytes();
    made.at_most = row.cost(request);
    if (request.run.budget.evaluations) {
        made.at_most = shortened(made.at_most, *request.run.budget.evaluations);
    }
    if (pace.ended_early()) {
        made.evaluations = row.expected != nullptr ? row.expected(request, begun) : made.at_most;
        reckon_rest(request.run.budget, pace, done, made);
    } else {
        made.evaluations = {done.forward, done.backward};
        made.seconds = begun.front().total_seconds;
    }
    return made;
}

}  // namespace

Plan plan(const MethodRow& row, const Request& request) {
    // A graph is compiled once, checked once as it then comes from the disk, and found there, checked, by every later run:
    // of such a one the plan tells.
    for (int attempts_left = 2;; --attempts_left) {
        if (request.model != nullptr) {
            request.model->impl().first_use = false;   // f(x) may have been compiled before
        }
        forget_peak();
        Pace pace(row, 2 * target_count(request), request.run.cancel, attempts_left > 0 ? request.model : nullptr);
        const std::vector<Explanation> begun = begin(row, request, pace);
        if (request.run.cancel.cancelled()) {
            throw Error(ErrorCode::kInterrupted, "interrupted before the plan was made");
        }
        if (!pace.first_use()) {
            return made_of(row, request, pace, begun);
        }
        forget_graphs(request.model->impl());
    }
}

}  // namespace pellucid::explain
