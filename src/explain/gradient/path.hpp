#pragma once

#include <optional>
#include <vector>

#include "explain/baseline.hpp"
#include "explain/gradient/input_gradients.hpp"
#include "explain/gradient/quadrature.hpp"
#include "pellucid/explain.hpp"

namespace pellucid::explain {

/// sum against what was expected of it.
[[nodiscard]] Completeness completeness_of(double sum, double expected);

/// Even steps of the path at whose ends f is measured, to place n nodes by (one node is not placed): a quarter as many, and
/// 8 where there are as many. On photographs and two networks a finer map made neither error smaller
/// (docs/decisions/0010).
[[nodiscard]] std::int64_t map_steps(std::int64_t n);

/// A round after the first: the nodes that it evaluates, and those that the integral then rests on.
struct Round {
    std::int64_t evaluated, nodes;
};
/// Adaptive: midpoints, then the trapezoid's ends between them, then midpoints of that, …: each round keeps all nodes so
/// far. Other rules start anew with twice the nodes.
/// @param first, nodes  of the first round; so far
/// @return nothing where the round would go beyond max_steps: with both ends n steps have n + 1 nodes, else n
[[nodiscard]] std::optional<Round> round_after(const IntegratedGradientsOptions& options, std::int64_t first,
                                               std::int64_t nodes);

/// The straight path from a baseline to x: the integral of the gradient along it, refined by rounds.
class Path {
public:
    Path(Task& task, InputGradients& gradients, const Baseline& baseline, const IntegratedGradientsOptions& options)
        : task_(task),
          gradients_(gradients),
          baseline_(baseline),
          options_(options),
          x_(task.tensors()),
          sums_(gradients.zeros()) {}

    /// The first round, of what is left of a budget for this path and `paths - 1` more: of fewer nodes where it has to be.
    /// Throws Error(kBudget) or Error(kInterrupted) when it gave nothing.
    void start(std::int64_t paths);
    /// Further rounds, until the tolerance is met, max_steps are reached or the budget is spent.
    void refine();

    [[nodiscard]] std::int64_t nodes() const { return nodes_; }
    [[nodiscard]] double f_baseline(std::size_t target) const { return f_baseline_[target]; }
    [[nodiscard]] double f_input(std::size_t target) const { return f_input_[target]; }
    /// (x - x') times the integral.
    [[nodiscard]] double attribution(std::size_t target, std::size_t input, std::size_t at) const;

private:
    using Fill = std::function<void(std::int64_t, std::span<const std::span<float>>)>;

    [[nodiscard]] std::int64_t target_number() const { return static_cast<std::int64_t>(task_.targets.size()); }
    [[nodiscard]] bool adaptive() const { return options_.rule == "adaptive"; }
    [[nodiscard]] std::int64_t cost_of_first(std::int64_t n) const;
    [[nodiscard]] std::int64_t affordable_nodes(std::int64_t paths);
    [[nodiscard]] Fill filler(const std::vector<double>& nodes) const;
    void measure_ends();
    engine::StreamReport add(const Quadrature& rule, Sums& into, std::vector<double>& weights);
    [[nodiscard]] Quadrature mapped(Quadrature rule) const;
    void round_first();
    void round_next(const Round& round);
    [[nodiscard]] double worst_error() const;

    Task& task_;
    InputGradients& gradients_;
    const Baseline& baseline_;
    const IntegratedGradientsOptions& options_;
    std::vector<std::span<const float>> x_;
    Sums sums_;
    std::vector<double> f_baseline_, f_input_;   // of each target
    std::optional<PathMap> map_;
    std::int64_t first_ = 0, nodes_ = 0;   // of the first round; so far
    bool cut_ = false;   // by a budget or the user
};

}  // namespace pellucid::explain
