// Question: how much does each input value, at its present size, push the score, to first order?
// Formula:  x * df/dx.
// Source:   [shrikumar2016]; complete (up to the bias) for piecewise linear networks.
// Needs:    gradients.
// Cost:     one forward and backward pass a target.

#include "explain/gradient/input_gradients.hpp"
#include "explain/row.hpp"
#include "pellucid/explain.hpp"

namespace pellucid::explain {

void describe(InputXGradientOptions& /*options*/, Fields& /*fields*/) {}

namespace {

std::vector<Explanation> run_input_x_gradient(const Request& request) {
    options_of<InputXGradientOptions>("input-x-gradient", request);
    return read_at_input(request, "input-x-gradient", [](double g, double x) { return g * x; });
}

}  // namespace

MethodRow input_x_gradient_row() {
    return {.name = "input-x-gradient",
            .family = "gradient",
            .question = "How much does each input value, at its present size, push the score, to first order?",
            .source = "Shrikumar, Greenside, Shcherbina, Kundaje, Not just a black box, 2016 [shrikumar2016]",
            .needs = {Need::kGradients},
            .inputs = {"image", "tensor"},
            .default_score = Score::kLogit,
            .options = list_fields<InputXGradientOptions>,
            .refuse = refuse_without_gradient,
            .cost_doc = "one forward and backward pass a target",
            .cost = single_pass_cost,
            .run = run_input_x_gradient};
}

Explanation input_x_gradient(const Model& model, const Input& input, const Target& target,
                             const InputXGradientOptions& options, const RunOptions& run) {
    return run_typed(input_x_gradient_row(), options, {model, input, target, run});
}

}  // namespace pellucid::explain
