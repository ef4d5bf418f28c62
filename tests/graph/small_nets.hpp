#pragma once

#include <memory>
#include <string>
#include <vector>

#include "graph/differentiate/probe.hpp"
#include "openvino/opsets/opset16.hpp"

namespace pellucid::graph::testing {

/// Builds networks of a few layers, their weights from a seed; every node gets the name that it is asked to have.
class SmallNet {
public:
    explicit SmallNet(std::uint64_t seed) : random_(seed) {}

    Value input(const ov::PartialShape& shape);
    Value weights(const ov::Shape& shape);

    /// [N, C, …] of any rank; "same" padding for odd kernels.
    Value convolve(const std::string& name, const Value& x, std::size_t channels, std::size_t kernel,
                   std::size_t stride = 1);
    Value convolve_groups(const std::string& name, const Value& x, std::size_t groups, std::size_t per_group,
                          std::size_t kernel);
    Value upsample(const std::string& name, const Value& x, std::size_t channels);   ///< transposed, stride 2
    Value normalise(const std::string& name, const Value& x);                        ///< batch normalisation
    Value relu(const std::string& name, const Value& x);
    Value sigmoid(const std::string& name, const Value& x);
    Value max_pool(const std::string& name, const Value& x);                         ///< 2x2, stride 2
    Value average(const std::string& name, const Value& x, std::vector<std::int64_t> axes, bool keep = true);
    Value dense(const std::string& name, const Value& x, std::size_t outputs);       ///< with its bias
    Value add(const std::string& name, const Value& a, const Value& b);
    Value multiply(const std::string& name, const Value& a, const Value& b);
    Value concat(const std::string& name, const std::vector<Value>& parts);          ///< along axis 1

    [[nodiscard]] std::shared_ptr<ov::Model> model(const std::vector<Value>& outputs) const;

private:
    Value named(const std::string& name, const std::shared_ptr<ov::Node>& node) const;
    Random random_;
    ov::ParameterVector inputs_;
};

/// The output tensor of the node of that friendly name.
Value find_node(const std::shared_ptr<ov::Model>& model, const std::string& name);
/// What stands under the model's result.
Value score_of(const std::shared_ptr<ov::Model>& model, std::size_t result = 0);

std::shared_ptr<ov::Model> residual_net();    ///< stem, two residual blocks with batch normalisation, classifier
std::shared_ptr<ov::Model> unet();            ///< a map out: encoder, decoder, skip by concatenation
std::shared_ptr<ov::Model> squeeze_net();     ///< squeeze-and-excitation between two convolutions
std::shared_ptr<ov::Model> two_headed_net();  ///< two results from one trunk, the first from its middle
std::shared_ptr<ov::Model> vgg_net();         ///< convolutions and max-pools, flattened into dense layers
std::shared_ptr<ov::Model> cbam_net();        ///< channel gate and spatial gate behind the last convolution

}  // namespace pellucid::graph::testing
