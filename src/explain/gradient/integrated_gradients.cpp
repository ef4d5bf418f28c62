// Question: how much does each input value add to the score, on the way from a baseline to the input?
// Formula:  (x - x') * integral over t in [0, 1] of df/dx at x' + t (x - x').
// Source:   [sundararajan2017], eq. 1 and 3; several baselines as in [erion2021].
// Needs:    gradients.
// Cost:     a baseline and target, n_steps passes and up to max_steps + 1, which keep those of earlier rounds; rules other
//           than adaptive keep none, up to twice max_steps. To place the nodes some n_steps / 4 forward passes a baseline.

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "explain/baseline.hpp"
#include "explain/gradient/input_gradients.hpp"
#include "explain/gradient/path.hpp"
#include "explain/row.hpp"
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
    fields.integer("max_steps", options.max_steps, {1, 1000000},
                   "no later round divides the path into more steps: as many nodes, and with adaptive, which has both "
                   "ends, one more");
}

namespace {

/// The first round of every path before any is refined, so that a budget serves all baselines.
std::vector<Path> start_paths(Task& task, InputGradients& gradients, const std::vector<Baseline>& baselines,
                              const IntegratedGradientsOptions& options) {
    std::vector<Path> paths;
    paths.reserve(baselines.size());
    for (const Baseline& baseline : baselines) {
        Path path(task, gradients, baseline, options);
        try {
            path.start(static_cast<std::int64_t>(baselines.size() - paths.size()));
        } catch (const Error& error) {
            const bool stopped = error.code() == ErrorCode::kBudget || error.code() == ErrorCode::kInterrupted;
            if (!stopped || paths.empty()) {
                throw;
            }
            task.notes.push_back("the mean is over the first " + std::to_string(paths.size()) + " of " +
                                 std::to_string(baselines.size()) + " baselines: there was no more time");
            break;
        }
        paths.push_back(std::move(path));
    }
    return paths;
}

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

void tell_completeness(const Sums& attribution, std::vector<Explanation>& explanations) {
    for (std::size_t target = 0; target < explanations.size(); ++target) {
        double sum = 0.0;
        for (const std::vector<double>& values : attribution[target]) {
            sum = std::accumulate(values.begin(), values.end(), sum);
        }
        Explanation& explanation = explanations[target];
        explanation.completeness = completeness_of(sum, explanation.f_input - explanation.f_baseline.value_or(0.0));
    }
}

/// Of whole numbers and booleans there is no path.
void note_held(const std::vector<std::size_t>& moved, Task& task) {
    std::string held;
    for (std::size_t input = 0; input < task.space.inputs.size(); ++input) {
        const TensorInfo& info = task.space.inputs[input];
        if (std::find(moved.begin(), moved.end(), input) == moved.end()) {
            held += (held.empty() ? "'" : ", '") + info.name + "' (" + info.type + ")";
        }
    }
    if (!held.empty()) {
        task.notes.push_back("the path leads through floating-point inputs only; held as given: " + held);
    }
}

std::vector<Explanation> run_integrated_gradients(const Request& request) {
    const auto options = options_of<IntegratedGradientsOptions>("integrated-gradients", request);
    Task task(request, Score::kLogit);
    const std::vector<std::size_t> moved = real_inputs(task.space);
    const auto baselines = make_baselines(task.space, task.input, options.baseline, request.run.seed, moved);
    note_held(moved, task);
    InputGradients gradients(task);
    auto explanations = task.explanations();
    Sums attribution = gradients.zeros();
    std::vector<Path> paths = start_paths(task, gradients, baselines, options);
    for (std::size_t at = 0; at < paths.size(); ++at) {
        paths[at].refine();
        add_path(paths[at], 1.0 / static_cast<double>(paths.size()), attribution, explanations);
        for (Explanation& explanation : explanations) {
            explanation.baseline += (explanation.baseline.empty() ? "" : ", ") + baselines[at].description;
        }
    }
    tell_completeness(attribution, explanations);
    gradients.store(attribution, explanations);
    task.finish(explanations);
    return explanations;
}

std::int64_t path_count(const IntegratedGradientsOptions& options) {
    return 1 + std::count(options.baseline.begin(), options.baseline.end(), ',');
}

/// Of rounds until there are `needed` nodes or max_steps allow no more, as Path::refine makes them.
Cost cost_until(const Request& request, const IntegratedGradientsOptions& options, double needed) {
    const bool adaptive = options.rule == "adaptive";
    std::int64_t nodes = options.n_steps;
    std::int64_t passes = nodes;
    while (options.tolerance > 0.0 && static_cast<double>(nodes) < needed) {
        const std::optional<Round> round = round_after(options, options.n_steps, nodes);
        if (!round) {
            break;
        }
        passes += round->evaluated;
        nodes = round->nodes;
    }
    passes *= path_count(options) * target_count(request);
    const std::int64_t ends = (adaptive ? map_steps(options.n_steps) : 1) + 1;
    return {passes + path_count(options) * ends + 1, passes};
}

Cost cost_of(const Request& request) {
    const auto options = options_of<IntegratedGradientsOptions>("integrated-gradients", request);
    return cost_until(request, options, std::numeric_limits<double>::infinity());
}

/// Over pictures of two networks the error of completeness fell with a power of the nodes between 1 and 2, most often
/// nearer 2; a plan had better be too long than too short.
constexpr double kErrorPower = 1.5;

Cost expected_of(const Request& request, const std::vector<Explanation>& probe) {
    const auto options = options_of<IntegratedGradientsOptions>("integrated-gradients", request);
    double worst = 0.0;
    for (const Explanation& explanation : probe) {
        worst = std::max(worst, explanation.completeness->error);
    }
    const double begun = probe.front().measures.at("nodes") / static_cast<double>(path_count(options));
    return cost_until(request, options, begun * std::pow(worst / options.tolerance, 1.0 / kErrorPower));
}

}  // namespace

MethodRow integrated_gradients_row() {
    return {.name = "integrated-gradients",
            .family = "gradient",
            .question = "How much does each input value add to the score, on the way from a baseline to the input?",
            .source = "Sundararajan, Taly, Yan, Axiomatic attribution for deep networks, ICML 2017 [sundararajan2017]",
            .needs = {Need::kGradients},
            .inputs = {"image", "tensor"},
            .default_score = Score::kLogit,
            .options = list_fields<IntegratedGradientsOptions>,
            .refuse = refuse_without_gradient,
            .cost_doc =
                "n_steps forward and backward passes a target and baseline, doubled up to max_steps while the "
                "tolerance is not met (rules other than adaptive start anew each time: up to twice max_steps in all); "
                "adaptive: n_steps / 4 + 1 forward passes a baseline besides (of 9 to 32 nodes 9)",
            .cost = cost_of,
            .expected = expected_of,
            .run = run_integrated_gradients};
}

Explanation integrated_gradients(const Model& model, const Input& input, const Target& target,
                                 const IntegratedGradientsOptions& options, const RunOptions& run) {
    return run_typed(integrated_gradients_row(), options, {model, input, target, run});
}

}  // namespace pellucid::explain
