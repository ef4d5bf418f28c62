// Question: to which input values is this score most sensitive?
// Formula:  |df/dx| (signed_gradient: df/dx).
// Source:   [simonyan2013], eq. 3-4.
// Needs:    gradients.
// Cost:     one forward and backward pass a target.

#include <cmath>

#include "explain/gradient/input_gradients.hpp"
#include "explain/row.hpp"
#include "pellucid/explain.hpp"

namespace pellucid::explain {

void describe(SaliencyOptions& options, Fields& fields) {
    fields.flag("signed_gradient", options.signed_gradient, "keep the sign of the gradient instead of its magnitude");
}

namespace {

std::vector<Explanation> run_saliency(const Request& request) {
    const auto options = options_of<SaliencyOptions>("saliency", request);
    auto explanations = read_at_input(
        request, "saliency", [&options](double g, double) { return options.signed_gradient ? g : std::abs(g); });
    for (Explanation& explanation : explanations) {
        explanation.is_signed = options.signed_gradient;
    }
    return explanations;
}

}  // namespace

MethodRow saliency_row() {
    return {.name = "saliency",
            .family = "gradient",
            .question = "To which input values is this score most sensitive?",
            .source = "Simonyan, Vedaldi, Zisserman, Deep inside convolutional networks, 2013 [simonyan2013]",
            .needs = {Need::kGradients},
            .inputs = {"image", "tensor"},
            .default_score = Score::kLogit,
            .options = list_fields<SaliencyOptions>,
            .refuse = refuse_without_gradient,
            .cost_doc = "one forward and backward pass a target",
            .cost = single_pass_cost,
            .run = run_saliency};
}

Explanation saliency(const Model& model, const Input& input, const Target& target, const SaliencyOptions& options,
                     const RunOptions& run) {
    return run_typed(saliency_row(), options, {model, input, target, run});
}

}  // namespace pellucid::explain
