#include "graph/lost_paths.hpp"

#include "openvino/op/ops.hpp"

namespace pellucid::graph {
namespace {

namespace op = ov::op;
using Nodes = std::vector<std::shared_ptr<ov::Node>>;

/// Whether what a node computes depends on the values of an input, not on its shape or type alone.
bool reads_values(const ov::Node& node, std::size_t port) {
    const bool shape = ov::is_type<op::v0::ShapeOf>(&node) || ov::is_type<op::v3::ShapeOf>(&node);
    return !shape && !(ov::is_type<op::v1::ConvertLike>(&node) && port == 1);
}

bool is_condition(const Value& v) { return v.get_element_type() == ov::element::boolean; }

/// The tensors whose values `of` is computed from; those behind a condition only where asked for.
std::set<Value> leading_to(const Nodes& nodes, const Value& of, bool behind_conditions) {
    std::set<Value> leading{of};
    for (auto node = nodes.rbegin(); node != nodes.rend(); ++node) {
        const auto outputs = (*node)->outputs();
        if (std::none_of(outputs.begin(), outputs.end(), [&](const Value& v) { return leading.count(v) != 0; })) {
            continue;
        }
        for (std::size_t port = 0; port < (*node)->get_input_size(); ++port) {
            const auto input = (*node)->input_value(port);
            if (reads_values(**node, port) && (behind_conditions || !is_condition(input))) leading.insert(input);
        }
    }
    return leading;
}

bool reads_varied(const ov::Node& node, const Tape& tape) {
    for (std::size_t port = 0; port < node.get_input_size(); ++port) {
        if (tape.wants(node, port) && reads_values(node, port)) return true;
    }
    return false;
}

/// Whether an output of the node is read on the way to `of`, and no cotangent comes back through it.
bool loses(ov::Node& node, const std::set<Value>& leading, const Tape& tape) {
    const bool blocked = blocks(facts_of(node));  // even where its output is asked for itself
    const auto outputs = node.outputs();
    return std::any_of(outputs.begin(), outputs.end(),
                       [&](const Value& v) { return leading.count(v) != 0 && (blocked || tape.varied.count(v) == 0); });
}

/// "Floor (node 'a')", "the indices of TopK (node 'a', the first of 3)".
std::string describe(const std::vector<ov::Node*>& alike, const Tape& tape) {
    auto& first = *alike.front();
    const bool partly = first.get_output_size() > 1 && tape.varied.count(first.output(0)) != 0;
    std::string text = partly ? "the indices of " : "";
    text += std::string(first.get_type_name()) + " (node '" + first.get_friendly_name() + "'";
    if (alike.size() > 1) text += ", the first of " + std::to_string(alike.size());
    return text + ")";
}

}  // namespace

LostPaths find_lost_paths(const Nodes& nodes, const Value& of, const Tape& tape) {
    const auto in_numbers = leading_to(nodes, of, false);
    const auto in_any_way = leading_to(nodes, of, true);
    LostPaths lost;
    std::map<std::string, std::vector<ov::Node*>> by_type;
    std::vector<std::string> types;  // in the order met
    for (const auto& node : nodes) {
        if (!reads_varied(*node, tape)) continue;
        if (loses(*node, in_any_way, tape)) lost.nearest = node.get();
        if (!loses(*node, in_numbers, tape)) continue;
        auto& alike = by_type[node->get_type_name()];
        if (alike.empty()) types.emplace_back(node->get_type_name());
        alike.push_back(node.get());
    }
    for (const auto& type : types) {
        lost.notes.push_back("no gradient flows through " + describe(by_type.at(type), tape) +
                             ": what the answer owes to that path is not in this attribution");
    }
    return lost;
}

}  // namespace pellucid::graph
