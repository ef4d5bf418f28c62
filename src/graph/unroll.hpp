#pragma once

#include <set>

#include "graph/tape.hpp"
#include "openvino/core/model.hpp"

namespace pellucid::graph {

/// What is differentiated by what: tensors of one model.
struct Route {
    std::vector<Value> wrt;
    Value of;
};

/// The nodes of `model` through which a cotangent may come on its way from `of` to `wrt`, and which stand for other ops
/// (recurrent sequences, loops, branches). The others may stay whole.
[[nodiscard]] std::set<const ov::Node*> composites_between(const ov::Model& model, const Route& route);

/// Writes a node out: the values that take the place of its outputs, made of ops named "unrolled/<node>/<k>". Empty
/// where the node stands for no others, or can't be written out: then it stays whole, and its rule says why.
/// @param dry  as of a Tape: one step of a sequence may stand for all that are alike
[[nodiscard]] std::vector<Value> unroll(const std::shared_ptr<ov::Node>& node, bool dry);

/// The nodes that `values` are computed from, in topological order, up to and without those that make `inputs`.
[[nodiscard]] std::vector<std::shared_ptr<ov::Node>> nodes_between(const std::vector<Value>& inputs,
                                                                   const std::vector<Value>& values);

}  // namespace pellucid::graph
