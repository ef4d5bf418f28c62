#pragma once

#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "openvino/core/model.hpp"
#include "openvino/core/node.hpp"

namespace pellucid::graph {

enum class UnitKind {
    kAffine,         ///< (group) convolution, transposed convolution or matmul with constant weights, with its bias
    kNormalisation,  ///< batch (inference), layer, group, instance, RMS normalisation, however spelt
    kGelu,           ///< erf or tanh form, however spelt
    kAttention,      ///< softmax(q k^T scale + mask) v
    kGate,           ///< a tensor multiplied by a squashed function of itself (SE, CBAM, …)
    kResidualSum,    ///< an Add of two activations, one of which is a trunk
    kSingle          ///< any other node, alone
};

/// A group of nodes that means one thing. Every active node of a model belongs to exactly one unit.
struct Unit {
    UnitKind kind = UnitKind::kSingle;
    std::string name;                              ///< friendly name of the node that makes the output
    std::vector<std::shared_ptr<ov::Node>> nodes;  ///< in topological order
    std::vector<ov::Output<ov::Node>> inputs;      ///< active tensors that enter, primary first
    ov::Output<ov::Node> output;
    std::shared_ptr<ov::Node> main;                ///< the convolution, matmul, softmax, …
    std::shared_ptr<ov::Node> bias;                ///< the Add that carries the bias, if any
};

/// The units of a model, found once. Does not change the model.
struct Canonical {
    std::shared_ptr<ov::Model> model;
    std::vector<Unit> units;                                     ///< in topological order of their outputs
    std::unordered_map<const ov::Node*, std::size_t> unit_of;    ///< node -> index in units
};

[[nodiscard]] Canonical find_units(const std::shared_ptr<ov::Model>& model);

}  // namespace pellucid::graph
