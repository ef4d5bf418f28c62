// Faults that the graph tells, whatever format it came in.
#include "graph/engine_faults.hpp"

#include <algorithm>
#include <cstdint>
#include <set>

#include "openvino/core/model.hpp"
#include "openvino/op/ops.hpp"
#include "openvino/op/util/multi_subgraph_base.hpp"

namespace pellucid::graph {

namespace {

namespace op = ov::op;

/// Calls `met` for each axis of a pool that rounds the number of its windows up: with its extents before and after, and its
/// place among the pool's axes. Whether one answered true.
template <class Pool, class Met>
bool any_rounded_axis(const ov::Node& node, const Met& met) {
    const auto* pool = ov::as_type<const Pool>(&node);
    if (pool == nullptr || pool->get_rounding_type() != op::RoundingType::CEIL) return false;
    const auto& in = node.get_input_partial_shape(0);
    const auto& out = node.get_output_partial_shape(0);
    for (std::size_t axis = 0; axis < pool->get_kernel().size(); ++axis) {
        const auto extent = [&](const ov::PartialShape& shape) {
            return shape.rank().is_dynamic() ? ov::Dimension() : shape[axis + 2];
        };
        if (met(*pool, axis, extent(in), extent(out))) return true;
    }
    return false;
}
template <class Met>
bool any_rounded_axis_of_pools(const ov::Node& node, const Met& met) {
    return any_rounded_axis<op::v1::MaxPool>(node, met) || any_rounded_axis<op::v8::MaxPool>(node, met) ||
           any_rounded_axis<op::v14::MaxPool>(node, met) || any_rounded_axis<op::v1::AvgPool>(node, met) ||
           any_rounded_axis<op::v14::AvgPool>(node, met) || any_rounded_axis<op::v16::AvgPool>(node, met);
}

/// A window that begins behind the data, where the number of windows was rounded up: ONNX and PyTorch leave it out.
bool has_window_outside(const ov::Node& node) {
    return any_rounded_axis_of_pools(
        node, [](const auto& pool, std::size_t axis, const ov::Dimension& in, const ov::Dimension& out) {
            if (in.is_dynamic() || out.is_dynamic()) return false;
            const auto begins = (out.get_length() - 1) * static_cast<std::int64_t>(pool.get_strides()[axis]);
            return begins >= in.get_length() + static_cast<std::int64_t>(pool.get_pads_begin()[axis]);
        });
}

/// Whether some size of what is pooled would give such a window.
bool may_have_window_outside(const ov::Node& node) {
    if (has_window_outside(node)) return false;
    return any_rounded_axis_of_pools(
        node, [](const auto& pool, std::size_t axis, const ov::Dimension& in, const ov::Dimension& /*out*/) {
            return in.is_dynamic() && pool.get_strides()[axis] + pool.get_pads_end()[axis] > pool.get_kernel()[axis];
        });
}

/// Rounding to a float of fewer than 16 bits.
bool rounds_to_few_bits(const ov::Node& node) {
    const auto& to = node.get_output_element_type(0);
    return ov::is_type<op::v0::Convert>(&node) && to.is_real() && to.bitwidth() < 16 &&
           node.get_input_element_type(0).is_real();
}

/// A border of a computed value around data, its widths constant: the engine borders with zeros.
bool has_computed_border(const ov::Node& node) {
    const auto* pad = ov::as_type<const op::util::PadBase>(&node);
    if (pad == nullptr || pad->get_pad_mode() != op::PadMode::CONSTANT || node.get_input_size() < 4) return false;
    const auto is_constant = [&](std::size_t port) {
        return ov::is_type<op::v0::Constant>(node.get_input_node_ptr(port));
    };
    return is_constant(1) && is_constant(2) && !is_constant(3);
}

/// Whether what a node makes is computed from what a parameter holds; a shape alone does not count.
bool comes_from_input(const ov::Node& node) {
    std::set<const ov::Node*> seen;
    std::vector<const ov::Node*> open{&node};
    while (!open.empty()) {
        const auto* next = open.back();
        open.pop_back();
        if (ov::is_type<op::v0::Parameter>(next)) return true;
        const bool shape = ov::is_type<op::v0::ShapeOf>(next) || ov::is_type<op::v3::ShapeOf>(next);
        if (shape || !seen.insert(next).second) continue;
        for (std::size_t port = 0; port < next->get_input_size(); ++port) {
            open.push_back(next->get_input_node_ptr(port));
        }
    }
    return false;
}

/// Lengths of sequences that are not all of the steps. With a batch that is open the engine takes all steps all the same.
bool has_lengths(const ov::Node& node) {
    const bool lstm = ov::is_type<op::v5::LSTMSequence>(&node);
    if (!lstm && !ov::is_type<op::v5::GRUSequence>(&node) && !ov::is_type<op::v5::RNNSequence>(&node)) return false;
    const auto& lengths = *node.get_input_node_ptr(lstm ? 3 : 2);
    const auto* constant = ov::as_type<const op::v0::Constant>(&lengths);
    const auto& x = node.get_input_partial_shape(0);
    if (constant == nullptr) return comes_from_input(lengths);
    if (x.rank().is_dynamic() || x[1].is_dynamic()) return true;
    const auto values = constant->cast_vector<std::int64_t>();
    return std::any_of(values.begin(), values.end(), [&](std::int64_t length) { return length != x[1].get_length(); });
}

/// The inverse of half a spectrum that is to be filled up with zeros: along the last axis half of what comes out is read.
bool fills_up_spectrum(const ov::Node& node) {
    const auto* inverse = ov::as_type<const op::v9::IRDFT>(&node);
    const auto* axes = inverse ? ov::as_type<const op::v0::Constant>(node.get_input_node_ptr(1)) : nullptr;
    const auto& in = node.get_input_size() > 0 ? node.get_input_partial_shape(0) : ov::PartialShape::dynamic();
    const auto& out = node.get_output_partial_shape(0);
    if (axes == nullptr || in.rank().is_dynamic() || out.rank().is_dynamic()) return false;
    const auto places = axes->cast_vector<std::int64_t>();
    for (std::size_t i = 0; i < places.size(); ++i) {
        const auto rank = static_cast<std::int64_t>(out.size());
        const auto at = static_cast<std::size_t>(places[i] < 0 ? places[i] + rank : places[i]);
        if (in[at].is_dynamic() || out[at].is_dynamic()) continue;
        const auto length = out[at].get_length();
        if ((i + 1 == places.size() ? length / 2 + 1 : length) > in[at].get_length()) return true;
    }
    return false;
}

/// Slices that a loop takes of an input from elsewhere than its one end or the other, or backwards with a remainder.
bool slices_from_within(const ov::Node& node) {
    const auto* loop = ov::as_type<const op::util::SubGraphOp>(&node);
    if (loop == nullptr) return false;
    for (const auto& input : loop->get_input_descriptions()) {
        const auto slice = ov::as_type_ptr<op::util::SubGraphOp::SliceInputDescription>(input);
        if (slice == nullptr) continue;
        const auto& shape = node.get_input_partial_shape(slice->m_input_index);
        const auto extent =
            shape.rank().is_dynamic() ? ov::Dimension() : shape[static_cast<std::size_t>(slice->m_axis)];
        // Places between elements; negative ones count from behind the last.
        const auto end = extent.is_dynamic() ? -1 : extent.get_length();
        const bool from_end = slice->m_start == -1 || slice->m_start == end;
        // Backwards, what is left over lies at the other end than it should.
        const bool remainder = slice->m_stride < 0 && extent.is_static() && extent.get_length() % slice->m_stride != 0;
        if (remainder || (slice->m_stride < -1 && extent.is_dynamic())) return true;
        if (slice->m_stride < 0 ? !from_end : slice->m_start != 0 && slice->m_start != -1 - end) return true;
    }
    return false;
}

/// What a graph tells of a node, each with whether every answer would be wrong.
struct GraphRow {
    bool (*met)(const ov::Node& node);
    bool certain;
    const char* what;
};

constexpr GraphRow kGraphRows[] = {
    {has_window_outside, true, "the engine adds a window that lies wholly in the padding (ceil_mode)"},
    {may_have_window_outside, false,
     "for some sizes the engine adds a window that lies wholly in the padding (ceil_mode)"},
    {[](const ov::Node& node) {
         const auto* unique = ov::as_type<const op::v10::Unique>(&node);
         return unique != nullptr && !unique->get_sorted() && unique->get_input_size() == 1 &&
                unique->output(2).get_target_inputs().empty();
     },
     true, "without sorting, the engine finds one value unless its third output is used"},
    {has_computed_border, true, "the engine borders with 0 in place of a value that is computed"},
    {has_lengths, true, "the engine takes every step of a batch, whatever the lengths of its sequences"},
    {fills_up_spectrum, true, "the engine fills its input up with what lies in memory beyond it"},
    {slices_from_within, true,
     "the engine takes slices that leave something over in front of them from the end of its input"},
    {[](const ov::Node& node) {
         const auto* cell = ov::as_type<const op::v0::LSTMCell>(&node);
         return cell != nullptr && cell->get_weights_format() != op::LSTMWeightsFormat::FICO;
     },
     true, "the engine takes the weights of its gates in another order (forget, input, candidate, output)"},
    {[](const ov::Node& node) {
         const auto* cell = ov::as_type<const op::v0::LSTMCell>(&node);
         return cell != nullptr && cell->get_input_forget();
     },
     true, "the engine does not couple its input and forget gates"},
    {[](const ov::Node& node) { return ov::is_type<op::v0::LSTMCell>(&node); }, false,
     "the engine leaves out its peepholes, if it has any"},
    {[](const ov::Node& node) {
         return ov::is_type<op::v0::Tile>(&node) && !ov::is_type<op::v0::Constant>(node.get_input_node_ptr(1));
     },
     false, "the engine may leave memory unset where its repeats are computed while it runs"},
    {rounds_to_few_bits, false, "the engine rounds otherwise what does not fit into so few bits"},
};

}  // namespace

std::vector<EngineFault> find_engine_faults(const ov::Model& model) {
    std::vector<EngineFault> found;
    for (const auto& node : model.get_ordered_ops()) {
        for (const GraphRow& row : kGraphRows) {
            if (!row.met(*node)) continue;
            found.push_back({node->get_type_name(), node->get_friendly_name(), row.what, row.certain});
        }
        if (const auto holder = ov::as_type_ptr<op::util::MultiSubGraphOp>(node)) {
            for (const auto& body : holder->get_functions()) {
                for (auto& fault : find_engine_faults(*body)) found.push_back(std::move(fault));
            }
        }
    }
    return found;
}

}  // namespace pellucid::graph
