#pragma once

#include <nlohmann/json.hpp>

#include <map>
#include <set>
#include <string>

#include "graph/rules.hpp"

namespace pellucid::conformance {

/// "Add@1": the type and the opset of a rule, as operators.md and OpFacts name it.
[[nodiscard]] std::string rule_name(const ov::DiscreteTypeInfo& op);

/// Of one rule, the inputs that it gave cotangents to, and those whose cotangent can be transposed.
struct AskedRule {
    std::set<std::size_t> ports, turnable;
};

/// A fault put into one rule: its answers by 1.05, the answer for one input zero, or the last two axes of an answer
/// exchanged where they are equally long.
class Mutant {
public:
    /// None.
    Mutant() = default;
    /// {rule: "Add@1", fault: "scale" | "drop" | "transpose", port: 0}
    explicit Mutant(const nlohmann::json& described);

    /// The plain rules with this fault in them, which also count the rules that were asked.
    [[nodiscard]] graph::RuleSet rules();
    /// The rules that were asked, and where a fault could be put.
    [[nodiscard]] const std::map<std::string, AskedRule>& asked() const { return asked_; }
    /// How often the fault was there to be made.
    [[nodiscard]] int made() const { return made_; }

private:
    void amend(const ov::Node& node, std::vector<graph::Cotangent>& inputs, graph::Tape& tape);

    std::string rule_, fault_;
    std::size_t port_ = 0;
    std::map<std::string, AskedRule> asked_;
    int made_ = 0;
};

}  // namespace pellucid::conformance
