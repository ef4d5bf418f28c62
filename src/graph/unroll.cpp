#include "graph/unroll.hpp"

#include <unordered_set>

#include "graph/facts/table.hpp"
#include "pellucid/error.hpp"

namespace pellucid::graph {
namespace {

using Nodes = std::vector<std::shared_ptr<ov::Node>>;

bool reads_any(const ov::Node& node, const std::set<Value>& tensors) {
    const auto inputs = node.input_values();
    return std::any_of(inputs.begin(), inputs.end(), [&](const Value& v) { return tensors.count(v) != 0; });
}

/// Tensors that depend on `wrt`, as far as can be told while composites are whole: rather too many than too few.
std::set<Value> varied(const Nodes& nodes, const std::vector<Value>& wrt) {
    std::set<Value> found(wrt.begin(), wrt.end());
    for (const auto& node : nodes) {
        if (!reads_any(*node, found) || blocks(facts_of(*node))) continue;
        for (const auto& output : node->outputs()) found.insert(output);
    }
    return found;
}

}  // namespace

std::set<const ov::Node*> composites_between(const ov::Model& model, const Route& route) {
    const auto nodes = model.get_ordered_ops();
    const auto is_composite = [](const std::shared_ptr<ov::Node>& node) {
        const auto* facts = facts_of(*node);
        return facts != nullptr && facts->decompose != nullptr;
    };
    if (std::none_of(nodes.begin(), nodes.end(), is_composite)) return {};
    const auto dependent = varied(nodes, route.wrt);
    std::set<Value> leading{route.of};
    std::set<const ov::Node*> found;
    for (auto node = nodes.rbegin(); node != nodes.rend(); ++node) {
        const auto outputs = (*node)->outputs();
        if (std::none_of(outputs.begin(), outputs.end(), [&](const Value& v) { return leading.count(v) != 0; })) {
            continue;
        }
        for (const auto& input : (*node)->input_values()) leading.insert(input);
        if (is_composite(*node) && reads_any(**node, dependent)) found.insert(node->get());
    }
    return found;
}

std::vector<Value> unroll(const std::shared_ptr<ov::Node>& node, bool dry) {
    const auto* facts = facts_of(*node);
    if (facts == nullptr || facts->decompose == nullptr) return {};
    Tape tape("unrolled/", dry);
    tape.at(*node);
    try {
        return facts->decompose(node, tape);
    } catch (const Error& error) {
        // Only a cotangent that gets here makes it an error: the node's rule throws it again.
        if (error.code() != ErrorCode::kUnsupported) throw;
        return {};
    } catch (const ov::Exception&) {  // nodes that do not fit together: left whole, and refused where it matters
        return {};
    }
}

Nodes nodes_between(const std::vector<Value>& inputs, const std::vector<Value>& values) {
    std::unordered_set<const ov::Node*> seen;
    for (const auto& input : inputs) seen.insert(input.get_node());
    Nodes order;
    // Depth first without recursion: a chain of steps is thousands of nodes long.
    struct Visit {
        std::shared_ptr<ov::Node> node;
        std::size_t port = 0;
    };
    std::vector<Visit> path;
    const auto enter = [&](const Value& v) {
        if (seen.insert(v.get_node()).second) path.push_back({v.get_node_shared_ptr()});
    };
    for (const auto& value : values) {
        enter(value);
        while (!path.empty()) {
            auto& last = path.back();
            if (last.port < last.node->get_input_size()) {
                enter(last.node->input_value(last.port++));
            } else {
                order.push_back(last.node);
                path.pop_back();
            }
        }
    }
    return order;
}

namespace facts {

std::vector<Cotangent> say_why_whole(const std::shared_ptr<ov::Node>& node, const std::vector<Cotangent>& /*outputs*/,
                                     Tape& /*tape*/) {
    Tape spare("unrolled/", true);
    try {
        const auto written_out = facts_of(*node)->decompose(node, spare);
    } catch (const ov::Exception&) {
        refuse(*node, "what it would be written out in does not fit this node", "please report this");
    }
    refuse(*node, "it cannot be written out as other operators, nor has it a rule of its own");
}

}  // namespace facts
}  // namespace pellucid::graph
