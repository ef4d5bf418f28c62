#pragma once

#include <memory>
#include <string>
#include <vector>

#include "openvino/core/model.hpp"

#include "graph/rules.hpp"

namespace pellucid::graph {

/// A model that runs forward and backward. Parameters: those of the original, in their order, then the seed, then, with
/// a rule set that asks for a twin, the baseline of each of the original's.
/// Results, in this order: `of`, then the tensors of `keep`, then the gradient for each of `wrt`.
struct GradientModel {
    std::shared_ptr<ov::Model> model;
    std::size_t seed_parameter = 0;          ///< index of the seed among the parameters: the shape and batch of `of`
    std::vector<std::string> notes;          ///< subgradients chosen, paths that no gradient flows through
};

/// Appends the reverse pass to a clone of `model` (which is left as it was).
/// @param wrt   any float tensors of `model`, inputs or inner
/// @param of    the tensor whose <seed, of> is differentiated, batch axis first
/// @param keep  tensors of `model` that are to be results too (activations)
/// Deterministic node names. Throws Error(kUnsupported) naming op, node and what the user can do when a differentiable
/// path meets an op without a rule, or when every path is blocked (the gradient would be zero).
[[nodiscard]] GradientModel differentiate(const std::shared_ptr<ov::Model>& model,
                                          const std::vector<ov::Output<ov::Node>>& wrt, const ov::Output<ov::Node>& of,
                                          const std::vector<ov::Output<ov::Node>>& keep = {},
                                          const RuleSet& rules = plain_rules());

/// The same questions without building: empty when admitted, else the one-line reason.
[[nodiscard]] std::string why_not_differentiable(const std::shared_ptr<ov::Model>& model,
                                                 const std::vector<ov::Output<ov::Node>>& wrt,
                                                 const ov::Output<ov::Node>& of, const RuleSet& rules = plain_rules());

/// Makes an imported model safe for the engine's cache of packed weights: where one weight buffer feeds both a forward
/// and a backward convolution, or a product with a matrix and one with its transpose (tied auto-encoders), the second
/// reads Negative(W) and its output is negated.
/// Returns the number of nodes rewritten.
int guard_tied_weights(const std::shared_ptr<ov::Model>& model);

}  // namespace pellucid::graph
