// Question: which superpixels, present or absent, move the answer, near this picture?
// Formula:  the weighted ridge fit of f over masks z of the superpixels: z_j is 1 or 0 with probability one half, row 0 all
//           ones; weight sqrt(exp(-d^2 / kernel_width^2)), d the cosine distance of z from all ones.
// Source:   [ribeiro2016], eq. 1-2, with the defaults of the authors' image explainer.
// Needs:    scores, a picture.
// Cost:     num_samples forward passes for all targets together; fewer when it is stable earlier.

#include <algorithm>
#include <cmath>
#include <future>

#include <Eigen/Cholesky>

#include "core/random.hpp"
#include "explain/perturbation/features.hpp"
#include "explain/perturbation/weighted_ridge.hpp"
#include "explain/row.hpp"
#include "explain/scores.hpp"
#include "pellucid/explain.hpp"

namespace pellucid::explain {

void describe(LimeOptions& options, Fields& fields) {
    fields.integer("num_samples", options.num_samples, {2, 100000000}, "masked pictures, the whole picture among them");
    fields.integer("top_labels", options.top_labels, {1, 100000},
                   "classes explained from one set of answers, where no target is named");
    fields.choice("superpixels", options.superpixels, {"quickshift", "slic", "grid"}, "how the picture is cut");
    fields.text("segments", options.segments,
                "your own superpixels: a .npy of labels, [height, width] of the network's input");
    fields.text(
        "fill", options.fill,
        "what absent superpixels show: black, white, segment-mean, mean, blur, noise, or a value from 0 to 255");
    fields.number("kernel_width", options.kernel_width, {1e-6, 1e6}, "width of the kernel, in cosine distance");
    fields.number("ridge", options.ridge, at_least(0), "penalty on the squares of the coefficients");
    fields.integer("num_features", options.num_features, {1, 100000000}, "superpixels kept in the explanation");
    fields.choice("feature_selection", options.feature_selection,
                  {"auto", "none", "highest_weights", "forward_selection"},
                  "how they are chosen; auto: forward_selection up to 6 features, else highest_weights");
    fields.number("stable", options.stable, at_least(0),
                  "stop early once the relative standard error of the coefficients is at most this; 0: never");
    fields.number("kernel_size", options.kernel_size, {0.1, 100}, "quickshift: width of the density kernel, in pixels");
    fields.number("max_dist", options.max_dist, at_least(0), "quickshift: cut-off distance; larger: fewer superpixels");
    fields.number("ratio", options.ratio, {0, 1}, "quickshift: weight of colour against place");
    fields.integer("n_segments", options.n_segments, {1, 100000}, "slic: number of superpixels, roughly");
    fields.number("compactness", options.compactness, {1e-9, 1e9}, "slic: weight of place against colour");
    fields.integer("grid", options.grid, {1, 10000}, "grid: rows and columns");
}

namespace {

/// Mask `row`: row 0 is all ones; then a fair bit a feature from the stream of (seed, 0, row).
Eigen::VectorXd mask(std::uint64_t seed, std::int64_t row, std::int64_t features) {
    Eigen::VectorXd z = Eigen::VectorXd::Ones(features);
    core::RandomStream random(seed, 0, static_cast<std::uint64_t>(row));
    for (std::int64_t feature = 0; row > 0 && feature < features; ++feature) {
        z[feature] = static_cast<double>(random.bits() & 1U);
    }
    return z;
}

/// Cosine distance from all ones is 1 - sqrt(share of ones); an empty mask is at distance 1.
double kernel(const Eigen::VectorXd& z, double width) {
    const double distance = 1.0 - std::sqrt(z.mean());
    return std::sqrt(std::exp(-distance * distance / (width * width)));
}

/// Neighbouring values of one feature: copied at once.
struct Stretch {
    std::size_t begin, end;
    std::int32_t feature;
};

std::vector<Stretch> stretches_of(const std::vector<std::int32_t>& of_value) {
    std::vector<Stretch> made;
    for (std::size_t at = 0; at < of_value.size(); ++at) {
        if (made.empty() || made.back().feature != of_value[at]) {
            made.push_back({at, at, of_value[at]});
        }
        made.back().end = at + 1;
    }
    return made;
}

Points masked_points(const Task& task, const LimeOptions& options, const Features& features,
                     const std::vector<float>& fill) {
    const auto tensors = task.tensors();
    return {options.num_samples, [tensors, stretches = stretches_of(features.of_value), seed = task.request.run.seed,
                                  &features, &fill](std::int64_t row, std::span<const std::span<float>> inputs) {
                const Eigen::VectorXd z = mask(seed, row, features.count);
                copy_tensors(std::span(tensors).subspan(1), inputs.subspan(1));
                for (const Stretch& stretch : stretches) {
                    const std::span<const float> from = z[stretch.feature] == 0.0 ? std::span(fill) : tensors[0];
                    std::copy(from.begin() + static_cast<std::ptrdiff_t>(stretch.begin),
                              from.begin() + static_cast<std::ptrdiff_t>(stretch.end),
                              inputs[0].begin() + static_cast<std::ptrdiff_t>(stretch.begin));
                }
            }};
}

/// The surrogate of one target, with the standard errors of its coefficients.
struct Surrogate {
    LinearFit fit;
    Eigen::VectorXd errors;
    std::vector<std::int64_t> used;

    [[nodiscard]] double relative_error() const {
        const double norm = fit.coefficients.norm();
        return norm > 0.0 ? errors.norm() / norm : 0.0;
    }
};

/// Folds answers into the surrogates of all targets. Masks are made again rather than kept.
class LimeFit {
public:
    LimeFit(const LimeOptions& options, std::uint64_t seed, std::int64_t features, std::size_t targets)
        : options_(options), seed_(seed), moments_(features, targets), answers_(targets) {}

    void add(std::int64_t row, std::span<const double> scores) {
        const Eigen::VectorXd z = mask(seed_, row, moments_.features());
        moments_.add(z, kernel(z, options_.kernel_width), scores);
        for (std::size_t target = 0; target < scores.size(); ++target) {
            answers_[target].push_back(scores[target]);
        }
    }

    [[nodiscard]] Surrogate surrogate(std::size_t target) const {
        Surrogate made;
        made.used = selected(target);
        made.fit = moments_.fit(target, options_.ridge, made.used);
        made.errors = standard_errors(target, made);
        return made;
    }

    [[nodiscard]] bool stable() const {
        for (std::size_t target = 0; target < answers_.size(); ++target) {
            if (surrogate(target).relative_error() > options_.stable) {
                return false;
            }
        }
        return true;
    }
    [[nodiscard]] std::int64_t rows() const { return moments_.rows(); }

private:
    [[nodiscard]] std::vector<std::int64_t> selected(std::size_t target) const {
        const std::int64_t wanted = options_.num_features;
        if (wanted >= moments_.features() || options_.feature_selection == "none") {
            return {};
        }
        const bool forward =
            options_.feature_selection == "forward_selection" || (options_.feature_selection == "auto" && wanted <= 6);
        return forward ? forward_selection(moments_, target, wanted) : highest_weights(moments_, target, wanted);
    }

    /// Sandwich form: A^-1 (sum of w^2 e^2 z z') A^-1 with A the penalised Gram matrix and e the residuals (White 1980).
    [[nodiscard]] Eigen::VectorXd standard_errors(std::size_t target, const Surrogate& made) const {
        std::vector<std::int64_t> used = made.used;
        for (std::int64_t feature = 0; made.used.empty() && feature < moments_.features(); ++feature) {
            used.push_back(feature);
        }
        const Eigen::VectorXd mean = moments_.mean();
        const auto size = static_cast<Eigen::Index>(used.size());
        Eigen::MatrixXd meat = Eigen::MatrixXd::Zero(size, size);
        for (std::int64_t row = 0; row < rows(); ++row) {
            const Eigen::VectorXd z = mask(seed_, row, moments_.features());
            const double residual = answers_[target][static_cast<std::size_t>(row)] - made.fit.at(z);
            const double weight = kernel(z, options_.kernel_width) * residual;
            const Eigen::VectorXd centred = picked(Eigen::VectorXd(z - mean), used);
            meat.selfadjointView<Eigen::Lower>().rankUpdate(centred, weight * weight);
        }
        Eigen::MatrixXd bread = picked(moments_.gram(), used);
        bread.diagonal().array() += options_.ridge;
        const Eigen::MatrixXd whole = meat.selfadjointView<Eigen::Lower>();
        const Eigen::LDLT<Eigen::MatrixXd> solver(bread);
        const Eigen::MatrixXd half = solver.solve(whole);
        const Eigen::MatrixXd covariance = solver.solve(half.transpose());
        return placed(covariance.diagonal().cwiseMax(0.0).cwiseSqrt(), used, moments_.features());
    }

    const LimeOptions& options_;
    std::uint64_t seed_;
    WeightedRidge moments_;
    std::vector<std::vector<double>> answers_;  // [target][row]
};

Array as_array(const Eigen::VectorXd& values) {
    Array array(Shape{values.size()});
    std::transform(values.begin(), values.end(), array.values().begin(),
                   [](double value) { return static_cast<float>(value); });
    return array;
}

void tell(const Surrogate& surrogate, const Features& features, std::int64_t rows, Explanation& explanation) {
    explanation.attribution = as_array(surrogate.fit.coefficients);
    explanation.standard_error = as_array(surrogate.errors);
    explanation.features = features.map;
    explanation.measures["r2"] = surrogate.fit.r2;
    explanation.measures["intercept"] = surrogate.fit.intercept;
    explanation.measures["local_prediction"] = surrogate.fit.intercept + surrogate.fit.coefficients.sum();
    explanation.measures["samples"] = static_cast<double>(rows);
    explanation.measures["features"] = static_cast<double>(features.count);
    explanation.measures["relative_standard_error"] = surrogate.relative_error();
}

SuperpixelChoice choice_of(const LimeOptions& options) {
    SuperpixelChoice choice;
    choice.algorithm = options.superpixels;
    choice.file = options.segments;
    choice.quickshift.kernel_size = options.kernel_size;
    choice.quickshift.max_dist = options.max_dist;
    choice.quickshift.ratio = options.ratio;
    choice.slic.n_segments = static_cast<int>(options.n_segments);
    choice.slic.compactness = options.compactness;
    choice.grid = static_cast<int>(options.grid);
    return choice;
}

void note_few_superpixels(const Features& features, const LimeOptions& options, std::vector<std::string>& notes) {
    constexpr std::int64_t kFew = 3;  // of two, one is nearly always the background
    if (features.count >= kFew) {
        return;
    }
    const char* const remedy = !options.segments.empty()             ? "give finer segments"
                               : options.superpixels == "quickshift" ? "lower max_dist, or take superpixels=grid"
                               : options.superpixels == "slic"       ? "raise n_segments, or take superpixels=grid"
                                                                     : "raise grid";
    notes.push_back("there " + std::string(features.count == 1 ? "is 1 superpixel" : "are 2 superpixels") +
                    ": the map can hardly tell one part of the input from another; " + remedy);
}

std::vector<Explanation> run_lime(const Request& request) {
    const auto options = options_of<LimeOptions>("lime", request);
    const Input& input = input_of(request);
    const InputSpace space = space_of(request);
    // Cut while the network is compiled and answers x, for which they are not needed.
    auto cutting = std::async(std::launch::async, [&] { return make_superpixels(space, input, choice_of(options)); });
    Task task(request, Score::kProbability, static_cast<int>(options.top_labels));
    const Features features = cutting.get();
    task.notes.insert(task.notes.end(), features.notes.begin(), features.notes.end());
    note_few_superpixels(features, options, task.notes);
    note_held_inputs(task);
    const std::vector<float> fill = make_fill(task.space, task.input, features, options.fill, request.run.seed);
    LimeFit fit(options, request.run.seed, features.count, task.targets.size());
    const auto report = stream_scores(
        task, masked_points(task, options, features, fill), "lime",
        [&fit](std::int64_t row, std::span<const double> scores) { fit.add(row, scores); },
        [&](std::int64_t) { return options.stable > 0.0 && fit.stable(); });
    settle_stop(report, options.num_samples, "samples", report.rows > 1, task.notes);
    if (fit.rows() <= features.count) {
        task.notes.push_back(std::to_string(fit.rows()) + " samples for " + std::to_string(features.count) +
                             " superpixels: the fit hangs on its penalty; give more samples or coarser superpixels");
    }
    auto explanations = task.explanations();
    for (std::size_t target = 0; target < explanations.size(); ++target) {
        tell(fit.surrogate(target), features, fit.rows(), explanations[target]);
        explanations[target].baseline = "absent superpixels: " + options.fill;
    }
    task.finish(explanations);
    return explanations;
}

Cost cost_of(const Request& request) { return {options_of<LimeOptions>("lime", request).num_samples + 1, 0}; }

Cost expected_of(const Request& request, const std::vector<Explanation>& probe) {
    const auto options = options_of<LimeOptions>("lime", request);
    return {1 + samples_until_stable(probe, options.stable, options.num_samples), 0};
}

std::string refuse(const Model& model, const std::map<std::string, std::string>& options) {
    const auto parsed = parse_fields<LimeOptions>("lime", options);
    Request request;
    request.model = &model;
    return parsed.segments.empty() && !picture_axes(space_of(request), 0)
               ? "lime cuts pictures into superpixels, and no card says that this input is one; use occlusion, or give "
                 "your own groups with --set segments=FILE.npy"
               : "";
}

}  // namespace

MethodRow lime_row() {
    return {.name = "lime",
            .family = "perturbation",
            .question = "Which superpixels, present or absent, move the answer, near this picture?",
            .source = "Ribeiro, Singh, Guestrin, \"Why should I trust you?\", KDD 2016 [ribeiro2016]",
            .needs = {Need::kScores, Need::kPicture},
            .inputs = {"image"},
            .default_score = Score::kProbability,
            .options = list_fields<LimeOptions>,
            .refuse = refuse,
            .cost_doc = "num_samples forward passes for all targets together",
            .cost = cost_of,
            .expected = expected_of,
            .run = run_lime};
}

Explanation lime(const Model& model, const Input& input, const Target& target, const LimeOptions& options,
                 const RunOptions& run) {
    return run_typed(lime_row(), options, {model, input, target, run});
}

}  // namespace pellucid::explain
