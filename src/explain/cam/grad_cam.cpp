// Question: where, at the resolution of a layer, is the evidence for this score?
// Formula:  ReLU(sum over channels of w_c A_c), w_c = mean over positions of df/dA_c.
// Source:   [selvaraju2017], eq. 1-2.
// Needs:    gradients, a layer with spatial extents.
// Cost:     one forward and backward pass (to the layer) a target.

#include "explain/cam/channel_weights.hpp"
#include "explain/gradient/input_gradients.hpp"
#include "explain/row.hpp"
#include "pellucid/explain.hpp"

namespace pellucid::explain {

void describe(GradCamOptions& options, Fields& fields) {
    fields.text("layer", options.layer,
                "where the map stands: last-spatial, a layer's name, or its index among those that inspect lists");
    fields.flag("relu", options.relu, "cut the negative part of the map, as the paper does");
}

namespace {

std::vector<double> mean_gradients(const LayerAnswer& answer) {
    std::vector<double> weights(answer.channels, 0.0);
    for (std::size_t channel = 0; channel < answer.channels; ++channel) {
        for (std::size_t at = 0; at < answer.positions; ++at) {
            weights[channel] += double{answer.gradient[channel * answer.positions + at]};
        }
        weights[channel] /= static_cast<double>(answer.positions);
    }
    return weights;
}

std::vector<Explanation> run_grad_cam(const Request& request) {
    const auto options = options_of<GradCamOptions>("grad-cam", request);
    return activation_maps(request, "grad-cam", options.layer, options.relu, mean_gradients);
}

std::string refuse(const Model& model, const std::map<std::string, std::string>& options) {
    return model::why_no_gradient(model, parse_fields<GradCamOptions>("grad-cam", options).layer);
}

}  // namespace

MethodRow grad_cam_row() {
    return {.name = "grad-cam",
            .family = "cam",
            .question = "Where, at the resolution of a layer, is the evidence for this score?",
            .source = "Selvaraju et al., Grad-CAM: visual explanations from deep networks, ICCV 2017 [selvaraju2017]",
            .needs = {Need::kGradients, Need::kSpatialLayer},
            .inputs = {"image", "tensor"},
            .default_score = Score::kLogit,
            .options = list_fields<GradCamOptions>,
            .refuse = refuse,
            .cost_doc = "one forward and backward pass a target, back to the layer",
            .cost = single_pass_cost,
            .run = run_grad_cam};
}

Explanation grad_cam(const Model& model, const Input& input, const Target& target, const GradCamOptions& options,
                     const RunOptions& run) {
    return run_typed(grad_cam_row(), options, {model, input, target, run});
}

}  // namespace pellucid::explain
