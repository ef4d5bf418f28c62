#include "graph/differentiate.hpp"
#include "model/network.hpp"
#include "pellucid/error.hpp"
#include "pellucid/openvino.hpp"

namespace pellucid {

std::shared_ptr<const ov::Model> network_of(const Model& model) { return model.impl().network; }

std::shared_ptr<ov::Model> gradient_network(const std::shared_ptr<ov::Model>& network, std::size_t output,
                                            std::vector<std::size_t> inputs) {
    if (output >= network->outputs().size()) {
        throw Error(ErrorCode::kUsage, "the network has no output " + std::to_string(output));
    }
    const ov::ParameterVector& parameters = network->get_parameters();
    for (std::size_t index = 0; inputs.empty() && index < parameters.size(); ++index) {
        if (parameters[index]->get_element_type().is_real()) {
            inputs.push_back(index);
        }
    }
    std::vector<ov::Output<ov::Node>> wrt;
    for (const std::size_t index : inputs) {
        if (index >= parameters.size()) {
            throw Error(ErrorCode::kUsage, "the network has no input " + std::to_string(index));
        }
        wrt.push_back(parameters[index]->output(0));
    }
    return graph::differentiate(network, wrt, network->get_results()[output]->input_value(0)).model;
}

}  // namespace pellucid
