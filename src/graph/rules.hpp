#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "openvino/core/model.hpp"
#include "openvino/core/node.hpp"

#include "graph/canonical.hpp"

namespace pellucid::graph {

/// How an op treats its active input: decides for which rule sets its plain rule may stand.
enum class Law { kMovement, kLinear, kBilinear, kElementwise, kNormalising, kSelecting, kBlocked };

/// What flows backward. `negated` says that `value` carries minus the cotangent: backward convolutions read
/// Negative(W), and the sign is carried here instead of being multiplied out (docs/decisions).
struct Cotangent {
    ov::Output<ov::Node> value;
    bool negated = false;
    [[nodiscard]] bool empty() const { return value.get_node() == nullptr; }
};

class Tape;  // graph/tape.hpp: makes named nodes; forward and baseline tensors; replay and vjp of a unit

/// From the cotangents of a node's outputs (empty where nothing flows) to those of its inputs (empty where blocked).
using VjpRule = std::vector<Cotangent> (*)(const std::shared_ptr<ov::Node>& node, const std::vector<Cotangent>& outputs,
                                           Tape& tape);
/// The ops that a node stands for, over its inputs: a value for each of its outputs. Throws Error(kUnsupported) where it
/// can't be written out (a number of steps that is not fixed, say).
using Decomposition = std::vector<ov::Output<ov::Node>> (*)(const std::shared_ptr<ov::Node>& node, Tape& tape);
/// Multiply-accumulates of one node with static shapes (batch as it stands).
using MacRule = std::int64_t (*)(const ov::Node& node);

/// All that is known of one op type. One row an op, one file a family (graph/facts/).
struct OpFacts {
    ov::DiscreteTypeInfo op;
    Law law = Law::kBlocked;
    VjpRule vjp = nullptr;  ///< null for a blocked op, but for one whose indices alone block: it refuses values
    MacRule macs = nullptr;  ///< null: none
    std::string_view note;  ///< what a user should know (ties, subgradients, straight-through)
    Decomposition decompose = nullptr;  ///< stands before the rule: what a cotangent flows through instead of the node
};

/// The row of a node's type, or null.
[[nodiscard]] const OpFacts* facts_of(const ov::Node& node);
/// Whether nothing flows through the op, by its row. One that blocks by its indices alone has a rule for its values.
[[nodiscard]] inline bool blocks(const OpFacts* facts) {
    return facts != nullptr && facts->law == Law::kBlocked && facts->vjp == nullptr;
}
[[nodiscard]] std::vector<const OpFacts*> all_facts();

/// Sees, and may change, what a plain rule answers for the inputs of a node. For tests that have to fail on wrong rules.
using Amend = std::function<void(const ov::Node& node, std::vector<Cotangent>& inputs, Tape& tape)>;

enum class Carries { kGradient, kMultiplier, kRelevance };

/// Replaces the plain rule where it matches. Resolved by node name, then unit kind, then op type, then law.
using UnitRule = std::vector<Cotangent> (*)(const Unit& unit, const Cotangent& output, Tape& tape);
struct Override {
    std::string node;  ///< friendly name; empty: any
    std::optional<UnitKind> unit;
    std::optional<ov::DiscreteTypeInfo> op;
    std::optional<Law> law;
    UnitRule rule = nullptr;
};

struct RuleSet {
    std::string_view name;
    Carries carries = Carries::kGradient;
    bool twin = false;  ///< needs a second forward pass, of the baseline
    std::vector<Override> overrides;
    std::vector<Law> plain_for;  ///< laws for which the plain rule stands; others are refused by node
    double parameter = 0.0;  ///< what rules read as Tape::parameter (the epsilon of LRP-epsilon)
    Amend amend = {};  ///< called after every plain rule
};

[[nodiscard]] const RuleSet& plain_rules();
[[nodiscard]] const RuleSet& guided_backpropagation_rules();
/// LRP-epsilon ([bach2015], eq. 58), biases absorb their share.
[[nodiscard]] RuleSet lrp_epsilon_rules(double epsilon);

}  // namespace pellucid::graph
