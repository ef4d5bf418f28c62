#include "graph/units_search.hpp"

#include "openvino/op/ops.hpp"

namespace pellucid::graph {

namespace {

bool reads_shape_only(const ov::Node& node) {
    return ov::is_type<ov::op::v0::ShapeOf>(&node) || ov::is_type<ov::op::v3::ShapeOf>(&node);
}

}  // namespace

UnitSearch::UnitSearch(const ov::Model& model) : nodes_(model.get_ordered_ops()) {
    for (std::size_t place = 0; place < nodes_.size(); ++place) {
        const ov::Node& node = *nodes_[place];
        place_[&node] = place;
        bool active = ov::is_type<ov::op::v0::Parameter>(&node);
        for (std::size_t port = 0; port < node.get_input_size() && !active && !reads_shape_only(node); ++port) {
            active = active_.count(node.get_input_node_ptr(port)) != 0;
        }
        if (active) {
            active_.insert(&node);
        }
    }
}

std::vector<Node> UnitSearch::readers(const Tensor& tensor) const {
    std::vector<Node> readers;
    for (const auto& input : tensor.get_target_inputs()) {
        const Node reader = input.get_node()->shared_from_this();
        const bool counts = place_.count(reader.get()) != 0 && !reads_shape_only(*reader);
        if (counts && std::find(readers.begin(), readers.end(), reader) == readers.end()) {
            readers.push_back(reader);
        }
    }
    std::sort(readers.begin(), readers.end(), [this](const Node& a, const Node& b) { return place(*a) < place(*b); });
    return readers;
}

Node UnitSearch::only_reader(const ov::Node& node) const {
    if (node.get_output_size() != 1) {
        return nullptr;
    }
    const std::vector<Node> found = readers(const_cast<ov::Node&>(node).output(0));
    return found.size() == 1 && !ov::is_type<ov::op::v0::Result>(found[0]) ? found[0] : nullptr;
}

std::optional<UnitSearch::Mixed> UnitSearch::mixed(const ov::Node& node) const {
    if (node.get_input_size() != 2) {
        return std::nullopt;
    }
    const Tensor a = node.input_value(0);
    const Tensor b = node.input_value(1);
    if (active(a) == active(b)) {
        return std::nullopt;
    }
    return active(a) ? Mixed{a, b} : Mixed{b, a};
}

std::optional<double> UnitSearch::scalar(const Tensor& tensor) {
    Tensor source = tensor;
    while (ov::is_type<ov::op::v0::Convert>(source.get_node())) {
        source = source.get_node()->input_value(0);
    }
    const auto* constant = ov::as_type<ov::op::v0::Constant>(source.get_node());
    if (constant == nullptr || ov::shape_size(constant->get_shape()) != 1) {
        return std::nullopt;
    }
    return constant->cast_vector<double>()[0];
}

std::vector<Node> UnitSearch::between(const std::vector<Tensor>& boundary, const Node& end, std::size_t most) const {
    std::vector<Node> found{end};
    for (std::size_t next = 0; next < found.size(); ++next) {
        if (ov::is_type<ov::op::v0::Parameter>(found[next]) || found.size() > most) {
            return {};
        }
        for (const Tensor& input : found[next]->input_values()) {
            const bool stops = !active(input) || std::find(boundary.begin(), boundary.end(), input) != boundary.end();
            const Node source = input.get_node_shared_ptr();
            if (!stops && std::find(found.begin(), found.end(), source) == found.end()) {
                found.push_back(source);
            }
        }
    }
    return found;
}

bool UnitSearch::claim(Claim claim) {
    auto& nodes = claim.nodes;
    std::unordered_set<const ov::Node*> inside;
    for (const Node& node : nodes) {
        if (taken(*node) || (node != claim.end && node->get_output_size() != 1)) {
            return false;
        }
        inside.insert(node.get());
    }
    for (const Node& node : nodes) {
        for (const Node& reader : node == claim.end ? std::vector<Node>{} : readers(node->output(0))) {
            if (inside.count(reader.get()) == 0) {
                return false;
            }
        }
    }
    std::sort(nodes.begin(), nodes.end(), [this](const Node& a, const Node& b) { return place(*a) < place(*b); });
    Unit unit;
    unit.kind = claim.kind;
    unit.name = claim.end->get_friendly_name();
    unit.output = claim.end->output(0);
    unit.main = std::move(claim.main);
    unit.bias = std::move(claim.bias);
    unit.inputs = std::move(claim.first);
    for (const Node& node : nodes) {
        taken_.insert(node.get());
        for (const Tensor& input : node->input_values()) {
            const bool listed = std::find(unit.inputs.begin(), unit.inputs.end(), input) != unit.inputs.end();
            if (active(input) && inside.count(input.get_node()) == 0 && !listed) {
                unit.inputs.push_back(input);
            }
        }
    }
    unit.nodes = std::move(nodes);
    units.push_back(std::move(unit));
    return true;
}

}  // namespace pellucid::graph
