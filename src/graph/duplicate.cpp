#include "graph/duplicate.hpp"

#include <limits>
#include <optional>

#include "graph/tape.hpp"
#include "openvino/core/rt_info.hpp"

namespace pellucid::graph {
namespace {

namespace op = ov::op;
using Value = ov::Output<ov::Node>;

std::optional<double> scalar_constant(const Value& v) {
    const auto constant = ov::as_type_ptr<op::v0::Constant>(v.get_node_shared_ptr());
    if (!constant || ov::shape_size(constant->get_shape()) != 1 || constant->get_shape().size() > 1) return {};
    return constant->cast_vector<double>()[0];
}

/// The input of a Maximum or Minimum whose other input is a scalar constant, with that constant.
std::optional<std::pair<Value, double>> bounded(const ov::Node& node) {
    for (const std::size_t port : {0U, 1U}) {
        const auto bound = scalar_constant(node.input_value(port));
        if (bound) return std::pair{node.input_value(1 - port), *bound};
    }
    return {};
}

/// Clamp for Minimum(Maximum(x, low), high); null where the node is no such thing.
std::shared_ptr<ov::Node> clip(const ov::Node& node, const Duplicate& made, const std::vector<Value>& kept) {
    if (!ov::is_type<op::v1::Minimum>(&node) || !node.get_element_type().is_real()) return nullptr;
    const auto upper = bounded(node);
    if (!upper) return nullptr;
    const auto inner = upper->first;
    if (!ov::is_type<op::v1::Maximum>(inner.get_node()) || inner.get_target_inputs().size() != 1) return nullptr;
    if (std::find(kept.begin(), kept.end(), inner) != kept.end()) return nullptr;
    const auto lower = bounded(*inner.get_node());
    if (!lower || lower->second > upper->second) return nullptr;
    return std::make_shared<op::v0::Clamp>(made.tensors.at(lower->first), lower->second, upper->second);
}

std::shared_ptr<ov::Node> parameter(const ov::Node& node, const std::shared_ptr<ov::Symbol>& batch) {
    auto shape = node.get_output_partial_shape(0);
    if (shape.rank().is_static()) {
        for (std::size_t axis = 0; axis < shape.size(); ++axis) {
            if (shape[axis].is_dynamic()) shape[axis].set_symbol(axis == 0 ? batch : std::make_shared<ov::Symbol>());
        }
    }
    return std::make_shared<op::v0::Parameter>(node.get_output_element_type(0), shape);
}

/// Puts the ops that a node stands for in its place. False where that can't be.
bool write_out(ov::Node& node, const std::shared_ptr<ov::Node>& copy, Duplicate& made, bool dry) {
    const auto outputs = unroll(copy, dry);
    if (outputs.empty()) return false;
    for (std::size_t port = 0; port < outputs.size(); ++port) made.tensors[node.output(port)] = outputs[port];
    const auto nodes = nodes_between(copy->input_values(), outputs);
    made.nodes.insert(made.nodes.end(), nodes.begin(), nodes.end());
    return true;
}

}  // namespace

Duplicate duplicate(const std::shared_ptr<ov::Model>& model, const std::vector<Value>& kept, const Route& route,
                    bool dry) {
    Duplicate made;
    const auto composites = composites_between(*model, route);
    const auto batch = std::make_shared<ov::Symbol>();
    std::size_t place = 0;
    for (const auto& node : model->get_ordered_ops()) {
        ++place;
        if (ov::is_type<op::v0::Result>(node)) continue;
        std::shared_ptr<ov::Node> copy;
        if (ov::is_type<op::v0::Parameter>(node)) {
            copy = parameter(*node, batch);
        } else if (!(copy = clip(*node, made, kept))) {
            ov::OutputVector inputs;
            for (const auto& input : node->input_values()) inputs.push_back(made.tensors.at(input));
            copy = node->clone_with_new_inputs(inputs);
        }
        const bool unnamed = node->get_friendly_name() == node->get_name();
        copy->set_friendly_name(unnamed ? std::string(node->get_type_name()) + "#" + std::to_string(place)
                                        : node->get_friendly_name());
        copy->get_rt_info() = node->get_rt_info();
        if (composites.count(node.get()) != 0 && write_out(*node, copy, made, dry)) continue;
        for (std::size_t port = 0; port < node->get_output_size(); ++port) {
            copy->output(port).get_tensor().set_names(node->output(port).get_names());
            made.tensors[node->output(port)] = copy->output(port);
        }
        made.nodes.push_back(copy);
    }
    for (const auto& input : model->get_parameters()) {
        made.parameters.push_back(
            ov::as_type_ptr<op::v0::Parameter>(made.tensors.at(input->output(0)).get_node_shared_ptr()));
    }
    return made;
}

}  // namespace pellucid::graph
