#include "graph/layers.hpp"

#include <charconv>
#include <unordered_set>

#include "core/suggest.hpp"
#include "graph/canonical.hpp"
#include "openvino/op/ops.hpp"
#include "pellucid/error.hpp"

namespace pellucid::graph {

namespace {

namespace op = ov::op;
using Node = std::shared_ptr<ov::Node>;
using Tensor = ov::Output<ov::Node>;

template <class... Ops>
bool is_any(const ov::Node& node) {
    return (ov::is_type<Ops>(&node) || ...);
}

bool is_convolution(const ov::Node& node) {
    return is_any<op::v1::Convolution, op::v1::GroupConvolution, op::v1::ConvolutionBackpropData,
                  op::v1::GroupConvolutionBackpropData, op::v1::DeformableConvolution, op::v8::DeformableConvolution>(
        node);
}

bool is_pool(const ov::Node& node) {
    return is_any<op::v1::MaxPool, op::v8::MaxPool, op::v14::MaxPool, op::v1::AvgPool, op::v14::AvgPool,
                  op::v16::AvgPool, op::v8::AdaptiveAvgPool, op::v8::AdaptiveMaxPool>(node);
}

/// Ops that move or mix axes: behind them, axis 1 need not be channels.
bool loses_axes(const ov::Node& node) {
    return is_any<op::v1::Reshape, op::v1::Transpose, op::v0::MatMul, op::v0::Squeeze, op::v15::Squeeze,
                  op::v0::Unsqueeze, op::v7::Einsum, op::v13::ScaledDotProductAttention, op::v0::ShapeOf,
                  op::v3::ShapeOf>(node);
}

/// Copies of a map under another name: not listed.
bool only_copies(const ov::Node& node) {
    return is_any<op::v16::Identity, op::v0::Convert, op::v1::Pad, op::v12::Pad, op::v0::FakeQuantize>(node);
}

/// The nodes on a path from an input to the score, in topological order.
std::vector<Node> path_nodes(const ov::Model& model, const Tensor& score) {
    std::unordered_set<const ov::Node*> leads{score.get_node()};
    std::vector<const ov::Node*> open{score.get_node()};
    while (!open.empty()) {
        const ov::Node* node = open.back();
        open.pop_back();
        for (std::size_t port = 0; port < node->get_input_size(); ++port) {
            const ov::Node* source = node->get_input_node_ptr(port);
            if (!is_any<op::v0::ShapeOf, op::v3::ShapeOf>(*source) && leads.insert(source).second) {
                open.push_back(source);
            }
        }
    }
    std::unordered_set<const ov::Node*> fed;
    std::vector<Node> path;
    for (const Node& node : model.get_ordered_ops()) {
        bool is_fed = is_any<op::v0::Parameter>(*node);
        for (std::size_t port = 0; port < node->get_input_size(); ++port) {
            is_fed = is_fed || fed.count(node->get_input_node_ptr(port)) != 0;
        }
        if (is_fed && leads.count(node.get()) != 0) {
            fed.insert(node.get());
            path.push_back(node);
        }
    }
    return path;
}

/// Whether a node keeps some tokens of a grid only: [N, tokens, C] to [N, C] or to [N, fewer, C].
bool selects_tokens(const ov::Node& node, const TokenSources& sources) {
    const bool selects = is_any<op::v1::Gather, op::v7::Gather, op::v8::Gather, op::v8::Slice, op::v1::StridedSlice,
                                op::v1::Split, op::v1::VariadicSplit>(node);
    if (!selects) {
        return false;
    }
    const auto grid = sources.grid(*node.get_input_node_ptr(0));
    const ov::PartialShape& kept = node.get_output_partial_shape(0);
    if (!grid || kept.rank().is_dynamic() || kept[kept.size() - 1] != node.get_input_partial_shape(0)[2]) {
        return false;
    }
    return kept.size() == 2 ||
           (kept.size() == 3 && kept[1].is_static() && kept[1].get_length() < grid->rows * grid->columns);
}

/// Whether each row of what a node makes depends on every token that enters.
bool mixes_all_tokens(const ov::Node& node, const std::unordered_set<const ov::Node*>& active) {
    const bool product = is_any<op::v0::MatMul>(node) && active.count(node.get_input_node_ptr(0)) != 0 &&
                         active.count(node.get_input_node_ptr(1)) != 0;
    return product || is_any<op::v13::ScaledDotProductAttention>(node) || is_convolution(node);
}

/// Nodes that the score's gradient reaches in every token. Behind the choice of a class token it reaches that one
/// alone, until attention spreads it again.
std::unordered_set<const ov::Node*> reached_whole(const std::vector<Node>& path, const Tensor& score,
                                                  const TokenSources& sources) {
    std::unordered_set<const ov::Node*> active, whole{score.get_node()};
    for (const Node& node : path) {
        active.insert(node.get());
    }
    for (auto node = path.rbegin(); node != path.rend(); ++node) {
        const bool mixes = mixes_all_tokens(**node, active);
        const bool passes = mixes || (whole.count(node->get()) != 0 && !selects_tokens(**node, sources));
        for (std::size_t port = 0; passes && port < (*node)->get_input_size(); ++port) {
            whole.insert((*node)->get_input_node_ptr(port));
        }
    }
    return whole;
}

bool has_map_shape(const ov::PartialShape& shape) {
    if (shape.rank().is_dynamic() || shape.size() < 3) {
        return false;
    }
    const bool one_channel = shape[1].is_static() && shape[1].get_length() == 1;   // gates and masks
    return !one_channel && std::all_of(shape.begin() + 2, shape.end(), [](const ov::Dimension& extent) {
        return extent.is_dynamic() || extent.get_length() > 1;
    });
}

/// Follows which tensors are maps [N, C, spatial…]: convolutions and pools make them, ops that keep axes pass them on.
class Maps {
public:
    void visit(const ov::Node& node) {
        const auto& rank = node.get_output_partial_shape(0).rank();
        bool makes = is_convolution(node) || is_pool(node);
        for (std::size_t port = 0; port < node.get_input_size() && !makes && !loses_axes(node); ++port) {
            makes =
                maps_.count(node.get_input_node_ptr(port)) != 0 && node.get_input_partial_shape(port).rank() == rank;
        }
        if (makes) {
            maps_.insert(&node);
        }
    }
    [[nodiscard]] bool holds(const ov::Node& node) const { return maps_.count(&node) != 0; }

private:
    std::unordered_set<const ov::Node*> maps_;
};

/// What the engine computes apart from what follows it, or in the same way within a fusion.
bool ends_fusion(const ov::Node& node, const Unit* unit) {
    if (unit != nullptr && (unit->kind == UnitKind::kNormalisation || unit->kind == UnitKind::kResidualSum)) {
        return true;
    }
    return is_pool(node) || is_any<op::v0::Relu, op::v0::Clamp, op::v0::Concat>(node);
}

bool sums_up(const ov::Node& node) {
    return is_any<op::v1::ReduceMean, op::v1::ReduceSum, op::v4::ReduceL1, op::v4::ReduceL2, op::v1::ReduceProd,
                  op::v1::AvgPool, op::v14::AvgPool, op::v16::AvgPool, op::v8::AdaptiveAvgPool, op::v0::MVN,
                  op::v6::MVN>(node);
}

/// The engine lays maps out in blocks of channels, from one product to the next. What enters behind a cut is laid out
/// plainly, and stays so up to a product: whether a sum is taken on the way, which then adds in another order.
bool sums_in_other_order(const std::vector<Node>& path, const ov::Node& layer) {
    std::unordered_set<const ov::Node*> behind{&layer}, blocked;
    for (const Node& node : path) {
        bool depends = false, meets_blocked = is_convolution(*node) || is_any<op::v0::MatMul>(*node);
        for (std::size_t port = 0; port < node->get_input_size(); ++port) {
            depends = depends || behind.count(node->get_input_node_ptr(port)) != 0;
            meets_blocked = meets_blocked || blocked.count(node->get_input_node_ptr(port)) != 0;
        }
        if (!depends) {
            continue;
        }
        behind.insert(node.get());
        if (meets_blocked) {
            blocked.insert(node.get());
        } else if (sums_up(*node)) {
            return true;
        }
    }
    return false;
}

std::string layer_name(const Tensor& tensor) {
    const std::string& name = tensor.get_node()->get_friendly_name();
    return tensor.get_index() == 0 ? name : name + ":" + std::to_string(tensor.get_index());
}

/// All that decides whether a tensor is a layer.
class Layers {
public:
    Layers(const std::shared_ptr<ov::Model>& model, const Tensor& score)
        : canonical_(find_units(model)), score_(score), path_(path_nodes(*model, score)) {
        for (const Node& node : path_) {
            maps_.visit(*node);
            sources_.visit(*node, maps_.holds(*node));
        }
    }

    [[nodiscard]] std::vector<SpatialLayer> all() const {
        std::vector<SpatialLayer> layers;
        const bool tokens = mixes_tokens();
        const auto whole = tokens ? reached_whole(path_, score_, sources_) : std::unordered_set<const ov::Node*>();
        for (const Node& node : path_) {
            if (maps_.holds(*node) && !only_copies(*node) && ends_unit(*node)) {
                add(*node, layers);
            } else if (whole.count(node.get()) != 0) {
                add_tokens(*node, layers);
            }
        }
        return layers;
    }

private:
    [[nodiscard]] const Unit* unit_of(const ov::Node& node) const {
        const auto found = canonical_.unit_of.find(&node);
        return found == canonical_.unit_of.end() ? nullptr : &canonical_.units[found->second];
    }

    [[nodiscard]] bool ends_unit(const ov::Node& node) const {
        const Unit* unit = unit_of(node);
        return unit == nullptr || unit->output.get_node() == &node;
    }

    [[nodiscard]] bool mixes_tokens() const {
        return std::any_of(path_.begin(), path_.end(), [this](const Node& node) {
            const Unit* unit = unit_of(*node);
            return unit != nullptr && unit->kind == UnitKind::kAttention;
        });
    }

    /// Of the tensors between tokens, those behind residual sums and normalisations.
    void add_tokens(ov::Node& node, std::vector<SpatialLayer>& layers) const {
        const Unit* unit = unit_of(node);
        const bool stands = unit != nullptr &&
                            (unit->kind == UnitKind::kNormalisation || unit->kind == UnitKind::kResidualSum) &&
                            ends_unit(node);
        const auto grid = stands ? sources_.grid(node) : std::nullopt;
        if (grid && node.output(0) != score_ && node.get_output_element_type(0).is_real()) {
            layers.push_back({node.output(0), layer_name(node.output(0)), node.get_output_partial_shape(0),
                              ends_fusion(node, unit), grid});
        }
    }

    void add(ov::Node& node, std::vector<SpatialLayer>& layers) const {
        for (const Tensor& tensor : node.outputs()) {
            const bool read = !tensor.get_target_inputs().empty();
            if (read && tensor != score_ && tensor.get_element_type().is_real() &&
                has_map_shape(tensor.get_partial_shape())) {
                layers.push_back({tensor, layer_name(tensor), tensor.get_partial_shape(),
                                  ends_fusion(node, unit_of(node)) && !sums_in_other_order(path_, node), std::nullopt});
            }
        }
    }

    Canonical canonical_;
    Tensor score_;
    std::vector<Node> path_;
    Maps maps_;
    TokenSources sources_;
};

/// Where the score is a map itself: the layer that its last product reads, behind which values are only resampled.
std::optional<Tensor> before_classifier(const std::vector<SpatialLayer>& layers, const Tensor& score) {
    if (!has_map_shape(score.get_partial_shape())) {
        return std::nullopt;
    }
    Tensor tensor = score;
    while (tensor.get_node()->get_input_size() > 0 && !is_convolution(*tensor.get_node()) &&
           !is_any<op::v0::MatMul>(*tensor.get_node())) {
        tensor = tensor.get_node()->input_value(0);
    }
    if (tensor.get_node()->get_input_size() == 0) {
        return std::nullopt;
    }
    for (tensor = tensor.get_node()->input_value(0); tensor.get_node()->get_input_size() > 0;
         tensor = tensor.get_node()->input_value(0)) {
        for (const SpatialLayer& layer : layers) {
            if (layer.tensor == tensor) {
                return tensor;
            }
        }
    }
    return std::nullopt;
}

std::optional<std::int64_t> as_index(std::string_view spec) {
    std::int64_t value = 0;
    const auto [end, failure] = std::from_chars(spec.data(), spec.data() + spec.size(), value);
    return failure == std::errc() && end == spec.data() + spec.size() ? std::optional(value) : std::nullopt;
}

Tensor by_index(const std::vector<SpatialLayer>& layers, std::int64_t index) {
    const auto count = static_cast<std::int64_t>(layers.size());
    if (index >= count || index < -count) {
        throw Error(ErrorCode::kUsage, "there is no layer " + std::to_string(index),
                    "the network has " + std::to_string(count) + " spatial layers: 0 to " + std::to_string(count - 1) +
                        ", or -1 to " + std::to_string(-count) + " from the end");
    }
    return layers[static_cast<std::size_t>(index < 0 ? index + count : index)].tensor;
}

/// A node that is there but is no spatial layer is refused with its shape, not called unknown.
void refuse_other_node(const ov::Model& model, const std::string& spec) {
    for (const Node& node : model.get_ops()) {
        if (node->get_friendly_name() == spec && node->get_output_size() > 0) {
            throw Error(ErrorCode::kUnsupported,
                        "'" + spec + "' (" + node->get_type_name() + ", " +
                            node->get_output_partial_shape(0).to_string() +
                            ") is no spatial layer that the score's gradient reaches everywhere",
                        "pellucid inspect lists the layers that a map can stand on");
        }
    }
}

}  // namespace

std::vector<SpatialLayer> spatial_layers(const std::shared_ptr<ov::Model>& model, const ov::Output<ov::Node>& score) {
    return Layers(model, score).all();
}

ov::Output<ov::Node> find_layer(const std::shared_ptr<ov::Model>& model, const ov::Output<ov::Node>& score,
                                std::string_view spec) {
    const std::vector<SpatialLayer> layers = spatial_layers(model, score);
    if (layers.empty()) {
        throw Error(ErrorCode::kUnsupported,
                    "the network has no spatial layer: no map [N, C, height, width] with extents > 1, nor a grid of "
                    "tokens, lies between the input and the score",
                    "use a method that needs no layer, such as integrated-gradients or occlusion");
    }
    if (spec == "last-spatial") {
        return before_classifier(layers, score).value_or(layers.back().tensor);
    }
    std::vector<std::string> names{"last-spatial"};
    for (const SpatialLayer& layer : layers) {
        if (layer.name == spec) {
            return layer.tensor;
        }
        names.push_back(layer.name);
    }
    if (const auto index = as_index(spec)) {
        return by_index(layers, *index);
    }
    refuse_other_node(*model, std::string(spec));
    throw Error(ErrorCode::kUsage, "the network has no layer '" + std::string(spec) + "'",
                core::did_you_mean(spec, names));
}

}  // namespace pellucid::graph
