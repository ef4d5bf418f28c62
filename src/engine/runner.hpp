#pragma once

#include <chrono>
#include <span>
#include <string>
#include <vector>

#include "engine/stream.hpp"

namespace pellucid::engine {

/// What answers blocks of rows: a compiled graph, several requests at a time, or a predictor, one at a time. A slot is
/// the memory of one block in flight.
class BlockRunner {
public:
    virtual ~BlockRunner() = default;
    [[nodiscard]] virtual int block() const = 0;
    [[nodiscard]] virtual int slots() const = 0;
    /// Before rows are written; empty: the runner's own shapes.
    virtual void set_shapes(int slot, const std::vector<Shape>& row_shapes) = 0;
    [[nodiscard]] virtual std::vector<std::span<float>> row(int slot, int row) = 0;
    virtual void start(int slot, int rows) = 0;
    /// False when the slot is not finished after `patience`. Throws what the run threw.
    [[nodiscard]] virtual bool wait(int slot, std::chrono::milliseconds patience) = 0;
    [[nodiscard]] virtual std::vector<std::span<const float>> answer(int slot, int row) const = 0;
    [[nodiscard]] virtual std::string output_name(std::size_t output) const = 0;
    [[nodiscard]] virtual BusySeconds busy() = 0;
};

/// The one loop: rows made on the fly, blocks answered, answers folded in row order, stops at fixed row counts.
[[nodiscard]] StreamReport run_blocks(BlockRunner& runner, const Rows& rows, Fold& fold, const StreamOptions& options);

}  // namespace pellucid::engine
