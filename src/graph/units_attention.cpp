#include "graph/units_search.hpp"
#include "openvino/op/ops.hpp"

namespace pellucid::graph {

namespace {

namespace op = ov::op;

/// Dropout, guards against rows that are masked whole, and changes of type, behind a softmax.
bool stands_behind_softmax(const ov::Node& node) {
    return ov::is_type<op::v16::Identity>(&node) || ov::is_type<op::v0::Convert>(&node) ||
           ov::is_type<op::v1::Select>(&node) || ov::is_type<op::v10::IsNaN>(&node);
}

/// The product with the values, reached from the softmax, or null.
Node product_with_values(const UnitSearch& search, const Node& softmax) {
    Node node = softmax;
    for (int step = 0; step < 4; ++step) {
        Node next;
        for (const Node& reader : search.readers(node->output(0))) {
            const bool goes_on = ov::is_type<op::v0::MatMul>(reader) || stands_behind_softmax(*reader);
            // Where IsNaN and Select both read it, Select is what goes on.
            next = goes_on && !ov::is_type<op::v10::IsNaN>(reader) ? reader : next;
        }
        if (!next || ov::is_type<op::v0::MatMul>(next)) {
            return next;
        }
        node = next;
    }
    return nullptr;
}

/// The product of queries and keys, reached back from the softmax through scale, mask and shifts.
Node product_with_keys(const UnitSearch& search, const Node& softmax, std::vector<Tensor>& masks) {
    Tensor tensor = softmax->input_value(0);
    for (int step = 0; step < 8; ++step) {
        const Node node = tensor.get_node_shared_ptr();
        if (ov::is_type<op::v0::MatMul>(node)) {
            return search.active(node->input_value(0)) && search.active(node->input_value(1)) ? node : nullptr;
        }
        const bool passes = ov::is_type<op::v1::Add>(node) || ov::is_type<op::v1::Multiply>(node) ||
                            ov::is_type<op::v1::Divide>(node) || ov::is_type<op::v1::Select>(node) ||
                            ov::is_type<op::v0::Convert>(node) || ov::is_type<op::v16::Identity>(node);
        if (!passes) {
            return nullptr;
        }
        // The scores are the operand of the most elements; a mask is broadcast to them.
        std::optional<Tensor> scores;
        for (const Tensor& input : node->input_values()) {
            const bool is_scores = search.active(input) && input.get_element_type().is_real() &&
                                   input.get_partial_shape().same_scheme(node->get_output_partial_shape(0)) && !scores;
            if (is_scores) {
                scores = input;
            } else if (search.active(input)) {
                masks.push_back(input);
            }
        }
        if (!scores) {
            return nullptr;
        }
        tensor = *scores;
    }
    return nullptr;
}

/// A query or key before it is scaled.
Tensor unscaled(const UnitSearch& search, const Tensor& tensor) {
    const ov::Node& node = *tensor.get_node();
    const bool scales = ov::is_type<op::v1::Multiply>(&node) || ov::is_type<op::v1::Divide>(&node);
    const auto operands = scales && search.only_reader(node) ? search.mixed(node) : std::nullopt;
    const bool by_one_number =
        operands && operands->fixed.get_partial_shape().is_static() && ov::shape_size(operands->fixed.get_shape()) == 1;
    return by_one_number ? operands->active : tensor;
}

bool is_softmax(const ov::Node& node) {
    return ov::is_type<op::v8::Softmax>(&node) || ov::is_type<op::v1::Softmax>(&node);
}

void claim_around(UnitSearch& search, const Node& softmax) {
    const Node end = product_with_values(search, softmax);
    std::vector<Tensor> masks;
    const Node scores = end ? product_with_keys(search, softmax, masks) : nullptr;
    if (!scores) {
        return;
    }
    const Tensor query = unscaled(search, scores->input_value(0));
    const Tensor key = unscaled(search, scores->input_value(1));
    // The values are the operand that does not come from the softmax.
    const auto from_softmax = [&](std::size_t side) {
        Node node = end->get_input_node_shared_ptr(side);
        for (int step = 0; step < 4 && node != softmax && stands_behind_softmax(*node); ++step) {
            const std::size_t data =
                ov::is_type<op::v1::Select>(node) && node->get_input_node_shared_ptr(2) == softmax ? 2 : 0;
            const bool select_else = ov::is_type<op::v1::Select>(node) && data == 0;
            node = node->get_input_node_shared_ptr(select_else ? 1 : data);
        }
        return node == softmax;
    };
    const std::size_t values = from_softmax(0) ? 1 : 0;
    std::vector<Tensor> boundary{query, key, end->input_value(values)};
    boundary.insert(boundary.end(), masks.begin(), masks.end());
    const std::vector<Node> nodes = search.between(boundary, end);
    if (!nodes.empty()) {
        search.claim({.kind = UnitKind::kAttention, .nodes = nodes, .end = end, .main = softmax, .first = boundary});
    }
}

}  // namespace

void claim_attention(UnitSearch& search) {
    for (const Node& node : search.nodes()) {
        if (!search.active(*node)) {
            continue;
        }
        if (ov::is_type<op::v13::ScaledDotProductAttention>(node)) {
            search.claim({.kind = UnitKind::kAttention, .nodes = {node}, .end = node, .main = node});
        } else if (is_softmax(*node)) {
            claim_around(search, node);
        }
    }
}

}  // namespace pellucid::graph
