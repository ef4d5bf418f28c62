#pragma once

#include <string>
#include <vector>

#include "graph/differentiate.hpp"
#include "model/network.hpp"
#include "model/score.hpp"

namespace pellucid::model {

inline constexpr const char* kUseScores = "use a method that needs scores only (occlusion, lime)";

/// A copy of the network with one result, a score.
struct ScoreModel {
    std::shared_ptr<ov::Model> model;
    ov::Output<ov::Node> score;
};
[[nodiscard]] ScoreModel score_model(const Model::Impl& impl, const ScoreTensor& tensor);

/// The output that targets mean when they name none: the first one that answers classes, else the first.
[[nodiscard]] std::size_t usual_output(const Model::Impl& impl);

/// Inputs of floating-point type that the score depends on.
[[nodiscard]] std::vector<std::size_t> float_inputs(const ScoreModel& scored);
/// Why there is no such input.
[[nodiscard]] std::string no_float_input(const Model& model);

/// Whether all that leads from the inputs' values to the score goes through `layer`.
[[nodiscard]] bool carries_all(const ScoreModel& scored, const ov::Output<ov::Node>& layer);

/// As the friendly name of its node, with ":k" for an output k > 0.
[[nodiscard]] std::string layer_name(const ov::Output<ov::Node>& layer);

/// The gradient of the maximum over the entries that a mask selects: the mask takes the seed's place, and the seed becomes
/// 1/n at each of the n largest entries (1 where there is no tie).
void seed_by_mask(graph::GradientModel& gradient);

}  // namespace pellucid::model
