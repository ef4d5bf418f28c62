// Question: to which input values is this score sensitive, once the gradient's local noise is averaged away?
// Formula:  mean over samples of df/dx at x + N(0, sigma^2), sigma = noise_level * (max(x) - min(x)); squared: of its
//           square.
// Source:   [smilkov2017], eq. 1; the square: [hooker2019].
// Needs:    gradients.
// Cost:     num_samples forward and backward passes a target; fewer when it is stable earlier.

#include <algorithm>
#include <cmath>

#include "core/random.hpp"
#include "explain/gradient/input_gradients.hpp"
#include "explain/row.hpp"
#include "pellucid/explain.hpp"

namespace pellucid::explain {

void describe(SmoothGradOptions& options, Fields& fields) {
    fields.integer("num_samples", options.num_samples, {1, 10000000}, "noisy copies of the input");
    fields.number("noise_level", options.noise_level, at_least(0),
                  "standard deviation of the noise, as a share of the input tensor's max - min");
    fields.flag("squared", options.squared, "average the square of the gradient (SmoothGrad-squared)");
    fields.number("stable", options.stable, at_least(0),
                  "stop early once the relative standard error of the map is at most this; 0: never");
}

namespace {

/// The noise's standard deviation of each input; 0 for those that are not in `noisy`.
std::vector<float> sigmas_of(const Task& task, const SmoothGradOptions& options,
                             const std::vector<std::size_t>& noisy) {
    std::vector<float> sigmas(task.tensors().size(), 0.0F);
    for (const std::size_t input : noisy) {
        const std::span<const float> x = task.tensors()[input];
        const auto [low, high] = std::minmax_element(x.begin(), x.end());
        sigmas[input] = static_cast<float>(options.noise_level * (double{*high} - double{*low}));
    }
    return sigmas;
}

void note_no_noise(const std::vector<float>& sigmas, const SmoothGradOptions& options,
                   std::vector<std::string>& notes) {
    if (std::any_of(sigmas.begin(), sigmas.end(), [](float sigma) { return sigma > 0.0F; })) {
        return;
    }
    notes.emplace_back(options.noise_level == 0.0
                           ? "noise_level is 0: nothing is smoothed, and this is the plain gradient"
                           : "the input has one value everywhere, and the noise is a share of its range: nothing is "
                             "smoothed, and this is the plain gradient; occlusion or integrated-gradients, with a fill "
                             "or baseline unlike the input, do change it");
}

Points noisy_points(const Task& task, const SmoothGradOptions& options, const std::vector<float>& sigmas) {
    return {options.num_samples, [x = task.tensors(), sigmas, seed = task.request.run.seed](
                                     std::int64_t sample, std::span<const std::span<float>> inputs) {
                for (std::size_t input = 0; input < inputs.size(); ++input) {
                    core::RandomStream random(seed, static_cast<std::uint32_t>(input),
                                              static_cast<std::uint64_t>(sample));
                    for (std::size_t at = 0; at < inputs[input].size(); ++at) {
                        const float noise = sigmas[input] == 0.0F ? 0.0F : static_cast<float>(random.normal());
                        inputs[input][at] = x[input][at] + sigmas[input] * noise;
                    }
                }
            }};
}

/// Running mean and sum of squared deviations of what is averaged (Welford), for each target and value.
struct Moments {
    Sums mean, deviation;
    std::vector<std::int64_t> samples;   ///< of each target: a budget may end between two of them

    void add(const PointAnswer& answer, bool squared) {
        const double share = 1.0 / static_cast<double>(++samples[answer.target]);
        for (std::size_t input = 0; input < answer.gradients.size(); ++input) {
            double* const means = mean[answer.target][input].data();
            double* const deviations = deviation[answer.target][input].data();
            const std::span<const float> gradients = answer.gradients[input];
            for (std::size_t at = 0; at < gradients.size(); ++at) {
                const double gradient = double{gradients[at]};
                const double value = squared ? gradient * gradient : gradient;
                const double difference = value - means[at];
                means[at] += share * difference;
                deviations[at] += difference * (value - means[at]);
            }
        }
    }

    [[nodiscard]] double standard_error(std::size_t target, std::size_t input, std::size_t at) const {
        const auto n = static_cast<double>(samples[target]);
        return samples[target] < 2 ? 0.0 : std::sqrt(deviation[target][input][at] / (n - 1.0) / n);
    }

    /// Norm of the standard errors over norm of the map, over all inputs.
    [[nodiscard]] double relative_error(std::size_t target) const {
        double errors = 0.0;
        double values = 0.0;
        for (std::size_t input = 0; input < mean[target].size(); ++input) {
            for (std::size_t at = 0; at < mean[target][input].size(); ++at) {
                errors += standard_error(target, input, at) * standard_error(target, input, at);
                values += mean[target][input][at] * mean[target][input][at];
            }
        }
        return values > 0.0 ? std::sqrt(errors / values) : 0.0;
    }

    [[nodiscard]] double worst_error() const {
        double worst = 0.0;
        for (std::size_t target = 0; target < mean.size(); ++target) {
            worst = std::max(worst, relative_error(target));
        }
        return worst;
    }
};

std::vector<Explanation> run_smoothgrad(const Request& request) {
    const auto options = options_of<SmoothGradOptions>("smoothgrad", request);
    Task task(request, Score::kLogit);
    InputGradients gradients(task);
    const std::vector<float> sigmas = sigmas_of(task, options, gradients.inputs());
    note_no_noise(sigmas, options, task.notes);
    Moments moments{gradients.zeros(), gradients.zeros(), std::vector<std::int64_t>(task.targets.size(), 0)};
    const auto stable = [&](std::int64_t points) {
        return options.stable > 0.0 && points > 1 && moments.worst_error() <= options.stable;
    };
    const auto report = gradients.at(
        noisy_points(task, options, sigmas), "smoothgrad",
        [&](const PointAnswer& answer) { moments.add(answer, options.squared); }, stable);
    const auto targets = static_cast<std::int64_t>(task.targets.size());
    settle_stop(report, options.num_samples * targets, "passes", report.rows >= targets, task.notes);

    auto explanations = task.explanations();
    gradients.store(moments.mean, explanations);
    for (std::size_t target = 0; target < explanations.size(); ++target) {
        std::vector<double> errors(moments.mean[target][0].size());
        for (std::size_t at = 0; at < errors.size(); ++at) {
            errors[at] = moments.standard_error(target, 0, at);
        }
        explanations[target].is_signed = !options.squared;
        explanations[target].standard_error = gradients.shaped(0, errors);
        explanations[target].measures["samples"] = static_cast<double>(moments.samples[target]);
        explanations[target].measures["relative_standard_error"] = moments.relative_error(target);
    }
    task.finish(explanations);
    return explanations;
}

Cost cost_of(const Request& request) {
    const auto options = options_of<SmoothGradOptions>("smoothgrad", request);
    const std::int64_t passes = options.num_samples * target_count(request);
    return {passes + 1, passes};
}

Cost expected_of(const Request& request, const std::vector<Explanation>& probe) {
    const auto options = options_of<SmoothGradOptions>("smoothgrad", request);
    const std::int64_t passes =
        samples_until_stable(probe, options.stable, options.num_samples) * target_count(request);
    return {passes + 1, passes};
}

}  // namespace

MethodRow smoothgrad_row() {
    return {
        .name = "smoothgrad",
        .family = "gradient",
        .question = "To which input values is this score sensitive, once the gradient's noise is averaged away?",
        .source =
            "Smilkov, Thorat, Kim, Viegas, Wattenberg, SmoothGrad: removing noise by adding noise, 2017 [smilkov2017]",
        .needs = {Need::kGradients},
        .inputs = {"image", "tensor"},
        .default_score = Score::kLogit,
        .options = list_fields<SmoothGradOptions>,
        .refuse = refuse_without_gradient,
        .cost_doc = "num_samples forward and backward passes a target",
        .cost = cost_of,
        .expected = expected_of,
        .run = run_smoothgrad};
}

Explanation smoothgrad(const Model& model, const Input& input, const Target& target, const SmoothGradOptions& options,
                       const RunOptions& run) {
    return run_typed(smoothgrad_row(), options, {model, input, target, run});
}

}  // namespace pellucid::explain
