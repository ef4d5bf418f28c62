#pragma once

#include <chrono>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "engine/stream.hpp"
#include "explain/layout.hpp"
#include "model/score.hpp"
#include "pellucid/methods.hpp"

namespace pellucid::explain {

/// What one run has spent, and what is left of its budget: shared by all streams of the run.
class Spending {
public:
    explicit Spending(const RunOptions& run) : run_(run), start_(std::chrono::steady_clock::now()) {}

    /// Options for the next stream: its share is what is left.
    [[nodiscard]] engine::StreamOptions next(const std::string& stage, std::int64_t cost_per_row) const;
    void charge(const engine::StreamReport& report, std::int64_t forward_per_row, std::int64_t backward_per_row);
    void charge(Evaluations evaluations, const engine::BusySeconds& busy);

    [[nodiscard]] double seconds() const;
    [[nodiscard]] const Evaluations& evaluations() const { return evaluations_; }
    [[nodiscard]] const engine::BusySeconds& busy() const { return busy_; }

private:
    const RunOptions& run_;
    std::chrono::steady_clock::time_point start_;
    Evaluations evaluations_;
    engine::BusySeconds busy_;
};

/// What every run starts from: its targets resolved, the clock running. A black-box program has no model, only a predictor.
struct Task {
    /// @param fallback    the score that Score::kDefault means for the method
    /// @param default_top how many classes are explained when the request names no target
    Task(const Request& request, Score fallback, int default_top = 1);

    const Request& request;
    const Input& input;
    InputSpace space;
    Spending spending;
    std::vector<std::string> notes;
    std::vector<model::ResolvedTarget> targets;

    /// Throws Error(kUnsupported) when there is only a predictor.
    [[nodiscard]] const Model& model() const;
    /// The input's tensors in the network's order, whole.
    [[nodiscard]] std::vector<std::span<const float>> tensors() const;
    [[nodiscard]] const model::ScoreTensor& score() const { return targets.front().tensor; }
    /// One explanation a target, with all that is known before the method ran.
    [[nodiscard]] std::vector<Explanation> explanations() const;
    /// Notes, evaluations and seconds, once the method is done.
    void finish(std::vector<Explanation>& explanations) const;
};

/// The label, or "class 4" where there is none.
[[nodiscard]] std::string name_of_target(const ExplainedTarget& target);

/// Perturbation moves a network's first input: a note names the others, which are held.
void note_held_inputs(Task& task);

/// A stream that stopped early: adds the note, or throws kBudget or kInterrupted when nothing usable came of it.
void settle_stop(const engine::StreamReport& report, std::int64_t planned, const std::string& what, bool usable,
                 std::vector<std::string>& notes);

/// Throws Error(kUsage) where there is none.
[[nodiscard]] const Input& input_of(const Request& request);

}  // namespace pellucid::explain
