#include "model/index_ops.hpp"

#include <algorithm>

#include "openvino/op/add.hpp"
#include "openvino/op/concat.hpp"
#include "openvino/op/constant.hpp"
#include "openvino/op/convert.hpp"
#include "openvino/op/gather.hpp"
#include "openvino/op/identity.hpp"
#include "openvino/op/interpolate.hpp"
#include "openvino/op/multiply.hpp"
#include "openvino/op/negative.hpp"
#include "openvino/op/reduce_mean.hpp"
#include "openvino/op/reshape.hpp"
#include "openvino/op/sigmoid.hpp"
#include "openvino/op/slice.hpp"
#include "openvino/op/softmax.hpp"
#include "openvino/op/split.hpp"
#include "openvino/op/squeeze.hpp"
#include "openvino/op/strided_slice.hpp"
#include "openvino/op/subtract.hpp"
#include "openvino/op/transpose.hpp"
#include "openvino/op/unsqueeze.hpp"
#include "openvino/op/util/gather_base.hpp"
#include "openvino/op/variadic_split.hpp"

namespace pellucid::model {

namespace {

namespace op = ov::op;
using Value = ov::Output<ov::Node>;

const op::v0::Constant* constant_at(const ov::Node& node, std::size_t port) {
    return ov::as_type<const op::v0::Constant>(node.get_input_node_ptr(port));
}

bool is_reshape(const ov::Node& node) {
    return ov::is_type<op::v1::Reshape>(&node) || ov::is_type<op::v0::Squeeze>(&node) ||
           ov::is_type<op::v15::Squeeze>(&node) || ov::is_type<op::v0::Unsqueeze>(&node);
}

bool keeps_places(const ov::Node& node) {
    return ov::is_type<op::v0::Convert>(&node) || ov::is_type<op::v16::Identity>(&node);
}

bool splits(const ov::Node& node) {
    return ov::is_type<op::v1::Split>(&node) || ov::is_type<op::v1::VariadicSplit>(&node);
}

bool converts_reals(const ov::Node& node) {
    return ov::is_type<op::v0::Convert>(&node) && node.get_output_element_type(0).is_real() &&
           node.get_input_element_type(0).is_real();
}

bool picks(const ov::Node& node) {
    return splits(node) || ov::is_type<op::v1::Transpose>(&node) || ov::is_type<op::v8::Slice>(&node) ||
           ov::is_type<op::v1::StridedSlice>(&node) || ov::is_type<op::util::GatherBase>(&node);
}

/// By extents: the axis of as many entries, with as many values behind each.
std::optional<int> axis_of_reshaped(const Value& output, int axis) {
    const ov::PartialShape& from = output.get_node()->get_input_partial_shape(0);
    const ov::PartialShape& to = output.get_partial_shape();
    if (from.rank().is_dynamic() || to.rank().is_dynamic() || axis >= static_cast<int>(from.size())) {
        return std::nullopt;
    }
    const auto behind = [](const ov::PartialShape& shape, std::size_t at) {
        ov::Dimension product = 1;
        for (++at; at < shape.size(); ++at) {
            product = product * shape[at];
        }
        return product;
    };
    const auto place = static_cast<std::size_t>(axis);
    const ov::Dimension wanted = behind(from, place);
    if (wanted.is_dynamic() || from[place].is_dynamic()) {
        return std::nullopt;
    }
    // The latest of several that fit: axes of extent 1 are put behind the classes, not before them.
    const auto fits = [&](std::size_t at) { return to[at] == from[place] && behind(to, at) == wanted; };
    if (place < to.size() && fits(place)) {
        return axis;
    }
    for (std::size_t at = to.size(); at-- > 0;) {
        if (fits(at)) {
            return static_cast<int>(at);
        }
    }
    return std::nullopt;
}

std::optional<int> axis_of_gathered(const op::util::GatherBase& gather, int axis) {
    const auto rank = gather.get_input_partial_shape(0).rank();
    const auto index_rank = gather.get_input_partial_shape(1).rank();
    if (rank.is_dynamic() || index_rank.is_dynamic() || gather.get_batch_dims() != 0) {
        return std::nullopt;
    }
    const std::int64_t at = gather.get_axis() < 0 ? gather.get_axis() + rank.get_length() : gather.get_axis();
    const int added = static_cast<int>(index_rank.get_length()) - 1;
    if (axis == at) {
        return added == 0 ? std::optional<int>(axis) : std::nullopt;
    }
    return axis < at ? axis : axis + added;
}

std::optional<int> axis_of_strided(const op::v1::StridedSlice& slice, int axis) {
    const auto set = [](const std::vector<std::int64_t>& mask) {
        return std::any_of(mask.begin(), mask.end(), [](std::int64_t bit) { return bit != 0; });
    };
    if (set(slice.get_new_axis_mask()) || set(slice.get_ellipsis_mask())) {
        return std::nullopt;
    }
    const std::vector<std::int64_t>& shrunk = slice.get_shrink_axis_mask();
    const auto place = static_cast<std::size_t>(axis);
    if (place < shrunk.size() && shrunk[place] != 0) {
        return std::nullopt;
    }
    const auto before = shrunk.begin() + static_cast<std::ptrdiff_t>(std::min(place, shrunk.size()));
    return axis - static_cast<int>(std::count_if(shrunk.begin(), before, [](std::int64_t bit) { return bit != 0; }));
}

std::optional<int> axis_of_transposed(const ov::Node& node, int axis) {
    const std::vector<std::int64_t> order = constant_at(node, 1)->cast_vector<std::int64_t>();
    if (order.empty()) {
        return static_cast<int>(node.get_output_partial_shape(0).size()) - 1 - axis;
    }
    const auto found = std::find(order.begin(), order.end(), axis);
    return found == order.end() ? std::nullopt : std::optional<int>(static_cast<int>(found - order.begin()));
}

bool is_everywhere(const Value& value, double wanted) {
    const auto* constant = ov::as_type<const op::v0::Constant>(value.get_node());
    if (constant == nullptr) {
        return false;
    }
    const std::vector<double> values = constant->cast_vector<double>();
    return std::all_of(values.begin(), values.end(), [wanted](double each) { return each == wanted; });
}

/// p for 1 - p, however it is spelt.
std::optional<Value> taken_from_one(const ov::Node& node) {
    if (ov::is_type<op::v1::Subtract>(&node) && is_everywhere(node.input_value(0), 1.0)) {
        return node.input_value(1);
    }
    for (std::size_t port = 0; ov::is_type<op::v1::Add>(&node) && port < 2; ++port) {
        const ov::Node* minus = node.get_input_node_ptr(port);
        if (!is_everywhere(node.input_value(1 - port), 1.0)) {
            continue;
        }
        if (ov::is_type<op::v0::Negative>(minus)) {
            return minus->input_value(0);
        }
        for (std::size_t side = 0; ov::is_type<op::v1::Multiply>(minus) && side < 2; ++side) {
            if (is_everywhere(minus->input_value(side), -1.0)) {
                return minus->input_value(1 - side);
            }
        }
    }
    return std::nullopt;
}

/// Whether each value is a weighted mean of the first input's.
bool averages(const ov::Node& node) {
    const auto* resize = ov::as_type<const op::util::InterpolateBase>(&node);
    if (resize == nullptr) {
        return ov::is_type<op::v1::ReduceMean>(&node);
    }
    using Mode = op::util::InterpolateBase::InterpolateMode;
    const Mode mode = resize->get_attrs().mode;   // cubic ones overshoot
    return mode == Mode::NEAREST || mode == Mode::LINEAR || mode == Mode::LINEAR_ONNX || mode == Mode::BILINEAR_PILLOW;
}

}  // namespace

bool only_indexes(const ov::Node& node) {
    if (converts_reals(node) || ov::is_type<op::v16::Identity>(&node) || is_reshape(node)) {
        return true;
    }
    for (std::size_t port = 1; port < node.get_input_size(); ++port) {
        if (constant_at(node, port) == nullptr) {
            return false;
        }
    }
    return picks(node);
}

std::optional<int> axis_behind(const Value& output, int axis) {
    const ov::Node& node = *output.get_node();
    if (is_reshape(node)) {
        return axis_of_reshaped(output, axis);
    }
    if (ov::is_type<op::v1::Transpose>(&node)) {
        return axis_of_transposed(node, axis);
    }
    if (const auto* gather = ov::as_type<const op::util::GatherBase>(&node)) {
        return axis_of_gathered(*gather, axis);
    }
    if (const auto* slice = ov::as_type<const op::v1::StridedSlice>(&node)) {
        return axis_of_strided(*slice, axis);
    }
    return splits(node) || keeps_places(node) || ov::is_type<op::v8::Slice>(&node) ? std::optional<int>(axis)
                                                                                   : std::nullopt;
}

bool made_of_probabilities(const Value& value) {
    const ov::Node& node = *value.get_node();
    const auto all_inputs = [&] {
        const ov::OutputVector inputs = node.input_values();
        return std::all_of(inputs.begin(), inputs.end(), made_of_probabilities);
    };
    if (ov::is_type<op::v1::Softmax>(&node) || ov::is_type<op::v8::Softmax>(&node) ||
        ov::is_type<op::v0::Sigmoid>(&node)) {
        return true;
    }
    if (only_indexes(node) || averages(node)) {
        return made_of_probabilities(node.input_value(0));
    }
    if (ov::is_type<op::v0::Concat>(&node) || ov::is_type<op::v1::Multiply>(&node)) {
        return all_inputs();
    }
    const std::optional<Value> p = taken_from_one(node);
    return p && made_of_probabilities(*p);
}

}  // namespace pellucid::model
