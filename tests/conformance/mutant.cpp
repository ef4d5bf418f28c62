#include "conformance/mutant.hpp"

#include <numeric>

#include "graph/tape.hpp"
#include "openvino/op/ops.hpp"

namespace pellucid::conformance {
namespace {

constexpr double kOff = 1.05;

/// Whether the last two axes can change places, and another tensor of the same shape come of it.
bool is_turnable(const graph::Value& g) {
    const auto& shape = g.get_partial_shape();
    if (shape.rank().is_dynamic() || shape.size() < 2) return false;
    const auto rank = shape.size();
    return shape[rank - 1].is_static() && shape[rank - 1] == shape[rank - 2] && shape[rank - 1] != 1;
}

graph::Value transposed(const graph::Value& g, graph::Tape& tape) {
    const auto rank = g.get_partial_shape().size();
    std::vector<std::int64_t> order(rank);
    std::iota(order.begin(), order.end(), 0);
    std::swap(order[rank - 1], order[rank - 2]);
    return tape.make<ov::op::v1::Transpose>(g, tape.integers(order).value).value;
}

}  // namespace

std::string rule_name(const ov::DiscreteTypeInfo& op) {
    const std::string version = op.version_id == nullptr ? "" : op.version_id;
    const auto digits = version.find_first_of("0123456789");
    return std::string(op.name) + "@" + (digits == std::string::npos ? version : version.substr(digits));
}

Mutant::Mutant(const nlohmann::json& described)
    : rule_(described.at("rule")), fault_(described.at("fault")), port_(described.value("port", std::size_t{0})) {}

graph::RuleSet Mutant::rules() {
    auto rules = graph::plain_rules();
    rules.amend = [this](const ov::Node& node, std::vector<graph::Cotangent>& inputs, graph::Tape& tape) {
        amend(node, inputs, tape);
    };
    return rules;
}

void Mutant::amend(const ov::Node& node, std::vector<graph::Cotangent>& inputs, graph::Tape& tape) {
    const auto name = rule_name(node.get_type_info());
    auto& asked = asked_[name];
    for (std::size_t port = 0; port < inputs.size(); ++port) {
        auto& input = inputs[port];
        if (input.empty()) continue;
        asked.ports.insert(port);
        if (is_turnable(input.value)) asked.turnable.insert(port);
        if (name != rule_ || (fault_ != "scale" && port != port_)) continue;
        if (fault_ == "transpose") {
            if (!is_turnable(input.value)) continue;
            input.value = transposed(input.value, tape);
        } else {
            input.value = (tape.expr(input.value) * (fault_ == "scale" ? kOff : 0.0)).value;
        }
        ++made_;
    }
}

}  // namespace pellucid::conformance
