#pragma once

#include <memory>
#include <optional>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "graph/canonical.hpp"
#include "openvino/op/constant.hpp"

namespace pellucid::graph {

/// As the files of the search for units name them.
using Node = std::shared_ptr<ov::Node>;
using Tensor = ov::Output<ov::Node>;

template <class... Ops>
[[nodiscard]] bool is_any(const ov::Node& node) {
    return (ov::is_type<Ops>(&node) || ...);
}

/// A unit as it is proposed.
struct Claim {
    UnitKind kind = UnitKind::kSingle;
    std::vector<Node> nodes;
    Node end, main;
    std::vector<Tensor> first = {};  ///< tensors that head the unit's inputs
    Node bias = nullptr;
};

/// What the search for units asks of a graph. A node is active when its values (not only a shape) come from an input.
class UnitSearch {
public:
    explicit UnitSearch(const ov::Model& model);

    [[nodiscard]] const std::vector<Node>& nodes() const { return nodes_; }
    [[nodiscard]] bool active(const ov::Node& node) const { return active_.count(&node) != 0; }
    [[nodiscard]] bool active(const Tensor& tensor) const { return active(*tensor.get_node()); }
    [[nodiscard]] std::size_t place(const ov::Node& node) const { return place_.at(&node); }
    [[nodiscard]] bool taken(const ov::Node& node) const { return taken_.count(&node) != 0; }

    /// The nodes that read a tensor's values, each once; results count, readers of its shape don't.
    [[nodiscard]] std::vector<Node> readers(const Tensor& tensor) const;
    /// The one node that reads a node's only output, or null.
    [[nodiscard]] Node only_reader(const ov::Node& node) const;
    /// Of a binary node, the operand that is not active, with the port of the active one; nothing if both or none are.
    struct Mixed {
        Tensor active, fixed;
    };
    [[nodiscard]] std::optional<Mixed> mixed(const ov::Node& node) const;
    /// Value of a fixed tensor of one element.
    [[nodiscard]] static std::optional<double> scalar(const Tensor& tensor);

    /// Active nodes from `end` back to the tensors of `boundary`; empty when an input of the model is met on the way,
    /// or more than `most` nodes are.
    [[nodiscard]] std::vector<Node> between(const std::vector<Tensor>& boundary, const Node& end,
                                            std::size_t most = 48) const;

    /// Makes a unit of nodes that end in `end`, unless one is taken or an inner tensor is read outside.
    bool claim(Claim claim);

    std::vector<Unit> units;

private:
    std::vector<Node> nodes_;
    std::unordered_set<const ov::Node*> active_, taken_;
    std::unordered_map<const ov::Node*, std::size_t> place_;
};

/// Each claims the units of its kinds. The order in which they are called is that of the header `canonical.hpp`'s
/// precedence: attention before activations, these before normalisation, affine, gates and sums.
void claim_attention(UnitSearch& search);
void claim_gelu(UnitSearch& search);
void claim_normalisation(UnitSearch& search);
void claim_affine(UnitSearch& search);
void claim_gates(UnitSearch& search);
void claim_sums(UnitSearch& search);

}  // namespace pellucid::graph
