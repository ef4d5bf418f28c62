#pragma once

#include "graph/duplicate.hpp"
#include "graph/tape.hpp"

namespace pellucid::graph {

/// What is differentiated: `of`, whose cotangent is `seed`, with respect to each of `wrt`.
struct Derivative {
    const std::vector<Value>& wrt;
    const Value& of;
    Cotangent seed;
};

/// The reverse pass over `nodes` (topological order): from the cotangent of `of` to one tensor for each of `wrt`.
/// Throws Error(kUnsupported) as `differentiate` says.
[[nodiscard]] std::vector<Value> reverse(const std::vector<std::shared_ptr<ov::Node>>& nodes,
                                         const Derivative& derivative, const RuleSet& rules, Tape& tape);

/// A second forward pass over parameters of its own, "<prefix>baseline/<name of the input>", entered in `tape.twin`.
[[nodiscard]] ov::ParameterVector make_twin(const Duplicate& copy, const std::string& prefix, Tape& tape);

}  // namespace pellucid::graph
