#include "graph/describe.hpp"

#include "openvino/op/ops.hpp"

namespace pellucid::graph {

namespace {

std::int64_t elements(const ov::Shape& shape) { return static_cast<std::int64_t>(ov::shape_size(shape)); }

/// Product of the extents behind the first `skipped`.
std::int64_t extents_behind(const ov::Shape& shape, std::size_t skipped) {
    std::int64_t product = 1;
    for (std::size_t axis = skipped; axis < shape.size(); ++axis) {
        product *= static_cast<std::int64_t>(shape[axis]);
    }
    return product;
}

/// Weights times output positions: of a convolution; input positions: of a transposed one.
std::int64_t convolution_macs(const ov::Node& node, bool transposed) {
    const ov::Shape positions = transposed ? node.get_input_shape(0) : node.get_output_shape(0);
    return static_cast<std::int64_t>(positions[0]) * elements(node.get_input_shape(1)) * extents_behind(positions, 2);
}

std::int64_t matmul_macs(const ov::op::v0::MatMul& node) {
    const ov::Shape& left = node.get_input_shape(0);
    const std::size_t inner = node.get_transpose_a() && left.size() > 1 ? left[left.size() - 2] : left.back();
    return elements(node.get_output_shape(0)) * static_cast<std::int64_t>(inner);
}

/// Recurrent sequences: gates times (input + state) for each unit, step, direction and sample.
std::int64_t sequence_macs(const ov::Node& node, std::int64_t gates) {
    const ov::Shape& x = node.get_input_shape(0);          // [batch, steps, input]
    const ov::Shape& state = node.get_input_shape(1);      // [batch, directions, hidden]
    const auto hidden = static_cast<std::int64_t>(state[2]);
    return static_cast<std::int64_t>(x[0] * x[1] * state[1]) * gates * hidden *
           (static_cast<std::int64_t>(x[2]) + hidden);
}

/// softmax(q k' + mask) v: two matrix products.
std::int64_t attention_macs(const ov::Node& node) {
    const ov::Shape& q = node.get_input_shape(0);
    const ov::Shape& k = node.get_input_shape(1);
    const auto keys = static_cast<std::int64_t>(k[k.size() - 2]);
    return keys * (elements(q) + elements(node.get_output_shape(0)));
}

std::int64_t macs_of(const ov::Node& node) {
    if (ov::is_type<ov::op::v1::Convolution>(&node) || ov::is_type<ov::op::v1::GroupConvolution>(&node)) {
        return convolution_macs(node, false);
    }
    if (ov::is_type<ov::op::v1::ConvolutionBackpropData>(&node) ||
        ov::is_type<ov::op::v1::GroupConvolutionBackpropData>(&node)) {
        return convolution_macs(node, true);
    }
    if (const auto* matmul = ov::as_type<const ov::op::v0::MatMul>(&node)) {
        return matmul_macs(*matmul);
    }
    if (ov::is_type<ov::op::v13::ScaledDotProductAttention>(&node)) {
        return attention_macs(node);
    }
    if (ov::is_type<ov::op::v5::LSTMSequence>(&node)) {
        return sequence_macs(node, 4);
    }
    if (ov::is_type<ov::op::v5::GRUSequence>(&node)) {
        return sequence_macs(node, 3);
    }
    return ov::is_type<ov::op::v5::RNNSequence>(&node) ? sequence_macs(node, 1) : 0;
}

bool has_static_shapes(const ov::Node& node) {
    for (std::size_t input = 0; input < node.get_input_size(); ++input) {
        if (node.get_input_partial_shape(input).is_dynamic()) {
            return false;
        }
    }
    return node.get_output_partial_shape(0).is_static();
}

/// A copy for one sample: a dynamic first extent of an input is the batch.
std::shared_ptr<ov::Model> for_one_sample(const std::shared_ptr<ov::Model>& model) {
    std::shared_ptr<ov::Model> copy = model->clone();
    try {
        std::map<ov::Output<ov::Node>, ov::PartialShape> shapes;
        for (const auto& input : copy->inputs()) {
            ov::PartialShape shape = input.get_partial_shape();
            if (shape.rank().is_static() && shape.size() > 0 && shape[0].is_dynamic()) {
                shape[0] = 1;
            }
            shapes[input] = shape;
        }
        copy->reshape(shapes);
        return copy;
    } catch (const std::exception&) {
        return model->clone();   // some node insists on its shape: count what is static
    }
}

/// Running statistics of a normalisation are state, not parameters.
bool is_statistic(const ov::Output<ov::Node>& constant) {
    for (const auto& user : constant.get_target_inputs()) {
        if (ov::is_type<ov::op::v5::BatchNormInference>(user.get_node()) && user.get_index() >= 3) {
            return true;
        }
    }
    return false;
}

}  // namespace

Description describe(const std::shared_ptr<ov::Model>& model) {
    Description description;
    for (const auto& node : for_one_sample(model)->get_ordered_ops()) {
        if (const auto constant = ov::as_type_ptr<ov::op::v0::Constant>(node)) {
            const bool weight = constant->get_element_type().is_real() && ov::shape_size(constant->get_shape()) > 1;
            description.parameters +=
                weight && !is_statistic(constant->output(0)) ? elements(constant->get_shape()) : 0;
            continue;
        }
        if (ov::is_type<ov::op::v0::Parameter>(node) || ov::is_type<ov::op::v0::Result>(node)) {
            continue;
        }
        ++description.ops[node->get_type_name()];
        if (has_static_shapes(*node)) {
            description.macs += macs_of(*node);
        } else {
            description.macs_complete = false;
        }
    }
    return description;
}

}  // namespace pellucid::graph
