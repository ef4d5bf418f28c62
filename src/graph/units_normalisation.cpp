#include "graph/units_search.hpp"
#include "openvino/op/ops.hpp"

namespace pellucid::graph {

namespace {

namespace op = ov::op;

/// The fixed operand of a Multiply or Add, when it has more than one value (or one channel only).
bool takes_fixed(const UnitSearch& search, const Node& node) {
    return !search.taken(*node) && search.mixed(*node).has_value();
}

/// Absorbs what may follow a normalisation: a scale, then a shift. Returns the new end.
Node with_affine(const UnitSearch& search, Node end, std::vector<Node>& nodes) {
    Node next = search.only_reader(*end);
    if (next && is_any<op::v1::Multiply>(*next) && takes_fixed(search, next)) {
        nodes.push_back(next);
        end = next;
        next = search.only_reader(*end);
    }
    if (next && is_any<op::v1::Add>(*next) && takes_fixed(search, next)) {
        nodes.push_back(next);
        end = next;
    }
    return end;
}

/// Groups are normalised between two reshapes: [N, C, …] to [N, groups, …] and back.
Node with_groups(const UnitSearch& search, Node end, std::vector<Node>& nodes, Tensor& x) {
    const Node ahead = x.get_node_shared_ptr();
    const Node back = search.only_reader(*end);
    // The reshape's reader must be the unit alone.
    const auto readers = search.readers(x);
    const bool read_inside = std::all_of(readers.begin(), readers.end(), [&](const Node& reader) {
        return std::find(nodes.begin(), nodes.end(), reader) != nodes.end();
    });
    const bool grouped = back && is_any<op::v1::Reshape>(*ahead) && is_any<op::v1::Reshape>(*back) && read_inside &&
                         ahead->get_input_partial_shape(0).compatible(back->get_output_partial_shape(0));
    if (!grouped || search.taken(*ahead) || search.taken(*back)) {
        return with_affine(search, end, nodes);
    }
    nodes.push_back(ahead);
    nodes.push_back(back);
    x = ahead->input_value(0);
    return with_affine(search, back, nodes);
}

bool is_whole_operator(const ov::Node& node) {
    return is_any<op::v0::BatchNormInference, op::v5::BatchNormInference, op::v12::GroupNormalization>(node);
}

void claim_operator(UnitSearch& search, const Node& node) {
    if (is_whole_operator(*node)) {
        search.claim({.kind = UnitKind::kNormalisation, .nodes = {node}, .end = node, .main = node});
        return;
    }
    if (is_any<op::v0::MVN, op::v6::MVN>(*node)) {
        std::vector<Node> nodes{node};
        Tensor x = node->input_value(0);
        const Node end = with_groups(search, node, nodes, x);
        search.claim({.kind = UnitKind::kNormalisation, .nodes = nodes, .end = end, .main = node, .first = {x}});
    }
}

Node skip_back(const Node& node, std::size_t port = 0) { return node->get_input_node_shared_ptr(port); }

/// x of the mean of squares under a root: behind the addition of epsilon, where there is one.
Node mean_of_squares(const UnitSearch& search, const Node& root) {
    Node node = skip_back(root);
    if (is_any<op::v1::Add, op::v1::Maximum>(*node)) {
        const auto operands = search.mixed(*node);
        if (!operands || !UnitSearch::scalar(operands->fixed)) {
            return nullptr;
        }
        node = operands->active.get_node_shared_ptr();
    }
    while (is_any<op::v0::Convert, op::v1::Reshape, op::v0::Unsqueeze>(*node)) {
        node = skip_back(node);
    }
    return is_any<op::v1::ReduceMean>(*node) ? node : nullptr;
}

/// What is squared under the mean, or null.
std::optional<Tensor> squared(const UnitSearch& search, const ov::Node& mean) {
    const ov::Node& square = *mean.get_input_node_ptr(0);
    if (is_any<op::v1::Power>(square) && UnitSearch::scalar(square.input_value(1)) == 2.0) {
        return square.input_value(0);
    }
    if (is_any<op::v1::Multiply>(square) && square.input_value(0) == square.input_value(1)) {
        return square.input_value(0);
    }
    if (is_any<op::v0::SquaredDifference>(square) && search.active(square.input_value(0))) {
        return square.input_value(0);
    }
    return std::nullopt;
}

/// What is normalised: behind the subtraction of its mean, where there is one.
Tensor uncentred(const UnitSearch& search, const Tensor& centred) {
    const ov::Node& node = *centred.get_node();
    if (!is_any<op::v1::Subtract>(node) || search.mixed(node)) {
        return centred;
    }
    const Tensor x = node.input_value(0);
    ov::Node* mean = node.get_input_node_ptr(1);
    return is_any<op::v1::ReduceMean>(*mean) && mean->input_value(0) == x ? x : centred;
}

bool holds(const std::vector<Node>& nodes, const ov::Node* node) {
    return std::any_of(nodes.begin(), nodes.end(), [&](const Node& one) { return one.get() == node; });
}

/// Nodes of the unit that something outside reads.
std::vector<Node> ends_of(const UnitSearch& search, const std::vector<Node>& nodes) {
    std::vector<Node> ends;
    for (const Node& node : nodes) {
        const auto readers = search.readers(node->output(0));
        if (std::any_of(readers.begin(), readers.end(), [&](const Node& r) { return !holds(nodes, r.get()); })) {
            ends.push_back(node);
        }
    }
    return ends;
}

/// A node that computes with x and what is inside only.
Node next_inside(const UnitSearch& search, const std::vector<Node>& nodes, const Tensor& x) {
    std::vector<Tensor> tensors{x};
    for (const Node& node : nodes) {
        tensors.push_back(node->output(0));
    }
    for (const Tensor& tensor : tensors) {
        for (const Node& reader : search.readers(tensor)) {
            const bool computes = is_any<op::v1::Multiply, op::v1::Divide, op::v1::Subtract, op::v1::Add, op::v1::Power,
                                         op::v0::Convert, op::v1::ReduceMean>(*reader);
            const auto inputs = reader->input_values();
            const bool inside = std::all_of(inputs.begin(), inputs.end(), [&](const Tensor& input) {
                return !search.active(input) || input == x || holds(nodes, input.get_node());
            });
            const bool uses_inside = std::any_of(inputs.begin(), inputs.end(), [&](const Tensor& input) {
                return search.active(input) && holds(nodes, input.get_node());
            });
            if (computes && inside && uses_inside && !holds(nodes, reader.get()) && !search.taken(*reader)) {
                return reader;
            }
        }
    }
    return nullptr;
}

/// Normalisation by the data's own deviation, spelt out around its root.
void claim_spelt(UnitSearch& search, const Node& root) {
    const Node mean = mean_of_squares(search, root);
    const auto inner = mean ? squared(search, *mean) : std::nullopt;
    if (!inner) {
        return;
    }
    Tensor x = uncentred(search, *inner);
    std::vector<Node> nodes = search.between({x}, root, 12);
    constexpr std::size_t kMost = 16;   // the longest spelling met has 12 nodes
    while (!nodes.empty() && nodes.size() < kMost) {
        const std::vector<Node> ends = ends_of(search, nodes);
        if (ends.size() == 1 && ends[0] != root &&
            ends[0]->get_output_partial_shape(0).same_scheme(x.get_partial_shape())) {
            const Node end = with_groups(search, ends[0], nodes, x);
            search.claim({.kind = UnitKind::kNormalisation, .nodes = nodes, .end = end, .main = root, .first = {x}});
            return;
        }
        const Node next = next_inside(search, nodes, x);
        if (!next) {
            return;
        }
        nodes.push_back(next);
    }
}

bool is_root(const ov::Node& node) {
    if (is_any<op::v1::Power>(node)) {
        const auto exponent = UnitSearch::scalar(node.input_value(1));
        return exponent == 0.5 || exponent == -0.5;
    }
    return is_any<op::v0::Sqrt>(node);
}

bool is_per_channel(const Tensor& fixed, const ov::PartialShape& made) {
    if (fixed.get_partial_shape().is_dynamic() || made.rank().is_dynamic() || made.size() < 3) {
        return false;
    }
    const ov::Shape& shape = fixed.get_shape();
    for (std::size_t axis = 0; axis < shape.size(); ++axis) {
        if (shape[axis] != 1 && shape.size() - axis != made.size() - 1) {
            return false;
        }
    }
    return ov::shape_size(shape) > 1;
}

/// Batch normalisation that an exporter folded to x * scale + shift behind a convolution.
void claim_folded(UnitSearch& search, const Node& product) {
    const auto scale = search.taken(*product) ? std::nullopt : search.mixed(*product);
    const Node sum = scale ? search.only_reader(*product) : nullptr;
    const auto shift = sum && is_any<op::v1::Add>(*sum) && !search.taken(*sum) ? search.mixed(*sum) : std::nullopt;
    if (!shift) {
        return;
    }
    Node before = scale->active.get_node_shared_ptr();
    if (is_any<op::v1::Add>(*before) && search.mixed(*before)) {
        before = search.mixed(*before)->active.get_node_shared_ptr();
    }
    const bool convolved = is_any<op::v1::Convolution, op::v1::GroupConvolution, op::v1::ConvolutionBackpropData,
                                  op::v1::GroupConvolutionBackpropData>(*before);
    if (convolved && is_per_channel(scale->fixed, product->get_output_partial_shape(0)) &&
        is_per_channel(shift->fixed, product->get_output_partial_shape(0))) {
        search.claim({.kind = UnitKind::kNormalisation,
                      .nodes = {product, sum},
                      .end = sum,
                      .main = product,
                      .first = {scale->active}});
    }
}

}  // namespace

void claim_normalisation(UnitSearch& search) {
    for (const Node& node : search.nodes()) {
        if (!search.active(*node) || search.taken(*node)) {
            continue;
        }
        claim_operator(search, node);
        if (is_root(*node)) {
            claim_spelt(search, node);
        } else if (is_any<op::v1::Multiply>(*node)) {
            claim_folded(search, node);
        }
    }
}

}  // namespace pellucid::graph
