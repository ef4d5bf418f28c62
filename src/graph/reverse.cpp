#include "graph/reverse.hpp"

#include <optional>

#include "graph/lost_paths.hpp"
#include "pellucid/error.hpp"

namespace pellucid::graph {
namespace {

using Flowing = std::map<Value, Cotangent>;

using Nodes = std::vector<std::shared_ptr<ov::Node>>;

bool varies(const ov::Node& node, const Tape& tape) {
    const auto inputs = node.input_values();
    return std::any_of(inputs.begin(), inputs.end(), [&](const Value& input) { return tape.varied.count(input) != 0; });
}

/// Marks the tensors that depend on `wrt` in a way that a cotangent can come back.
void mark_varied(const Nodes& nodes, const std::vector<Value>& wrt, Tape& tape) {
    tape.varied.insert(wrt.begin(), wrt.end());
    for (const auto& node : nodes) {
        if (!varies(*node, tape) || blocks(facts_of(*node))) continue;
        for (const auto& output : node->outputs()) {
            if (output.get_element_type().is_real()) tape.varied.insert(output);
        }
    }
}

bool matches(const Override& over, const Unit& unit, const ov::Node& main, Law law) {
    const bool named = over.node.empty() || over.node == main.get_friendly_name() || over.node == unit.name;
    return named && (!over.unit || *over.unit == unit.kind) && (!over.op || *over.op == main.get_type_info()) &&
           (!over.law || *over.law == law);
}

/// How specific an override is: node name before unit kind before op type before law.
int specificity(const Override& over) {
    if (!over.node.empty()) return 4;
    if (over.unit) return 3;
    if (over.op) return 2;
    return over.law ? 1 : 0;
}

const Override* resolve(const RuleSet& rules, const Unit& unit, const ov::Node& main, Law law) {
    const Override* best = nullptr;
    for (const auto& over : rules.overrides) {
        if (!matches(over, unit, main, law)) continue;
        if (best == nullptr || specificity(over) > specificity(*best)) best = &over;
    }
    return best;
}

std::string_view carried(Carries carries) {
    switch (carries) {
        case Carries::kGradient:
            return "a gradient";
        case Carries::kMultiplier:
            return "a multiplier";
        case Carries::kRelevance:
            return "relevance";
    }
    return "";
}

/// One reverse pass: what flows, and the rules by which it does.
class Reverse {
public:
    Reverse(const RuleSet& rules, Tape& tape) : rules_(rules), tape_(tape) {}

    void find_units_of(const std::vector<std::shared_ptr<ov::Node>>& nodes, const Value& of) {
        if (rules_.overrides.empty()) return;
        ov::ParameterVector parameters;
        for (const auto& node : nodes) {
            if (auto parameter = ov::as_type_ptr<ov::op::v0::Parameter>(node)) parameters.push_back(parameter);
        }
        const auto result = std::make_shared<ov::op::v0::Result>(of);
        canonical_ = find_units(std::make_shared<ov::Model>(ov::ResultVector{result}, parameters));
    }

    void seed(const Value& of, const Cotangent& cotangent) { flowing_[of] = cotangent; }
    [[nodiscard]] const Flowing& flowing() const { return flowing_; }

    void visit(const std::shared_ptr<ov::Node>& node) {
        if (!varies(*node, tape_)) return;
        std::vector<Cotangent> outputs;
        for (const auto& output : node->outputs()) {
            const auto found = flowing_.find(output);
            outputs.push_back(found == flowing_.end() ? Cotangent{} : found->second);
        }
        if (std::all_of(outputs.begin(), outputs.end(), [](const Cotangent& c) { return c.empty(); })) return;
        tape_.at(*node);
        if (by_override(node, outputs)) return;
        refuse_unless_plain(*node);
        const auto cotangents = tape_.plain(node, outputs);
        for (std::size_t port = 0; port < cotangents.size(); ++port) flow(node->input_value(port), cotangents[port]);
    }

private:
    Unit unit_of(const std::shared_ptr<ov::Node>& node) const {
        const auto found = canonical_.unit_of.find(node.get());
        if (found != canonical_.unit_of.end()) return canonical_.units[found->second];
        Unit single;
        single.name = node->get_friendly_name();
        single.nodes = {node};
        single.inputs = node->input_values();
        single.output = node->output(0);
        single.main = node;
        return single;
    }

    bool by_override(const std::shared_ptr<ov::Node>& node, const std::vector<Cotangent>& outputs) {
        if (rules_.overrides.empty()) return false;
        const auto unit = unit_of(node);
        const auto& main = unit.main ? *unit.main : *node;
        const auto* facts = facts_of(main);
        const auto law = facts == nullptr ? Law::kBlocked : facts->law;
        const auto* over = resolve(rules_, unit, main, law);
        if (over == nullptr || unit.output.get_node() != node.get()) return false;
        const auto& output = outputs[unit.output.get_index()];
        if (output.empty()) return false;
        const auto cotangents = over->rule(unit, output, tape_);
        for (std::size_t i = 0; i < cotangents.size() && i < unit.inputs.size(); ++i)
            flow(unit.inputs[i], cotangents[i]);
        return true;
    }

    void refuse_unless_plain(const ov::Node& node) const {
        const auto* facts = facts_of(node);
        if (facts == nullptr) return;  // refused by the tape, by name
        const auto& laws = rules_.plain_for;
        if (std::find(laws.begin(), laws.end(), facts->law) != laws.end()) return;
        throw Error(ErrorCode::kUnsupported,
                    "the rule set '" + std::string(rules_.name) + "' has no rule that carries " +
                        std::string(carried(rules_.carries)) + " through " + describe_node(node),
                    "override it, or use gradients or a method that needs only scores");
    }

    void flow(const Value& to, const Cotangent& cotangent) {
        if (cotangent.empty() || tape_.varied.count(to) == 0) return;
        auto& sum = flowing_[to];
        sum = tape_.add(sum, cotangent);
    }

    const RuleSet& rules_;
    Tape& tape_;
    Canonical canonical_;
    Flowing flowing_;
};

/// @param tape  of the pass, with the inputs that the rules met on the way let nothing through
[[noreturn]] void refuse_zero(const Nodes& nodes, const Value& wrt, const Value& of, const Tape& tape) {
    const auto& from = wrt.get_node()->get_friendly_name();
    const auto& to = of.get_node()->get_friendly_name();
    // Of this tensor alone: another's path may be lost where this one leads nowhere.
    Tape alone({}, true);
    mark_varied(nodes, {wrt}, alone);
    std::string where;
    for (const auto& blocked : tape.blocked_inputs) {
        if (where.empty() && alone.varied.count(blocked.tensor) != 0) where = "at " + blocked.where;
    }
    if (where.empty()) {
        if (const auto* blocker = find_lost_paths(nodes, of, alone).nearest)
            where = "last at " + describe_node(*blocker);
    }
    if (!where.empty()) {
        throw Error(ErrorCode::kUnsupported,
                    "the gradient of '" + to + "' by '" + from + "' is zero: every path is blocked, " + where,
                    "use a method that needs only scores (occlusion, lime)");
    }
    throw Error(ErrorCode::kUnsupported, "'" + to + "' does not depend on '" + from + "'",
                "choose a tensor that leads to it");
}

}  // namespace

std::vector<Value> reverse(const std::vector<std::shared_ptr<ov::Node>>& nodes, const Derivative& derivative,
                           const RuleSet& rules, Tape& tape) {
    const auto& [wrt, of, seed] = derivative;
    mark_varied(nodes, wrt, tape);
    for (const auto& note : find_lost_paths(nodes, of, tape).notes) tape.note(note);
    Reverse pass(rules, tape);
    pass.find_units_of(nodes, of);
    pass.seed(of, seed);
    for (auto node = nodes.rbegin(); node != nodes.rend(); ++node) pass.visit(*node);
    std::vector<Value> gradients;
    for (const auto& v : wrt) {
        const auto found = pass.flowing().find(v);
        if (found == pass.flowing().end()) refuse_zero(nodes, v, of, tape);
        tape.at(*v.get_node());
        gradients.push_back(tape.positive(found->second).value);
    }
    return gradients;
}

ov::ParameterVector make_twin(const Duplicate& copy, const std::string& prefix, Tape& tape) {
    ov::ParameterVector parameters;
    for (const auto& node : copy.nodes) {
        if (ov::is_type<ov::op::v0::Constant>(node)) {
            tape.twin[node.get()] = node;
            continue;
        }
        ov::OutputVector inputs;
        for (const auto& input : node->input_values()) inputs.push_back(tape.baseline(input));
        const auto made = node->clone_with_new_inputs(inputs);
        made->set_friendly_name(prefix + "baseline/" + node->get_friendly_name());
        made->get_rt_info() = node->get_rt_info();  // so that the engine treats both passes alike
        tape.twin[node.get()] = made;
    }
    for (const auto& parameter : copy.parameters) {
        const auto made = ov::as_type_ptr<ov::op::v0::Parameter>(tape.twin.at(parameter.get()));
        made->output(0).get_tensor().set_names({made->get_friendly_name()});
        parameters.push_back(made);
    }
    return parameters;
}

}  // namespace pellucid::graph
