// Question: how much does each input value add to the score, on the way from a baseline to the input?
// Formula:  (x - x') * integral over t in [0, 1] of df/dx at x' + t (x - x').
// Source:   Sundararajan, Taly, Yan, "Axiomatic attribution for deep networks", ICML 2017, eq. 1 and 3; several baselines
//           as in Erion et al., "Improving performance of deep learning models with axiomatic attribution priors", 2021.
// Needs:    gradients.
// Cost:     n_steps passes and up to max_steps, a baseline and target; n_steps + 1 forward passes to place the nodes.

#include <algorithm>
#include <cmath>

#include "explain/baseline.hpp"
#include "explain/gradient/input_gradients.hpp"
#include "explain/gradient/quadrature.hpp"
#include "explain/row.hpp"
#include "explain/scores.hpp"
#include "pellucid/error.hpp"
#include "pellucid/explain.hpp"

namespace pellucid::explain {

void describe(IntegratedGradientsOptions& options, Fields& fields) {
    fields.text(
        "baseline", options.baseline,
        "where the path starts: zero (of the network's tensor), black, white, mean, blur, noise, a value of the "
        "tensor, or a .npy file; several, separated by commas, are averaged");
    fields.choice("rule", options.rule,
                  {"adaptive", "gauss-legendre", "midpoint", "trapezoid", "riemann-left", "riemann-right"},
                  "nodes of the quadrature; adaptive places them where a forward pass over the path sees f change, and "
                  "keeps the nodes of earlier rounds");
    fields.integer("n_steps", options.n_steps, {1, 100000}, "nodes of the first round");
    fields.number(
        "tolerance", options.tolerance, {0, 1},
        "rounds double the nodes until |sum - (f(x) - f(baseline))| is at most this share of the difference; 0: "
        "one round");
    fields.integer("max_steps", options.max_steps, {1, 1000000}, "no later round goes beyond this many nodes");
}

namespace {

std::string percent_text(double share) { return number_text(std::round(share * 1e4) / 100.0) + " %"; }

using Sums = std::vector<std::vector<std::vector<double>>>;  // [target][input][value]

/// One path, from a baseline to x: its integrals, refined by rounds.
class Path {
public:
    Path(Task& task, InputGradients& gradients, const Baseline& baseline, const IntegratedGradientsOptions& options)
        : task_(task), gradients_(gradients), baseline_(baseline), options_(options), sums_(gradients.zeros()) {}

    /// Throws kBudget or kInterrupted when not even the first round was finished.
    void integrate() {
        measure_ends();
        bool more = round_first();
        while (more && worst_error() > options_.tolerance && options_.tolerance > 0.0) {
            more = 2 * (nodes_ - 1) <= options_.max_steps && round_next();
        }
        if (options_.tolerance > 0.0 && worst_error() > options_.tolerance) {
            task_.notes.push_back("completeness error " + percent_text(worst_error()) + " after " +
                                  std::to_string(nodes_) + " nodes is above the tolerance " +
                                  percent_text(options_.tolerance) + ": raise max_steps");
        }
    }

    [[nodiscard]] std::int64_t nodes() const { return nodes_; }
    [[nodiscard]] double f_baseline(std::size_t target) const { return ends_[target].front(); }
    [[nodiscard]] double f_input(std::size_t target) const { return ends_[target].back(); }
    /// (x - x') times the integral.
    [[nodiscard]] double attribution(std::size_t target, std::size_t input, std::size_t at) const {
        const std::size_t tensor = gradients_.inputs()[input];
        const double difference = double{task_.tensors()[tensor][at]} - double{baseline_.tensors[tensor][at]};
        return difference * sums_[target][input][at];
    }

private:
    [[nodiscard]] std::function<void(std::int64_t, std::span<const std::span<float>>)> filler(
        const std::vector<double>& nodes) const {
        return [&nodes, x = task_.tensors(), this](std::int64_t point, std::span<const std::span<float>> inputs) {
            const auto t = static_cast<float>(nodes[static_cast<std::size_t>(point)]);
            for (std::size_t input = 0; input < inputs.size(); ++input) {
                const Array& from = baseline_.tensors[input];
                for (std::size_t at = 0; at < inputs[input].size(); ++at) {
                    inputs[input][at] = from[at] + t * (x[input][at] - from[at]);
                }
            }
        };
    }

    void measure_ends() {
        const bool map = options_.rule == "adaptive" && options_.n_steps > 1;
        const std::int64_t steps = map ? options_.n_steps : 1;
        std::vector<double> nodes;
        for (std::int64_t step = 0; step <= steps; ++step) {
            nodes.push_back(static_cast<double>(step) / static_cast<double>(steps));
        }
        ends_ = scores_at(task_, {static_cast<std::int64_t>(nodes.size()), filler(nodes)}, "path");
        if (map) {
            map_.emplace(ends_);
        }
    }

    /// Adds sum over nodes of weight * gradient to `into`; false when a budget or the user cut the round short.
    bool add(const Quadrature& rule, Sums& into) {
        const Points points{static_cast<std::int64_t>(rule.nodes.size()), filler(rule.nodes)};
        const auto report = gradients_.at(points, "integrated-gradients", [&](const PointAnswer& answer) {
            const double weight = rule.weights[static_cast<std::size_t>(answer.point)];
            for (std::size_t input = 0; input < answer.gradients.size(); ++input) {
                std::vector<double>& sum = into[answer.target][input];
                const std::span<const float> gradient = answer.gradients[input];
                for (std::size_t at = 0; at < gradient.size(); ++at) {
                    sum[at] += weight * double{gradient[at]};
                }
            }
        });
        const auto planned = points.count * static_cast<std::int64_t>(task_.targets.size());
        const bool whole = report.rows == planned;
        settle_stop(report, planned, "passes of this round, which was left out", whole || nodes_ > 0, task_.notes);
        return whole;
    }

    /// Nodes in s, carried to t with the factor dt/ds.
    [[nodiscard]] Quadrature mapped(Quadrature rule) const {
        for (std::size_t node = 0; map_ && node < rule.nodes.size(); ++node) {
            rule.weights[node] *= map_->slope(rule.nodes[node]);
            rule.nodes[node] = map_->t(rule.nodes[node]);
        }
        return rule;
    }

    bool round_first() {
        const std::int64_t n = options_.n_steps;
        const bool whole = add(mapped(quadrature(options_.rule == "adaptive" ? "midpoint" : options_.rule, n)), sums_);
        nodes_ = n;
        return whole;
    }

    /// Adaptive: midpoints, then the trapezoid's ends between them, then midpoints of that, …: each round keeps all
    /// nodes so far, at half their weight. Other rules start anew with twice the nodes.
    bool round_next() {
        Sums fresh = gradients_.zeros();
        const bool nested = options_.rule == "adaptive";
        const bool ends = nested && nodes_ == options_.n_steps;
        const std::int64_t n = !nested ? nodes_ * 2 : ends ? nodes_ + 1 : nodes_ - 1;
        if (!add(mapped(quadrature(ends ? "trapezoid" : nested ? "midpoint" : options_.rule, n)), fresh)) {
            return false;
        }
        const double keep = nested ? 0.5 : 0.0;
        for (std::size_t target = 0; target < sums_.size(); ++target) {
            for (std::size_t input = 0; input < sums_[target].size(); ++input) {
                std::vector<double>& sum = sums_[target][input];
                for (std::size_t at = 0; at < sum.size(); ++at) {
                    sum[at] = keep * sum[at] + (1.0 - keep) * fresh[target][input][at];
                }
            }
        }
        nodes_ = nested ? nodes_ + n : n;
        return true;
    }

    [[nodiscard]] double worst_error() const {
        double worst = 0.0;
        for (std::size_t target = 0; target < sums_.size(); ++target) {
            double sum = 0.0;
            for (std::size_t input = 0; input < sums_[target].size(); ++input) {
                for (std::size_t at = 0; at < sums_[target][input].size(); ++at) {
                    sum += attribution(target, input, at);
                }
            }
            const double expected = f_input(target) - f_baseline(target);
            worst = std::max(worst, std::abs(sum - expected) / std::max(std::abs(expected), 1e-12));
        }
        return worst;
    }

    Task& task_;
    InputGradients& gradients_;
    const Baseline& baseline_;
    const IntegratedGradientsOptions& options_;
    Sums sums_;
    std::vector<std::vector<double>> ends_;  // [target][step]
    std::optional<PathMap> map_;
    std::int64_t nodes_ = 0;
};

void add_path(const Path& path, double share, Sums& attribution, std::vector<Explanation>& explanations) {
    for (std::size_t target = 0; target < explanations.size(); ++target) {
        for (std::size_t input = 0; input < attribution[target].size(); ++input) {
            for (std::size_t at = 0; at < attribution[target][input].size(); ++at) {
                attribution[target][input][at] += share * path.attribution(target, input, at);
            }
        }
        Explanation& explanation = explanations[target];
        explanation.f_input = path.f_input(target);
        explanation.f_baseline = explanation.f_baseline.value_or(0.0) + share * path.f_baseline(target);
        explanation.measures["nodes"] += static_cast<double>(path.nodes());
    }
}

void check_completeness(const Sums& attribution, std::vector<Explanation>& explanations) {
    for (std::size_t target = 0; target < explanations.size(); ++target) {
        Completeness completeness;
        for (const std::vector<double>& values : attribution[target]) {
            for (const double value : values) {
                completeness.sum += value;
            }
        }
        completeness.expected = explanations[target].f_input - explanations[target].f_baseline.value_or(0.0);
        completeness.error =
            std::abs(completeness.sum - completeness.expected) / std::max(std::abs(completeness.expected), 1e-12);
        explanations[target].completeness = completeness;
    }
}

std::vector<Explanation> run_integrated_gradients(const Request& request) {
    const auto options = options_of<IntegratedGradientsOptions>("integrated-gradients", request);
    Task task(request, Score::kLogit);
    const auto baselines = make_baselines(task.space, task.input, options.baseline, request.run.seed);
    InputGradients gradients(task);
    auto explanations = task.explanations();
    Sums attribution = gradients.zeros();
    for (const Baseline& baseline : baselines) {
        Path path(task, gradients, baseline, options);
        path.integrate();
        add_path(path, 1.0 / static_cast<double>(baselines.size()), attribution, explanations);
        for (Explanation& explanation : explanations) {
            explanation.baseline += (explanation.baseline.empty() ? "" : ", ") + baseline.description;
        }
    }
    check_completeness(attribution, explanations);
    gradients.store(attribution, explanations);
    task.finish(explanations);
    return explanations;
}

Cost cost_of(const Request& request) {
    const auto options = options_of<IntegratedGradientsOptions>("integrated-gradients", request);
    const std::int64_t paths = 1 + std::count(options.baseline.begin(), options.baseline.end(), ',');
    const std::int64_t nodes =
        options.tolerance > 0.0 ? std::max(options.n_steps, options.max_steps + 1) : options.n_steps;
    const std::int64_t passes = paths * nodes * target_count(request);
    return {passes + paths * (options.n_steps + 1) + 1, passes};
}

}  // namespace

MethodRow integrated_gradients_row() {
    return {.name = "integrated-gradients",
            .family = "gradient",
            .question = "How much does each input value add to the score, on the way from a baseline to the input?",
            .source = "Sundararajan, Taly, Yan, Axiomatic attribution for deep networks, ICML 2017",
            .needs = {Need::kGradients},
            .inputs = {"image", "tensor"},
            .default_score = Score::kLogit,
            .options = list_fields<IntegratedGradientsOptions>,
            .refuse = refuse_without_gradient,
            .cost_doc =
                "n_steps forward and backward passes a target and baseline, doubled up to max_steps while the "
                "tolerance is not met; n_steps + 1 forward passes a baseline",
            .cost = cost_of,
            .run = run_integrated_gradients};
}

Explanation integrated_gradients(const Model& model, const Input& input, const Target& target,
                                 const IntegratedGradientsOptions& options, const RunOptions& run) {
    return run_typed(integrated_gradients_row(), options, {model, input, target, run});
}

}  // namespace pellucid::explain
