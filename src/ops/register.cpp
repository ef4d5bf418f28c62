#include "ops/register.hpp"

#include "openvino/core/graph_util.hpp"
#include "openvino/core/op_extension.hpp"
#include "ops/max_pool_backward/max_pool_backward.hpp"

namespace pellucid::ops {
namespace {

using Node = std::shared_ptr<ov::Node>;

/// The nodes from `made` down to `inputs`, those made for the decomposition.
void collect(const Node& made, const ov::OutputVector& inputs, ov::NodeVector& nodes) {
    const bool ours = std::find(nodes.begin(), nodes.end(), made) != nodes.end();
    const bool outside =
        std::any_of(inputs.begin(), inputs.end(), [&](const auto& input) { return input.get_node() == made.get(); });
    if (ours || outside) return;
    nodes.push_back(made);
    for (const auto& input : made->input_values()) collect(input.get_node_shared_ptr(), inputs, nodes);
}

void replace(const Node& node, const ov::Output<ov::Node>& made) {
    ov::NodeVector nodes;
    collect(made.get_node_shared_ptr(), node->input_values(), nodes);
    for (std::size_t k = 0; k < nodes.size(); ++k) {
        nodes[k]->set_friendly_name(node->get_friendly_name() + "/" + std::to_string(k));
    }
    made.get_node()->set_friendly_name(node->get_friendly_name());
    node->output(0).replace(made);
}

}  // namespace

std::vector<ov::Extension::Ptr> extensions() { return {std::make_shared<ov::OpExtension<MaxPoolBackward>>()}; }

void decompose(const std::shared_ptr<ov::Model>& model) {
    for (const auto& node : model->get_ordered_ops()) {
        if (const auto pool = ov::as_type_ptr<MaxPoolBackward>(node)) replace(node, pool->decomposition());
    }
    model->validate_nodes_and_infer_types();
}

}  // namespace pellucid::ops
