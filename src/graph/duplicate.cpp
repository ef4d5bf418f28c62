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

/// An If whose condition is a constant (a question about the shape, say) is the branch that it takes: the branch's nodes
/// are copied in its place, named "<If>/<node>". False where the condition depends on the data.
bool inline_branch(const std::shared_ptr<ov::Node>& node, Duplicate& made) {
    const auto choice = ov::as_type_ptr<op::v8::If>(node);
    if (!choice) return false;
    const auto condition = Tape::constant_of(made.tensors.at(node->input_value(0)));
    if (!condition) return false;
    const std::size_t branch =
        condition->cast_vector<bool>().at(0) ? op::v8::If::THEN_BODY_INDEX : op::v8::If::ELSE_BODY_INDEX;
    const auto body = choice->get_function(branch);
    for (const auto& input : choice->get_input_descriptions(branch)) {
        const auto& inner = body->get_parameters().at(input->m_body_parameter_index);
        made.tensors[inner->output(0)] = made.tensors.at(node->input_value(input->m_input_index));
    }
    for (const auto& inner : body->get_ordered_ops()) {
        if (ov::is_type<op::v0::Parameter>(inner) || ov::is_type<op::v0::Result>(inner)) continue;
        ov::OutputVector inputs;
        for (const auto& input : inner->input_values()) inputs.push_back(made.tensors.at(input));
        const auto copy = inner->clone_with_new_inputs(inputs);
        copy->set_friendly_name(node->get_friendly_name() + "/" + inner->get_friendly_name());
        for (std::size_t port = 0; port < inner->get_output_size(); ++port) {
            made.tensors[inner->output(port)] = copy->output(port);
        }
        made.nodes.push_back(copy);
    }
    for (const auto& output : choice->get_output_descriptions(branch)) {
        const auto& result = body->get_results().at(output->m_body_value_index);
        made.tensors[node->output(output->m_output_index)] = made.tensors.at(result->input_value(0));
    }
    return true;
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

}  // namespace

Duplicate duplicate(const std::shared_ptr<ov::Model>& model, const std::vector<Value>& kept) {
    Duplicate made;
    const auto batch = std::make_shared<ov::Symbol>();
    std::size_t place = 0;
    for (const auto& node : model->get_ordered_ops()) {
        ++place;
        if (ov::is_type<op::v0::Result>(node) || inline_branch(node, made)) continue;
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
