#include "graph/known.hpp"

#include "openvino/op/ops.hpp"

namespace pellucid::graph {
namespace {

namespace op = ov::op;
using Elements = std::vector<std::optional<std::int64_t>>;

bool is_shape(const ov::Node& node) {
    return ov::is_type<op::v0::ShapeOf>(&node) || ov::is_type<op::v3::ShapeOf>(&node);
}

/// Ops of which each element of the result is one of the first input's.
bool moves(const ov::Node& node) {
    return ov::is_type<op::v1::Gather>(&node) || ov::is_type<op::v7::Gather>(&node) ||
           ov::is_type<op::v8::Gather>(&node) || ov::is_type<op::v8::Slice>(&node) ||
           ov::is_type<op::v1::StridedSlice>(&node) || ov::is_type<op::v0::Squeeze>(&node) ||
           ov::is_type<op::v15::Squeeze>(&node) || ov::is_type<op::v0::Unsqueeze>(&node) ||
           ov::is_type<op::v1::Reshape>(&node) || ov::is_type<op::v1::Broadcast>(&node) ||
           ov::is_type<op::v3::Broadcast>(&node) || ov::is_type<op::v0::Tile>(&node);
}

bool is_integral(const Value& v) { return v.get_element_type().is_integral(); }

Elements all_of(const op::v0::Constant& constant) {
    const auto values = constant.cast_vector<std::int64_t>();
    return {values.begin(), values.end()};
}

std::optional<Elements> elements_of(const Value& v);

/// Where each element of the result comes from: the op applied to 0, 1, 2, … in place of its input.
std::optional<Elements> moved(const ov::Node& node, const Elements& from) {
    if (node.get_input_partial_shape(0).is_dynamic()) return {};
    std::vector<std::int64_t> places(from.size());
    for (std::size_t i = 0; i < places.size(); ++i) places[i] = static_cast<std::int64_t>(i);
    ov::OutputVector inputs{op::v0::Constant::create(ov::element::i64, node.get_input_shape(0), places)};
    for (std::size_t port = 1; port < node.get_input_size(); ++port) {
        const auto constant = Tape::constant_of(node.input_value(port));
        if (!constant) return {};
        inputs.push_back(constant);
    }
    ov::OutputVector folded(1);
    if (!node.clone_with_new_inputs(inputs)->constant_fold(folded, inputs)) return {};
    Elements made;
    for (const auto& place : all_of(*ov::as_type_ptr<op::v0::Constant>(folded[0].get_node_shared_ptr()))) {
        made.push_back(from[static_cast<std::size_t>(*place)]);
    }
    return made;
}

std::optional<Elements> joined(const ov::Node& node) {
    if (node.get_output_partial_shape(0).rank() != 1) return {};
    Elements made;
    for (const auto& input : node.input_values()) {
        const auto part = elements_of(input);
        if (!part) return {};
        made.insert(made.end(), part->begin(), part->end());
    }
    return made;
}

std::optional<Elements> elements_of(const Value& v) {
    if (!is_integral(v)) return {};
    const auto& node = *v.get_node();
    if (const auto constant = Tape::constant_of(v)) return all_of(*constant);
    if (is_shape(node)) {
        const auto& shape = node.get_input_partial_shape(0);
        if (shape.rank().is_dynamic()) return {};
        Elements made;
        for (const auto& extent : shape) {
            made.push_back(extent.is_static() ? std::optional(extent.get_length()) : std::nullopt);
        }
        return made;
    }
    if (ov::is_type<op::v0::Convert>(&node) && v.get_element_type() != ov::element::boolean) {
        return elements_of(node.input_value(0));
    }
    if (ov::is_type<op::v0::Concat>(&node)) return joined(node);
    if (!moves(node)) return {};
    const auto from = elements_of(node.input_value(0));
    return from ? moved(node, *from) : std::nullopt;
}

}  // namespace

std::optional<std::vector<std::int64_t>> known_integers(const Value& v) {
    const auto elements = elements_of(v);
    if (!elements) return {};
    std::vector<std::int64_t> made;
    for (const auto& element : *elements) {
        if (!element) return {};
        made.push_back(*element);
    }
    return made;
}

std::optional<std::int64_t> known_least(const Value& v) {
    if (const auto all = known_integers(v); all && !all->empty()) return *std::min_element(all->begin(), all->end());
    const auto& node = *v.get_node();
    if (!is_integral(v) || node.get_input_size() == 0) return {};
    const bool converts = ov::is_type<op::v0::Convert>(&node) && v.get_element_type() != ov::element::boolean;
    return moves(node) || converts ? known_least(node.input_value(0)) : std::nullopt;
}

}  // namespace pellucid::graph
