#pragma once

#include <array>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "pellucid/explanation.hpp"
#include "pellucid/input.hpp"
#include "pellucid/model.hpp"
#include "pellucid/target.hpp"

#include "engine/session.hpp"

namespace pellucid::model {

/// The tensor that a target reads: which output, as which score. `maximum` picks the largest of the entries that the
/// target's weights select, inside the graph (OUTPUT[…].max); otherwise the target is the linear form <weights, score>.
struct ScoreTensor {
    std::size_t output = 0;
    Score score = Score::kLogit;    ///< never kDefault
    bool maximum = false;
    friend bool operator==(const ScoreTensor&, const ScoreTensor&) = default;
};

/// A target resolved against f(x).
struct ResolvedTarget {
    ScoreTensor tensor;
    Array weights;                  ///< one row of the score tensor (no batch axis): a one-hot, +1/-1, a mask, 1/n …
    ExplainedTarget explained;      ///< index, label, f(x)
    /// <weights, row> in double, or the maximum over the entries where weights != 0.
    [[nodiscard]] double value(std::span<const float> row) const;
};

/// Reads a picture as a mask for `input`, 1 inside and 0 outside, [rows, columns] as asked. Pictures are read above this
/// room: input::read_mask.
using MaskReader = Array (*)(const std::filesystem::path& file, const Input& input,
                             const std::array<std::int64_t, 2>& grid, std::vector<std::string>& notes);

/// What is to be resolved.
struct TargetRequest {
    std::vector<Target> targets;
    Score score = Score::kDefault;
    Score fallback = Score::kLogit;      ///< what Score::kDefault means for the method
    MaskReader read_mask = nullptr;      ///< null: a mask must be a .npy
};

/// Resolves targets. All of one call share one ScoreTensor (else Error(kUsage)); what is named twice is explained once. Runs
/// the model once on `input`.
[[nodiscard]] std::vector<ResolvedTarget> resolve(const Model& model, const Input& input, const TargetRequest& request,
                                                  std::vector<std::string>& notes);

/// Answers of the model for `input`: one row of the score tensor.
[[nodiscard]] Array answer(const Model& model, const Input& input, const ScoreTensor& tensor);

struct ClassAnswer {
    std::int64_t index;
    std::string label;
    /// NaN where the output is no distribution and no softmax makes sense. Where there is a `grid`: the share of its
    /// positions at which this class is the likeliest (a sigmoid's: likelier than not).
    double probability;
    double score;                   ///< the output as it is, mean over the positions
    Shape grid;                     ///< of a dense output: extents of its positions; else empty
};
/// The `count` most likely classes. `no_surer_than_chance`: see model/chance.hpp. An output that is no classification has no
/// answers, unless it is a single value.
[[nodiscard]] std::vector<ClassAnswer> top_answers(const Model& model, const Input& input, int count,
                                                   bool& no_surer_than_chance);

/// Rows -> score tensor. Inputs: the network's, in order. Outputs: {score}. Compiled once and kept by the model.
[[nodiscard]] std::shared_ptr<engine::Session> forward_session(const Model& model, const ScoreTensor& tensor,
                                                               bool single_pass = false);

/// Tokens of a layer: `prefix` ones (class, registers), then rows * columns that stand for the picture, row by row.
struct TokenLayer {
    std::int64_t prefix = 0, rows = 0, columns = 0;
};

/// Rows -> score and gradient of <seed, score>. Inputs: the network's, in order, then the seed (shaped as `weights`; for
/// `maximum` the mask). Outputs: {score}, then for place "input" the gradient for each float input, in order; for a layer
/// {activation, gradient for the activation}. Compiled once, kept, and checked along a random direction at first use.
struct GradientSession {
    std::shared_ptr<engine::Session> session;
    std::string layer;                   ///< resolved friendly name; empty for the input
    std::vector<std::size_t> inputs;     ///< which network inputs have a gradient (place "input")
    std::optional<TokenLayer> tokens;    ///< set where the layer is [N, tokens, C] that stand for a picture
    std::vector<std::string> notes;      ///< the self-check's figure, subgradients, …
};
/// @param place  "input", or a layer: friendly name, index, "last-spatial"
/// @param probe  a sample at which the self-check runs (it never runs twice for one session)
[[nodiscard]] GradientSession gradient_session(const Model& model, const ScoreTensor& tensor, const std::string& place,
                                               const Input& probe, bool single_pass = false);

/// Empty when the model admits gradients (of `place`); else the one-line reason.
[[nodiscard]] std::string why_no_gradient(const Model& model, const std::string& place);

}  // namespace pellucid::model
