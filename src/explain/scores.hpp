#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include "explain/points.hpp"
#include "explain/task.hpp"

namespace pellucid::explain {

/// f of all the task's targets at points of the input, by the streaming executor: of the model's graph, or of the
/// request's predictor. A row is a point.
/// @param fold  called in order of points with one score a target
/// @param done  asked at checkpoints; may be empty
engine::StreamReport stream_scores(Task& task, const Points& points, const std::string& stage,
                                   const std::function<void(std::int64_t point, std::span<const double> scores)>& fold,
                                   const std::function<bool(std::int64_t points)>& done = {});

/// The same, kept: scores[target][point]. Throws kBudget or kInterrupted when it could not be finished.
[[nodiscard]] std::vector<std::vector<double>> scores_at(Task& task, const Points& points, const std::string& stage);

/// engine::Rows::row_shapes of the task's points, and of a seed after them: where a session leaves extents besides the batch
/// open, the input and the score have them. Empty where it leaves none.
[[nodiscard]] std::vector<Shape> row_shapes_of(const std::vector<engine::SlotInfo>& slots, const Task& task);

/// What a black-box program answers to the input: [1, classes].
[[nodiscard]] Array predictor_scores(Predictor& predictor, const Input& input);

/// Classes by their scores, the highest first; those of one score in their order.
[[nodiscard]] std::vector<std::int64_t> by_rank(const Array& scores);

/// Targets of a black-box program: classes by rank or index, and margins.
[[nodiscard]] std::vector<model::ResolvedTarget> predictor_targets(Predictor& predictor, const Input& input,
                                                                   const std::vector<Target>& targets, Score score,
                                                                   Score fallback);

}  // namespace pellucid::explain
