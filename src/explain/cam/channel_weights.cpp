#include "explain/cam/channel_weights.hpp"

#include <algorithm>
#include <chrono>

#include "pellucid/error.hpp"

namespace pellucid::explain {

namespace {

Array weighted_map(const LayerAnswer& answer, const std::vector<double>& weights, bool relu, Shape shape) {
    std::vector<double> sums(answer.positions, 0.0);
    for (std::size_t channel = 0; channel < answer.channels; ++channel) {
        const float* const activation = answer.activation.data() + channel * answer.positions;
        for (std::size_t at = 0; at < answer.positions; ++at) {
            sums[at] += weights[channel] * double{activation[at]};
        }
    }
    Array map(std::move(shape));
    std::transform(sums.begin(), sums.end(), map.values().begin(),
                   [relu](double sum) { return static_cast<float>(relu ? std::max(sum, 0.0) : sum); });
    return map;
}

std::vector<Array> input_arrays(const Task& task) {
    std::vector<Array> arrays;
    for (const TensorInfo& info : task.space.inputs) {
        arrays.push_back(task.input.tensors.at(info.name));
    }
    return arrays;
}

/// [1, tokens, C] as [1, C, rows, columns], the tokens before the grid left out.
Array as_picture(const Array& layer, const model::TokenLayer& tokens) {
    const auto channels = static_cast<std::size_t>(layer.shape().back());
    const auto places = static_cast<std::size_t>(tokens.rows * tokens.columns);
    Array picture(Shape{1, layer.shape().back(), tokens.rows, tokens.columns});
    for (std::size_t place = 0; place < places; ++place) {
        const std::size_t token = place + static_cast<std::size_t>(tokens.prefix);
        for (std::size_t channel = 0; channel < channels; ++channel) {
            picture[channel * places + place] = layer[token * channels + channel];
        }
    }
    return picture;
}

/// Why a map is 0 everywhere, and what to do; empty where it is not.
std::string why_empty(const Array& map, const std::vector<double>& weights, bool relu, const std::string& layer) {
    const auto values = map.values();
    if (std::any_of(values.begin(), values.end(), [](float value) { return value != 0.0F; })) {
        return {};
    }
    if (std::all_of(weights.begin(), weights.end(), [](double weight) { return weight == 0.0; })) {
        return "the score's gradient at '" + layer +
               "' is 0: here it does not depend on that layer; name another layer";
    }
    if (!relu) {
        return "the weighted sum of the channels of '" + layer + "' is 0 everywhere; name another layer";
    }
    return "nowhere in '" + layer +
           "' is the weighted sum of the channels above 0, and the ReLU leaves nothing of it; " +
           "--set relu=false shows what speaks against the target, or name another layer";
}

Array batched(const Array& weights) {
    Shape shape = weights.shape();
    shape.insert(shape.begin(), 1);
    return weights.reshaped(shape);
}

/// One pass a target, on all threads, until the budget is spent or the run is cancelled.
/// @param pass  returns the seconds in which the model was running
engine::StreamReport pass_each_target(Task& task, const std::string& stage,
                                      const std::function<double(std::size_t target)>& pass) {
    const auto targets = static_cast<std::int64_t>(task.targets.size());
    engine::StreamReport report;
    for (; report.rows < targets; ++report.rows) {
        const engine::StreamOptions left = task.spending.next(stage, 2);
        if (left.cancel.cancelled()) {
            report.stop = engine::Stop::kCancelled;
            break;
        }
        if (left.budget.evaluations && *left.budget.evaluations < left.cost_per_row) {
            report.stop = engine::Stop::kEvaluations;
            break;
        }
        if (left.budget.seconds && *left.budget.seconds <= 0.0) {
            report.stop = engine::Stop::kTime;
            break;
        }
        const double seconds = pass(static_cast<std::size_t>(report.rows));
        task.spending.charge(Evaluations{1, 1}, {seconds, seconds});
        if (left.progress) {
            left.progress(stage, report.rows + 1, targets);
        }
    }
    return report;
}

}  // namespace

std::vector<Explanation> activation_maps(const Request& request, const std::string& method, const std::string& layer,
                                         bool relu, const ChannelWeights& weights) {
    Task task(request, Score::kLogit);
    const model::GradientSession session = model::gradient_session(task.model(), task.score(), layer, task.input, true);
    task.notes.insert(task.notes.end(), session.notes.begin(), session.notes.end());
    auto explanations = task.explanations();
    const bool batched_seed = session.session->inputs().back().batched;
    const auto report = pass_each_target(task, method, [&](std::size_t target) {
        std::vector<Array> inputs = input_arrays(task);
        const Array& seed = task.targets[target].weights;
        inputs.push_back(batched_seed ? batched(seed) : seed);
        const auto begun = std::chrono::steady_clock::now();
        std::vector<Array> answers = session.session->run_one(inputs);
        const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begun).count();
        for (std::size_t at = 1; session.tokens && at < answers.size(); ++at) {
            answers[at] = as_picture(answers[at], *session.tokens);
        }
        const Shape& shape = answers[1].shape();
        if (shape.size() < 3) {
            throw Error(ErrorCode::kUnsupported,
                        method + ": layer '" + session.layer + "' has the shape " + to_string(shape) +
                            ", which has no spatial axes",
                        "name a layer that `pellucid inspect` lists, or use last-spatial");
        }
        const auto channels = static_cast<std::size_t>(shape[1]);
        const LayerAnswer answer{channels, answers[1].size() / channels, answers[1].values(), answers[2].values()};
        Shape map_shape = shape;
        map_shape[1] = 1;
        explanations[target].place = session.layer;
        explanations[target].is_signed = !relu;
        const std::vector<double> channel_weights = weights(answer);
        Array& map = explanations[target].attribution;
        map = weighted_map(answer, channel_weights, relu, map_shape);
        if (const std::string why = why_empty(map, channel_weights, relu, session.layer); !why.empty()) {
            task.notes.push_back("the map of '" + name_of_target(explanations[target].target) + "' is empty: " + why);
        }
        return seconds;
    });
    settle_stop(report, static_cast<std::int64_t>(explanations.size()), "targets", report.rows > 0, task.notes);
    explanations.resize(static_cast<std::size_t>(report.rows));
    task.finish(explanations);
    return explanations;
}

}  // namespace pellucid::explain
