#include "graph/canonical.hpp"

#include "graph/units_search.hpp"
#include "openvino/op/ops.hpp"

namespace pellucid::graph {

namespace {

namespace op = ov::op;

bool is_matmul(const ov::Node& node) { return is_any<op::v0::MatMul>(node); }

bool is_product(const ov::Node& node) {
    return is_matmul(node) || is_any<op::v1::Convolution, op::v1::GroupConvolution, op::v1::ConvolutionBackpropData,
                                     op::v1::GroupConvolutionBackpropData>(node);
}

/// Whether a fixed tensor has one value a channel (axis 1 of a convolution, the last of a matmul), or one for all.
bool is_per_channel(const Tensor& fixed, const ov::Node& product) {
    const ov::PartialShape& shape = fixed.get_partial_shape();
    const ov::PartialShape& made = product.get_output_partial_shape(0);
    if (shape.is_dynamic() || made.rank().is_dynamic()) {
        return false;
    }
    const std::size_t channel_from_end = is_matmul(product) ? 1 : made.size() - 1;
    for (std::size_t axis = 0; axis < shape.size(); ++axis) {
        if (shape[axis].get_length() != 1 && shape.size() - axis != channel_from_end) {
            return false;
        }
    }
    return shape.size() <= made.size();
}

/// Squashing functions that make a gate of a tensor.
bool squashes(const ov::Node& node) { return is_any<op::v0::Sigmoid, op::v0::HardSigmoid, op::v5::HSigmoid>(node); }

/// A clamp to [0, 6] between an addition of 3 and a division by 6 is a hard sigmoid, spelt out.
Node hard_sigmoid_input(const UnitSearch& search, const Node& node) {
    const auto outer = is_any<op::v1::Multiply, op::v1::Divide>(*node) ? search.mixed(*node) : std::nullopt;
    const auto* clamp = outer ? ov::as_type<op::v0::Clamp>(outer->active.get_node()) : nullptr;
    if (clamp == nullptr || clamp->get_min() != 0.0) {
        return nullptr;
    }
    const Node inner = clamp->get_input_node_shared_ptr(0);
    const auto shifted = is_any<op::v1::Add>(*inner) ? search.mixed(*inner) : std::nullopt;
    return shifted && UnitSearch::scalar(shifted->fixed) && UnitSearch::scalar(outer->fixed) ? inner : nullptr;
}

/// What stands between the squashing function and the product.
bool only_spreads(const ov::Node& node) {
    return is_any<op::v1::Reshape, op::v0::Unsqueeze, op::v0::Squeeze, op::v15::Squeeze, op::v1::Broadcast,
                  op::v3::Broadcast, op::v1::Transpose, op::v16::Identity>(node);
}

/// Whether `from` is computed from `origin`.
bool comes_from(const UnitSearch& search, const Tensor& from, const Tensor& origin) {
    std::vector<Tensor> open{from};
    for (std::size_t next = 0; next < open.size(); ++next) {
        if (open[next] == origin) {
            return true;
        }
        for (const Tensor& input : open[next].get_node()->input_values()) {
            const bool may = search.active(input) &&
                             (input == origin || search.place(*input.get_node()) > search.place(*origin.get_node()));
            if (may && std::find(open.begin(), open.end(), input) == open.end()) {
                open.push_back(input);
            }
        }
    }
    return false;
}

bool claim_gate(UnitSearch& search, const Node& product, std::size_t port) {
    const Tensor gated = product->input_value(1 - port);
    std::vector<Node> nodes{product};
    Node node = product->get_input_node_shared_ptr(port);
    for (; only_spreads(*node); node = node->get_input_node_shared_ptr(0)) {
        nodes.push_back(node);
    }
    Node entry = squashes(*node) ? node : hard_sigmoid_input(search, node);
    if (!entry) {
        return false;
    }
    nodes.push_back(node);
    if (entry != node) {
        const auto outer = search.mixed(*node);
        nodes.push_back(outer->active.get_node_shared_ptr());
        nodes.push_back(entry);
    }
    const auto inner = search.mixed(*entry);
    const Tensor asked = inner ? inner->active : entry->input_value(0);
    // x * sigmoid(x) is an activation (swish): a gate looks further than at its own element.
    if (asked == gated || !comes_from(search, asked, gated)) {
        return false;
    }
    return search.claim(
        {.kind = UnitKind::kGate, .nodes = nodes, .end = product, .main = node, .first = {gated, asked}});
}

void claim_rest(UnitSearch& search) {
    for (const Node& node : search.nodes()) {
        const bool belongs = search.active(*node) && !search.taken(*node) &&
                             !is_any<op::v0::Parameter, op::v0::Result>(*node) && node->get_output_size() > 0;
        if (belongs) {
            search.claim({.kind = UnitKind::kSingle, .nodes = {node}, .end = node, .main = node});
        }
    }
}

}  // namespace

void claim_affine(UnitSearch& search) {
    for (const Node& product : search.nodes()) {
        const auto operands = is_product(*product) ? search.mixed(*product) : std::nullopt;
        const bool sized = is_product(*product) && product->get_input_size() == 3;  // transposed, with an output shape
        const bool weighted =
            operands || (sized && search.active(product->input_value(0)) && !search.active(product->input_value(1)));
        if (!search.active(*product) || !weighted || search.taken(*product)) {
            continue;
        }
        const Tensor x = operands ? operands->active : product->input_value(0);
        std::vector<Node> nodes{product};
        Node end = product;
        Node next = search.only_reader(*end);
        // ONNX's Gemm is read as alpha * (x W) + beta * b: a scalar factor belongs to the weights.
        const auto factor = next && is_any<op::v1::Multiply>(*next) ? search.mixed(*next) : std::nullopt;
        if (factor && UnitSearch::scalar(factor->fixed)) {
            const Node after = search.only_reader(*next);
            const bool one = UnitSearch::scalar(factor->fixed) == 1.0;
            const auto sum = after && is_any<op::v1::Add>(*after) ? search.mixed(*after) : std::nullopt;
            if (one || (sum && is_matmul(*product) && is_per_channel(sum->fixed, *product))) {
                nodes.push_back(next);
                end = next;
                next = after;
            }
        }
        const auto sum =
            next && is_any<op::v1::Add>(*next) && !search.taken(*next) ? search.mixed(*next) : std::nullopt;
        const bool biased = sum && is_per_channel(sum->fixed, *product);
        if (biased) {
            nodes.push_back(next);
            end = next;
        }
        search.claim({.kind = UnitKind::kAffine,
                      .nodes = nodes,
                      .end = end,
                      .main = product,
                      .first = {x},
                      .bias = biased ? end : nullptr});
    }
}

void claim_gates(UnitSearch& search) {
    for (const Node& product : search.nodes()) {
        const bool candidate = is_any<op::v1::Multiply>(*product) && !search.taken(*product) &&
                               search.active(product->input_value(0)) && search.active(product->input_value(1));
        if (candidate && !claim_gate(search, product, 1)) {
            claim_gate(search, product, 0);
        }
    }
}

void claim_sums(UnitSearch& search) {
    for (const Node& sum : search.nodes()) {
        const bool candidate = is_any<op::v1::Add>(*sum) && !search.taken(*sum) && search.active(sum->input_value(0)) &&
                               search.active(sum->input_value(1));
        const auto& shape = sum->get_output_size() == 1 ? sum->get_output_partial_shape(0) : ov::PartialShape();
        if (candidate && shape.rank().is_static() && shape.size() >= 2 &&
            sum->get_input_partial_shape(0).compatible(sum->get_input_partial_shape(1))) {
            search.claim({.kind = UnitKind::kResidualSum, .nodes = {sum}, .end = sum, .main = sum});
        }
    }
}

Canonical find_units(const std::shared_ptr<ov::Model>& model) {
    UnitSearch search(*model);
    claim_attention(search);
    claim_gelu(search);
    claim_normalisation(search);
    claim_affine(search);
    claim_gates(search);
    claim_sums(search);
    claim_rest(search);
    Canonical canonical;
    canonical.model = model;
    canonical.units = std::move(search.units);
    std::sort(canonical.units.begin(), canonical.units.end(), [&](const Unit& a, const Unit& b) {
        return search.place(*a.output.get_node()) < search.place(*b.output.get_node());
    });
    for (std::size_t index = 0; index < canonical.units.size(); ++index) {
        for (const Node& node : canonical.units[index].nodes) {
            canonical.unit_of[node.get()] = index;
        }
    }
    return canonical;
}

}  // namespace pellucid::graph
