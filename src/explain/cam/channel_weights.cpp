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

/// [1, tokens, C] as [1, C, side, side], the tokens before the grid left out.
Array as_picture(const Array& layer, const model::TokenLayer& tokens) {
    const auto channels = static_cast<std::size_t>(layer.shape().back());
    const auto places = static_cast<std::size_t>(tokens.side * tokens.side);
    Array picture(Shape{1, layer.shape().back(), tokens.side, tokens.side});
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
    return relu ? "nowhere in '" + layer +
                      "' is the weighted sum of the channels above 0, and the ReLU leaves nothing of it; --set "
                      "relu=false "
                      "shows what speaks against the target, or name another layer"
                : "the weighted sum of the channels of '" + layer + "' is 0 everywhere; name another layer";
}

Array batched(const Array& weights) {
    Shape shape = weights.shape();
    shape.insert(shape.begin(), 1);
    return weights.reshaped(shape);
}

}  // namespace

std::vector<Explanation> activation_maps(const Request& request, const std::string& method, const std::string& layer,
                                         bool relu, const ChannelWeights& weights) {
    Task task(request, Score::kLogit);
    const model::GradientSession session = model::gradient_session(task.model(), task.score(), layer, task.input, true);
    task.notes.insert(task.notes.end(), session.notes.begin(), session.notes.end());
    auto explanations = task.explanations();
    for (std::size_t target = 0; target < explanations.size(); ++target) {
        std::vector<Array> inputs = input_arrays(task);
        inputs.push_back(batched(task.targets[target].weights));
        const auto begun = std::chrono::steady_clock::now();
        std::vector<Array> answers = session.session->run_one(inputs);
        const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begun).count();
        for (std::size_t at = 1; session.tokens && at < answers.size(); ++at) {
            answers[at] = as_picture(answers[at], *session.tokens);
        }
        task.spending.charge(Evaluations{1, 1}, seconds);
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
    }
    task.finish(explanations);
    return explanations;
}

}  // namespace pellucid::explain
