#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "pellucid/run.hpp"

#include "engine/session.hpp"

namespace pellucid::engine {

/// Makes rows on the fly. `fill` must depend on `row` alone (its randomness on a counter-based stream): it may be called
/// from any thread, in any order, and again.
class Rows {
public:
    virtual ~Rows() = default;
    [[nodiscard]] virtual std::int64_t count() const = 0;
    /// Writes row `row` of every input, in the session's order of inputs; each span has the row's size.
    virtual void fill(std::int64_t row, std::span<const std::span<float>> inputs) const = 0;
    /// Row shapes of every input where the session leaves extents dynamic (SlotInfo::row_shape has a -1); empty: the
    /// session's own. Neighbouring rows of one shape share a block, so bring rows of one length together.
    [[nodiscard]] virtual std::vector<Shape> row_shapes(std::int64_t /*row*/) const { return {}; }
};

/// Folds answers, in row order, on the calling thread.
class Fold {
public:
    virtual ~Fold() = default;
    virtual void answer(std::int64_t row, std::span<const std::span<const float>> outputs) = 0;
    /// Asked after each `StreamOptions::checkpoint` rows: true stops there (the estimate is stable, the tolerance met).
    virtual bool done(std::int64_t /*rows*/) { return false; }
};

enum class Stop { kComplete, kDone, kTime, kEvaluations, kCancelled };

struct StreamOptions {
    Budget budget;                    ///< seconds and evaluations are what is left to *this* stream
    std::int64_t cost_per_row = 1;    ///< evaluations that a row counts for (2: forward and backward)
    std::int64_t checkpoint = 64;     ///< rows between two chances to stop; rounded up to whole blocks
    std::string stage;                ///< said by the progress bar
    Progress progress;
    CancelToken cancel;
    bool allow_non_finite = false;    ///< fold NaN and infinity instead of stopping at them
};

struct BusySeconds {
    double any = 0.0;       ///< in which at least one request was running
    double streams = 0.0;   ///< summed over the streams: those in which each had a request to run
};

struct StreamReport {
    std::int64_t rows = 0;            ///< answered and folded
    Stop stop = Stop::kComplete;
    BusySeconds busy;
    double wall_seconds = 0.0;
    std::vector<std::string> notes;   ///< e.g. "rows could not be batched: …"
};

/// Runs all rows through the session in blocks of B (short blocks padded by repeating the last row), as many requests in
/// flight as memory admits, and folds in row order.
///
/// Where it may end before the last row: the evaluations' budget ends it after exactly the rows that it pays for; time, at
/// the last checkpoint that fits (the first one is always finished, since less is of no use); `Fold::done`, at a
/// checkpoint; cancelling, after the block being waited for. What was folded stays folded. With nothing left of a budget
/// at the start no row is run.
/// Throws Error(kUnsupported) when an answer is not finite, naming the row, unless `allow_non_finite`.
StreamReport stream(Session& session, const Rows& rows, Fold& fold, const StreamOptions& options);

/// Of the machine's memory: the bound where none is given.
[[nodiscard]] std::uint64_t quarter_of_memory();

}  // namespace pellucid::engine
