#include "graph/cut.hpp"

#include <unordered_map>
#include <unordered_set>

#include "openvino/core/rt_info.hpp"
#include "openvino/op/constant.hpp"
#include "openvino/op/parameter.hpp"
#include "openvino/op/result.hpp"
#include "pellucid/error.hpp"

namespace pellucid::graph {

namespace {

using Node = std::shared_ptr<ov::Node>;
using Tensor = ov::Output<ov::Node>;

/// A copy of part of a graph: tensors that are given stand for themselves, the rest is copied as it is asked for.
class Part {
public:
    explicit Part(const std::vector<Node>& order) : order_(order) {}

    void given(const Tensor& original, const Tensor& copy) { tensors_[original] = copy; }

    /// Copies what `wanted` needs, in the order of the original.
    void make(const std::vector<Tensor>& wanted) {
        std::unordered_set<const ov::Node*> needed;
        for (const Tensor& tensor : wanted) {
            need(tensor, needed);
        }
        for (const Node& node : order_) {
            if (needed.count(node.get()) != 0) {
                copy(node);
            }
        }
    }

    [[nodiscard]] Tensor at(const Tensor& original) const { return tensors_.at(original); }

private:
    void need(const Tensor& wanted, std::unordered_set<const ov::Node*>& needed) const {
        std::vector<Tensor> open{wanted};
        while (!open.empty()) {
            const Tensor tensor = open.back();
            open.pop_back();
            if (tensors_.count(tensor) != 0 || !needed.insert(tensor.get_node()).second) {
                continue;
            }
            for (const Tensor& input : tensor.get_node()->input_values()) {
                open.push_back(input);
            }
        }
    }

    void copy(const Node& node) {
        ov::OutputVector inputs;
        for (const Tensor& input : node->input_values()) {
            inputs.push_back(tensors_.at(input));
        }
        const Node made = node->clone_with_new_inputs(inputs);
        made->set_friendly_name(node->get_friendly_name());
        ov::copy_runtime_info(node, made);
        for (std::size_t port = 0; port < node->get_output_size(); ++port) {
            made->output(port).set_names(node->output(port).get_names());
            tensors_.emplace(node->output(port), made->output(port));
        }
    }

    const std::vector<Node>& order_;
    std::map<Tensor, Tensor> tensors_;
};

/// Nodes that depend on the layer.
std::unordered_set<const ov::Node*> behind(const Tensor& layer) {
    std::unordered_set<const ov::Node*> found;
    std::vector<Tensor> open{layer};
    while (!open.empty()) {
        const Tensor tensor = open.back();
        open.pop_back();
        for (const auto& input : tensor.get_target_inputs()) {
            if (found.insert(input.get_node()).second) {
                for (const auto& output : input.get_node()->outputs()) {
                    open.push_back(output);
                }
            }
        }
    }
    return found;
}

/// Nodes that depend on an input of the model.
std::unordered_set<const ov::Node*> fed(const std::vector<Node>& order) {
    std::unordered_set<const ov::Node*> found;
    for (const Node& node : order) {
        bool is_fed = ov::is_type<ov::op::v0::Parameter>(node);
        for (const Tensor& input : node->input_values()) {
            is_fed = is_fed || found.count(input.get_node()) != 0;
        }
        if (is_fed) {
            found.insert(node.get());
        }
    }
    return found;
}

/// The layer, then each tensor from before it that is read behind it (or is an output), in topological order.
std::vector<Tensor> frontier_of(const std::vector<Node>& order, const Tensor& layer) {
    const auto later = behind(layer);
    const auto from_input = fed(order);
    std::vector<Tensor> frontier{layer};
    for (const Node& node : order) {
        if (later.count(node.get()) != 0 || from_input.count(node.get()) == 0) {
            continue;
        }
        for (const Tensor& output : node->outputs()) {
            const auto readers = output.get_target_inputs();
            const bool alive = std::any_of(readers.begin(), readers.end(), [&](const auto& input) {
                return later.count(input.get_node()) != 0 || ov::is_type<ov::op::v0::Result>(input.get_node());
            });
            if (alive && output != layer) {
                frontier.push_back(output);
            }
        }
    }
    return frontier;
}

bool reaches_output(const ov::Model& model, const Tensor& layer) {
    const auto later = behind(layer);
    const auto& results = model.get_results();
    return std::any_of(results.begin(), results.end(),
                       [&](const auto& result) { return later.count(result.get()) != 0; });
}

std::shared_ptr<ov::op::v0::Result> named_result(const Tensor& tensor, const std::string& name) {
    auto result = std::make_shared<ov::op::v0::Result>(tensor);
    result->set_friendly_name(name);
    return result;
}

std::shared_ptr<ov::Model> prefix_of(const ov::Model& model, const std::vector<Node>& order,
                                     const std::vector<Tensor>& frontier) {
    Part part(order);
    ov::ParameterVector parameters;
    for (const auto& original : model.get_parameters()) {
        const auto copy = ov::as_type_ptr<ov::op::v0::Parameter>(original->clone_with_new_inputs({}));
        copy->set_friendly_name(original->get_friendly_name());
        copy->output(0).set_names(original->output(0).get_names());
        part.given(original->output(0), copy->output(0));
        parameters.push_back(copy);
    }
    part.make(frontier);
    ov::ResultVector results;
    for (std::size_t k = 0; k < frontier.size(); ++k) {
        results.push_back(named_result(part.at(frontier[k]), "cut/result/" + std::to_string(k)));
    }
    return std::make_shared<ov::Model>(results, parameters, model.get_friendly_name() + "/prefix");
}

std::shared_ptr<ov::Model> suffix_of(const ov::Model& model, const std::vector<Node>& order,
                                     const std::vector<Tensor>& frontier) {
    Part part(order);
    ov::ParameterVector parameters;
    for (std::size_t k = 0; k < frontier.size(); ++k) {
        auto parameter =
            std::make_shared<ov::op::v0::Parameter>(frontier[k].get_element_type(), frontier[k].get_partial_shape());
        parameter->set_friendly_name("cut/" + std::to_string(k) + "/" + frontier[k].get_node()->get_friendly_name());
        parameter->output(0).set_names(frontier[k].get_names());
        part.given(frontier[k], parameter->output(0));
        parameters.push_back(parameter);
    }
    std::vector<Tensor> ends;
    for (const auto& result : model.get_results()) {
        ends.push_back(result->input_value(0));
    }
    part.make(ends);
    ov::ResultVector results;
    for (const auto& result : model.get_results()) {
        results.push_back(named_result(part.at(result->input_value(0)), result->get_friendly_name()));
    }
    return std::make_shared<ov::Model>(results, parameters, model.get_friendly_name() + "/suffix");
}

}  // namespace

CutModel cut(const std::shared_ptr<ov::Model>& model, const ov::Output<ov::Node>& layer) {
    if (!reaches_output(*model, layer)) {
        throw Error(ErrorCode::kUnsupported,
                    "the layer '" + layer.get_node()->get_friendly_name() + "' does not reach an output of the network",
                    "choose another (pellucid inspect lists the layers)");
    }
    const std::vector<Node> order = model->get_ordered_ops();
    CutModel cut;
    cut.frontier = frontier_of(order, layer);
    cut.prefix = prefix_of(*model, order, cut.frontier);
    cut.suffix = suffix_of(*model, order, cut.frontier);
    return cut;
}

}  // namespace pellucid::graph
