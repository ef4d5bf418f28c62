// Layer-wise relevance propagation, epsilon rule ([bach2015], eq. 58): of the relevance R_k of an output
// z_k = sum_j z_jk + b_k, input j receives z_jk / (z_k + epsilon sign(z_k)) R_k. The bias takes its share and keeps it.
//
// Written as x * vjp(R / z), which is the same for every unit that is linear, or linear where it stands (a max-pool).
#include "graph/rules.hpp"
#include "graph/tape.hpp"

namespace pellucid::graph {
namespace {

namespace op = ov::op;

/// Of any unit that is linear where it stands, in all its inputs.
std::vector<Cotangent> epsilon_rule(const Unit& unit, const Cotangent& output, Tape& tape) {
    const auto z = tape.expr(unit.output);
    const auto epsilon = tape.parameter;
    // sign(0) = +1: an output of 0 is divided by epsilon, not by 0.
    const auto held = select(less(z, 0.0), z - epsilon, z + epsilon);
    const auto share = tape.positive(output) / held;
    auto inputs = tape.vjp(unit, share);
    for (std::size_t i = 0; i < inputs.size(); ++i) {
        if (!inputs[i].empty()) inputs[i] = tape.expr(unit.inputs[i]) * tape.positive(inputs[i]);
    }
    return inputs;
}

/// Activations of one input with f(0) = 0 hand all of it through.
std::vector<Cotangent> pass(const Unit& unit, const Cotangent& output, Tape&) {
    std::vector<Cotangent> inputs(unit.inputs.size());
    if (!inputs.empty()) inputs[0] = output;
    return inputs;
}

/// A product or quotient is linear when one side does not vary: a scale. Two varying sides are a gate.
std::vector<Cotangent> scale(const Unit& unit, const Cotangent& output, Tape& tape) {
    const auto& node = *unit.output.get_node();
    if (tape.wants(node, 0) && tape.wants(node, 1)) {
        refuse(node, "both factors vary, and relevance has no rule for gates",
               "override it, or use gradients or a method that needs only scores");
    }
    if (tape.wants(node, 1) && ov::is_type<op::v1::Divide>(&node)) {
        refuse(node, "relevance has no rule for a varying divisor",
               "override it, or use gradients or a method that needs only scores");
    }
    return epsilon_rule(unit, output, tape);
}

/// Normalising by running statistics is a scale and a shift; by the data's own, it is no linear unit.
std::vector<Cotangent> normalisation(const Unit& unit, const Cotangent& output, Tape& tape) {
    for (const auto& node : unit.nodes) {
        const auto* facts = facts_of(*node);
        const bool varies = tape.varied.count(node->output(0)) != 0;
        if (varies && facts != nullptr && (facts->law == Law::kNormalising || facts->law == Law::kElementwise)) {
            refuse(*node, "relevance has no rule for statistics that vary with the data",
                   "override it, or use gradients or a method that needs only scores");
        }
    }
    return epsilon_rule(unit, output, tape);
}

template <class Op>
Override by_type(UnitRule rule) {
    return {.node = {}, .unit = {}, .op = Op::get_type_info_static(), .law = {}, .rule = rule};
}
Override by_unit(UnitKind kind, UnitRule rule) { return {.node = {}, .unit = kind, .op = {}, .law = {}, .rule = rule}; }
Override by_law(Law law, UnitRule rule) { return {.node = {}, .unit = {}, .op = {}, .law = law, .rule = rule}; }

}  // namespace

RuleSet lrp_epsilon_rules(double epsilon) {
    RuleSet rules{
        .name = "LRP-epsilon", .carries = Carries::kRelevance, .twin = false, .overrides = {}, .plain_for = {}};
    rules.parameter = epsilon;
    rules.overrides = {
        by_unit(UnitKind::kAffine, epsilon_rule),
        by_unit(UnitKind::kNormalisation, normalisation),
        by_unit(UnitKind::kResidualSum, epsilon_rule),
        by_unit(UnitKind::kGelu, pass),
        by_type<op::v1::Multiply>(scale),
        by_type<op::v1::Divide>(scale),
        by_type<op::v0::MatMul>(scale),
        by_type<op::v1::MaxPool>(epsilon_rule),
        by_type<op::v8::MaxPool>(epsilon_rule),
        by_type<op::v14::MaxPool>(epsilon_rule),
        by_type<op::v1::ReduceMax>(epsilon_rule),
        by_type<op::v0::Relu>(pass),
        by_type<op::v0::PRelu>(pass),
        by_type<op::v0::Clamp>(pass),
        by_type<op::v0::Elu>(pass),
        by_type<op::v0::Selu>(pass),
        by_type<op::v0::Gelu>(pass),
        by_type<op::v7::Gelu>(pass),
        by_type<op::v0::Tanh>(pass),
        by_type<op::v4::Swish>(pass),
        by_type<op::v4::HSwish>(pass),
        by_type<op::v4::Mish>(pass),
        by_law(Law::kLinear, epsilon_rule),
    };
    rules.plain_for = {Law::kMovement, Law::kBlocked};
    return rules;
}

}  // namespace pellucid::graph
