#include <algorithm>

#include "core/random.hpp"
#include "engine/selfcheck.hpp"
#include "graph/differentiate.hpp"
#include "graph/layers.hpp"
#include "model/logits.hpp"
#include "model/score_form.hpp"
#include "model/score_model.hpp"
#include "pellucid/error.hpp"

namespace pellucid::model {

namespace {

std::string key_of(const ScoreTensor& tensor, const std::string& role, bool single_pass) {
    return role + "|" + std::to_string(tensor.output) + "|" + std::string(name_of(tensor.score)) +
           (tensor.maximum ? "|maximum" : "") + (single_pass ? "|single" : "");
}

Array without_values(const Shape& row_shape, bool batched) {
    Shape shape = row_shape;
    if (batched) {
        shape.insert(shape.begin(), 1);
    }
    return Array(std::move(shape));
}

/// A seed for the self-check: +1 and -1 at random over the score; for a maximum, its largest entry alone.
Array check_seed(const Model& model, const ScoreTensor& tensor, const Input& probe, const engine::SlotInfo& slot) {
    const Row row = row_of(model.impl(), run_logits(model, probe), tensor.output,
                           form_of(model.impl(), tensor.output, tensor.score));
    Array seed = without_values(row.values.shape(), slot.batched);
    if (tensor.maximum) {
        const auto values = row.values.values();
        seed[static_cast<std::size_t>(std::max_element(values.begin(), values.end()) - values.begin())] = 1.0F;
        return seed;
    }
    core::RandomStream random(23, 0, 0);
    for (float& value : seed.values()) {
        value = random.below(2) == 0 ? 1.0F : -1.0F;
    }
    return seed;
}

/// Once for each compiled graph; of one that comes from the disk, once for all processes.
void self_check(const Model& model, const ScoreTensor& tensor, const Input& probe, GradientSession& made) {
    const std::string topic = "checked";
    if (const auto note = made.session->known(topic)) {
        made.notes.push_back(*note + " (found at an earlier use of this graph)");
        return;
    }
    std::vector<Array> inputs = tensors_of(model, probe);
    inputs.push_back(check_seed(model, tensor, probe, made.session->inputs().back()));
    const auto of = made.layer.empty() ? engine::GradientOf::kInputs : engine::GradientOf::kActivation;
    const engine::DirectionalCheck check = engine::check_gradient(*made.session, inputs, made.inputs, of);
    made.notes.push_back(check.note);
    if (check.conclusive) {
        model.impl().first_use |= made.session->make_known(topic, check.note);
    }
}

struct BuiltGradient {
    graph::GradientModel gradient;
    std::string layer;
    std::vector<std::size_t> inputs;
    std::optional<graph::TokenGrid> tokens;
    bool checkable = true;
};

std::optional<graph::TokenGrid> tokens_of(const ScoreModel& scored, const ov::Output<ov::Node>& layer) {
    for (const graph::SpatialLayer& found : graph::spatial_layers(scored.model, scored.score)) {
        if (found.tensor == layer) {
            return found.tokens;
        }
    }
    return std::nullopt;
}

BuiltGradient build_gradient(const Model& model, const ScoreTensor& tensor, const std::string& place) {
    const ScoreModel scored = score_model(model.impl(), tensor);
    BuiltGradient built;
    built.inputs = float_inputs(scored);
    if (built.inputs.empty()) {
        throw Error(ErrorCode::kUnsupported, no_float_input(model), kUseScores);
    }
    if (place == "input") {
        std::vector<ov::Output<ov::Node>> wrt;
        for (const std::size_t index : built.inputs) {
            wrt.push_back(scored.model->get_parameters()[index]->output(0));
        }
        built.gradient = graph::differentiate(scored.model, wrt, scored.score);
    } else {
        const ov::Output<ov::Node> layer = graph::find_layer(scored.model, scored.score, place);
        built.layer = layer_name(layer);
        built.tokens = tokens_of(scored, layer);
        built.checkable = carries_all(scored, layer);
        built.gradient = graph::differentiate(scored.model, {layer}, scored.score, {layer});
    }
    if (tensor.maximum) {
        seed_by_mask(built.gradient);
    }
    return built;
}

/// Empty, or why the model admits no gradients of `place`.
std::string look_for_gradient(const Model& model, const std::string& place) {
    try {
        const std::size_t output = usual_output(model.impl());
        const ScoreModel scored = score_model(model.impl(), {output, Score::kLogit, false});
        const std::vector<std::size_t> inputs = float_inputs(scored);
        if (inputs.empty()) {
            return no_float_input(model) + "; " + kUseScores;
        }
        std::vector<ov::Output<ov::Node>> wrt;
        if (place != "input") {
            wrt.push_back(graph::find_layer(scored.model, scored.score, place));
        }
        for (const std::size_t index : inputs) {
            if (place == "input") {
                wrt.push_back(scored.model->get_parameters()[index]->output(0));
            }
        }
        return graph::why_not_differentiable(scored.model, wrt, scored.score);
    } catch (const Error& error) {
        if (error.code() == ErrorCode::kUsage) {
            throw;   // an unknown layer is the user's slip, no property of the model
        }
        return error.what();
    }
}

}  // namespace

std::shared_ptr<engine::Session> forward_session(const Model& model, const ScoreTensor& tensor, bool single_pass) {
    Model::Impl& impl = model.impl();
    if (!single_pass) {
        check_rows(impl);
    }
    // The maximum of a score is taken of its row by whoever reads it.
    const std::string key = key_of({tensor.output, tensor.score, false}, "forward", single_pass);
    if (const auto* kept = impl.sessions.find(key)) {
        return kept->session;
    }
    const auto graph = score_model(impl, tensor).model;
    GradientSession made;
    made.session = engine::Session::compile(graph, compile_options(impl, single_pass));
    impl.first_use |= made.session->newly_cached();
    return impl.sessions.keep(key, std::move(made), weight_bytes(*graph)).session;
}

GradientSession gradient_session(const Model& model, const ScoreTensor& tensor, const std::string& place,
                                 const Input& probe, bool single_pass) {
    Model::Impl& impl = model.impl();
    if (!single_pass) {
        check_rows(impl);
    }
    const std::string key = key_of(tensor, "gradient|" + place, single_pass);
    if (const auto* kept = impl.sessions.find(key)) {
        return *kept;
    }
    BuiltGradient built = build_gradient(model, tensor, place);
    GradientSession made;
    made.layer = built.layer;
    made.inputs = built.inputs;
    made.notes = built.gradient.notes;
    if (built.tokens) {
        made.tokens = TokenLayer{built.tokens->prefix, built.tokens->rows, built.tokens->columns};
    }
    if (built.tokens && built.tokens->guessed) {
        made.notes.push_back("the grid of tokens at '" + made.layer +
                             "' is a guess: no map [N, C, height, width] that " +
                             "they are made of tells their rows and columns, so they are taken as a square of " +
                             std::to_string(built.tokens->rows) + "x" + std::to_string(built.tokens->columns));
    }
    made.session = engine::Session::compile(built.gradient.model, compile_options(impl, single_pass));
    impl.first_use |= made.session->newly_cached();
    if (impl.options.precision != "f32") {
        made.notes.push_back("the gradient was not checked along a direction: " + impl.options.precision +
                             " rounds too coarsely for differences");
    } else if (built.checkable) {
        self_check(model, tensor, probe, made);
    } else {
        made.notes.push_back("the gradient at '" + made.layer +
                             "' was not checked along a direction: the score has other paths from the input");
    }
    return impl.sessions.keep(key, std::move(made), weight_bytes(*built.gradient.model));
}

std::string why_no_gradient(const Model& model, const std::string& place) {
    std::map<std::string, std::string>& known = model.impl().no_gradient;
    if (const auto found = known.find(place); found != known.end()) {
        return found->second;
    }
    return known.emplace(place, look_for_gradient(model, place)).first->second;
}

}  // namespace pellucid::model
