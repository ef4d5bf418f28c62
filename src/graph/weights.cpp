#include "graph/weights.hpp"

#include <cstring>

#include "openvino/core/rt_info.hpp"

namespace pellucid::graph {
namespace {

namespace op = ov::op;
using Node = std::shared_ptr<ov::Node>;
using Named = std::function<void(ov::Node&)>;

/// The constant with the sign bit of each element flipped; null for integers and types narrower than a byte.
Node flipped(const op::v0::Constant& constant) {
    const auto type = constant.get_element_type();
    if (!type.is_real() || type.bitwidth() < 8) return nullptr;
    const auto width = type.size();
    ov::Tensor bytes(type, constant.get_shape());
    auto* data = static_cast<unsigned char*>(bytes.data());
    std::memcpy(data, constant.get_data_ptr(), bytes.get_byte_size());
    for (std::size_t i = width - 1; i < bytes.get_byte_size(); i += width) data[i] ^= 0x80U;
    return std::make_shared<op::v0::Constant>(bytes);
}

bool passes_sign(const ov::Node& node) {
    return ov::is_type<op::v1::Reshape>(&node) || ov::is_type<op::v1::Transpose>(&node) ||
           ov::is_type<op::v0::Squeeze>(&node) || ov::is_type<op::v15::Squeeze>(&node) ||
           ov::is_type<op::v0::Unsqueeze>(&node);
}

bool converts_reals(const ov::Node& node) {
    return ov::is_type<op::v0::Convert>(&node) && node.get_input_element_type(0).is_real() &&
           node.get_output_element_type(0).is_real();
}

/// The chain that ends in `v`, made again over a negated constant; null where none is found.
Node negated_chain(const ov::Output<ov::Node>& v, const Named& made) {
    const auto node = v.get_node_shared_ptr();
    Node copy;
    if (const auto constant = ov::as_type_ptr<op::v0::Constant>(node)) {
        copy = flipped(*constant);
    } else if (passes_sign(*node) || converts_reals(*node) || ov::is_type<op::v1::Multiply>(node)) {
        const std::size_t factors = ov::is_type<op::v1::Multiply>(node) ? 2 : 1;
        // Of a product (decompressed weights), the later factor is the scale: small.
        for (std::size_t port = factors; port-- > 0 && !copy;) {
            auto inputs = node->input_values();
            const auto inner = negated_chain(inputs[port], made);
            if (!inner) continue;
            inputs[port] = inner;
            copy = node->clone_with_new_inputs(inputs);
            ov::copy_runtime_info(node, copy);
        }
    }
    if (copy) made(*copy);
    return copy;
}

}  // namespace

bool is_weights(const ov::Output<ov::Node>& w) {
    const auto* node = w.get_node();
    if (ov::is_type<op::v0::Parameter>(node)) return false;
    const auto inputs = node->input_values();
    return std::all_of(inputs.begin(), inputs.end(), [](const auto& input) { return is_weights(input); });
}

ov::Output<ov::Node> negate_weights(const ov::Output<ov::Node>& w, bool fold,
                                    const std::function<ov::Output<ov::Node>(const ov::Output<ov::Node>&)>& negative,
                                    const Named& made) {
    if (ov::is_type<op::v0::Negative>(w.get_node())) return w.get_node()->input_value(0);
    if (fold) {
        if (const auto chain = negated_chain(w, made)) return chain;
    }
    return negative(w);
}

}  // namespace pellucid::graph
