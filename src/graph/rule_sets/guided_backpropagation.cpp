// Guided backpropagation ([springenberg2015], eq. 4 of the arXiv version): through a ReLU flows what is positive,
// where the ReLU was open. ReLU6 and clamps from 0 count as ReLUs.
#include "graph/rules.hpp"
#include "graph/tape.hpp"

namespace pellucid::graph {
namespace {

namespace op = ov::op;

std::vector<Cotangent> guided(const Unit& unit, const Cotangent& output, Tape& tape) {
    const auto node = unit.output.get_node_shared_ptr();
    const auto g = tape.positive(output);
    const auto positive = select(greater(g, 0.0), g, 0.0);
    auto inputs = tape.plain(node, {positive});
    inputs.resize(unit.inputs.size());
    return inputs;
}

/// Clamps that are no ReLU (not from 0) keep the plain rule.
std::vector<Cotangent> guided_clamp(const Unit& unit, const Cotangent& output, Tape& tape) {
    const auto clamp = ov::as_type_ptr<op::v0::Clamp>(unit.output.get_node_shared_ptr());
    if (clamp->get_min() != 0.0) return tape.plain(clamp, {output});
    return guided(unit, output, tape);
}

}  // namespace

const RuleSet& guided_backpropagation_rules() {
    static const RuleSet kGuided = [] {
        RuleSet rules = plain_rules();
        rules.name = "guided backpropagation";
        rules.overrides = {
            {.node = {}, .unit = {}, .op = op::v0::Relu::get_type_info_static(), .law = {}, .rule = guided},
            {.node = {}, .unit = {}, .op = op::v0::Clamp::get_type_info_static(), .law = {}, .rule = guided_clamp},
        };
        return rules;
    }();
    return kGuided;
}

}  // namespace pellucid::graph
