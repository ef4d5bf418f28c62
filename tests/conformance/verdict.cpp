#include "conformance/verdict.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <set>

#include "conformance/differences.hpp"
#include "graph/differentiate.hpp"
#include "openvino/op/util/multi_subgraph_base.hpp"
#include "pellucid/error.hpp"

namespace pellucid::conformance {
namespace {

/// A derivative to ask for: of a result by a parameter.
struct Pair {
    std::size_t result, parameter;
};

/// The tensors that a parameter reaches through ops that let a derivative through, or have no rule.
std::set<Value> reached_from(const ov::Model& model, const Value& parameter) {
    std::set<Value> reached{parameter};
    for (const auto& node : model.get_ordered_ops()) {
        if (graph::blocks(graph::facts_of(*node))) continue;
        const auto inputs = node->input_values();
        if (std::none_of(inputs.begin(), inputs.end(), [&](const Value& v) { return reached.count(v) != 0; })) continue;
        for (const auto& output : node->outputs()) {
            if (output.get_element_type().is_real()) reached.insert(output);
        }
    }
    return reached;
}

/// Every floating result and parameter that have elements: the derivative of nothing, or by nothing, cannot be wrong.
std::vector<Pair> all_pairs_of(const OperatorTest& test) {
    const auto& model = *test.model;
    std::vector<Pair> pairs;
    for (std::size_t p = 0; p < model.get_parameters().size(); ++p) {
        const bool floats =
            model.get_parameters()[p]->get_element_type() == ov::element::f32 && test.fixed.count(p) == 0;
        for (std::size_t r = 0; floats && test.inputs[p].get_size() != 0 && r < model.get_results().size(); ++r) {
            const bool empty = !test.expected.empty() && test.expected[r].get_size() == 0;
            const bool answers = model.get_results()[r]->get_element_type() == ov::element::f32;
            if (!empty && answers) pairs.push_back({r, p});
        }
    }
    return pairs;
}

/// Whether a gradient is to be expected.
bool is_expected(const OperatorTest& test, const Pair& pair) {
    const auto reached = reached_from(*test.model, test.model->get_parameters()[pair.parameter]->output(0));
    return reached.count(test.model->get_results()[pair.result]->input_value(0)) != 0;
}

std::vector<Pair> pairs_of(const OperatorTest& test) {
    auto pairs = all_pairs_of(test);
    std::erase_if(pairs, [&](const Pair& pair) { return !is_expected(test, pair); });
    return pairs;
}

/// Products, in one factor at a time.
bool is_product(const ov::Node& node) {
    namespace op = ov::op;
    return ov::is_type<op::v1::Multiply>(&node) || ov::is_type<op::v0::MatMul>(&node) ||
           ov::is_type<op::v7::Einsum>(&node) || ov::is_type<op::v1::Convolution>(&node) ||
           ov::is_type<op::v1::GroupConvolution>(&node);
}

/// Whether the op is linear in the inputs that vary. Its law speaks of its data alone: a normalisation is linear in that and
/// not in its variance, and a sum of two is so in both.
bool is_linear_in(const ov::Node& node, const graph::OpFacts& facts, const std::set<Value>& reached) {
    std::vector<std::size_t> ports;
    for (std::size_t port = 0; port < node.get_input_size(); ++port) {
        if (reached.count(node.input_value(port)) != 0) ports.push_back(port);
    }
    const bool data_alone = ports == std::vector<std::size_t>{0};
    const bool divided = ov::is_type<ov::op::v1::Divide>(&node);
    switch (facts.law) {
        case graph::Law::kMovement:  // unless it rounds
            return node.get_output_element_type(0) == ov::element::f32;
        case graph::Law::kLinear:
            return data_alone || ov::is_type<ov::op::v1::Add>(&node) || ov::is_type<ov::op::v1::Subtract>(&node);
        case graph::Law::kBilinear:
            return data_alone ? divided || is_product(node) : ports.size() == 1 && is_product(node);
        default:
            return false;
    }
}

/// Whether all that lies between is linear.
bool is_affine(const ov::Model& model, const Pair& pair) {
    const auto reached = reached_from(model, model.get_parameters()[pair.parameter]->output(0));
    for (const auto& node : model.get_ordered_ops()) {
        const auto inputs = node->input_values();
        const bool active =
            std::any_of(inputs.begin(), inputs.end(), [&](const Value& v) { return reached.count(v) != 0; });
        if (!active || ov::is_type<ov::op::v0::Result>(node)) continue;
        const auto* facts = graph::facts_of(*node);
        if (facts == nullptr || facts->decompose != nullptr || !is_linear_in(*node, *facts, reached)) return false;
    }
    return true;
}

/// Ops of a gradient graph that have no row: a derivative of the derivative would be refused.
std::string without_row(const ov::Model& gradient) {
    for (const auto& node : gradient.get_ordered_ops()) {
        if (ov::is_type<ov::op::v0::Parameter>(node) || ov::is_type<ov::op::v0::Result>(node) ||
            ov::is_type<ov::op::v0::Constant>(node)) {
            continue;
        }
        if (graph::facts_of(*node) == nullptr) return rule_name(node->get_type_info());
    }
    return {};
}

/// A refusal for want of a path, rather than of a rule.
bool is_blocked(const std::string& refusal) {
    return refusal.find("every path is blocked") != std::string::npos ||
           refusal.find("does not depend on") != std::string::npos;
}

class Judge {
public:
    Judge(const OperatorTest& test, Mutant& mutant) : test_(test), mutant_(mutant) {}

    Answer operator()() {
        std::size_t agreed = 0;
        std::string blocked;
        for (const auto& pair : all_pairs_of(test_)) {
            const auto by = test_.model->get_parameters()[pair.parameter]->output(0);
            const auto of = test_.model->get_results()[pair.result]->input_value(0);
            try {
                const auto gradient = graph::differentiate(test_.model, {by}, of, {}, mutant_.rules());
                const auto wrong = compare_with_rows(pair, gradient);
                if (!wrong.empty()) return {Verdict::kWrong, wrong, true, false};
                ++agreed;
            } catch (const Error& refusal) {
                if (!is_blocked(refusal.what())) return {Verdict::kRefused, refusal.what(), false, false};
                const auto wrong = moves(test_, pair.result, pair.parameter);
                if (!wrong.empty()) return {Verdict::kWrong, wrong, true, false};
                if (is_expected(test_, pair)) blocked = refusal.what();
            }
        }
        if (agreed > 0) return {Verdict::kRight, {}, false, false};
        return blocked.empty() ? Answer{} : Answer{Verdict::kRefused, blocked, false, false};
    }

private:
    [[nodiscard]] std::string compare_with_rows(const Pair& pair, const graph::GradientModel& gradient) const {
        const auto op = without_row(*gradient.model);
        if (!op.empty()) return "a rule makes " + op + ", which has no row";
        return compare(test_, {pair.result, pair.parameter, is_affine(*test_.model, pair)}, gradient);
    }

    const OperatorTest& test_;
    Mutant& mutant_;
};

Answer guarded(const OperatorTest& test, Mutant& mutant) {
    try {
        return Judge(test, mutant)();
    } catch (const std::exception& error) {
        return {Verdict::kWrong, error.what(), false, false};
    }
}

}  // namespace

Answer judge(const OperatorTest& test, Mutant& mutant) {
    if (all_pairs_of(test).empty()) return {};
    auto answer = guarded(test, mutant);
    if (answer.verdict != Verdict::kRefused) return answer;
    const auto pairs = pairs_of(test);
    // Shapes, indices and factors that a test passes as inputs are constants in networks.
    std::vector<std::size_t> by;
    for (const auto& pair : pairs) {
        const auto& parameter = test.model->get_parameters()[pair.parameter];
        const bool blocked = is_blocked(graph::why_not_differentiable(
            test.model, {parameter->output(0)}, test.model->get_results()[pair.result]->input_value(0)));
        if (!blocked && (by.empty() || by.back() != pair.parameter)) by.push_back(pair.parameter);
    }
    if (by.empty() || by.size() == test.inputs.size()) return answer;
    try {
        auto held = guarded(hold_others(test, by), mutant);
        if (held.verdict == Verdict::kNone) return answer;
        held.held = true;
        return held;
    } catch (const std::exception& error) {
        return answer;
    }
}

}  // namespace pellucid::conformance
