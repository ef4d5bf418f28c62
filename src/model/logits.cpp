#include "model/logits.hpp"

#include "openvino/op/constant.hpp"
#include "openvino/op/convert.hpp"
#include "openvino/op/identity.hpp"
#include "openvino/op/log.hpp"
#include "openvino/op/log_softmax.hpp"
#include "openvino/op/reshape.hpp"
#include "openvino/op/sigmoid.hpp"
#include "openvino/op/softmax.hpp"
#include "openvino/op/squeeze.hpp"
#include "openvino/op/unsqueeze.hpp"
#include "pellucid/error.hpp"

namespace pellucid::model {

namespace {

namespace op = ov::op;
using Value = ov::Output<ov::Node>;

/// What an exporter may put behind the last activation without changing a value.
bool only_moves(const ov::Node& node) {
    const bool converts = ov::is_type<op::v0::Convert>(&node) && node.get_output_element_type(0).is_real() &&
                          node.get_input_element_type(0).is_real();
    return converts || ov::is_type<op::v16::Identity>(&node) || ov::is_type<op::v1::Reshape>(&node) ||
           ov::is_type<op::v0::Squeeze>(&node) || ov::is_type<op::v15::Squeeze>(&node) ||
           ov::is_type<op::v0::Unsqueeze>(&node);
}

int positive_axis(std::int64_t axis, const Value& tensor) {
    const ov::Rank rank = tensor.get_partial_shape().rank();
    return static_cast<int>(axis < 0 && rank.is_static() ? axis + rank.get_length() : axis);
}

std::optional<std::int64_t> softmax_axis(const ov::Node& node) {
    if (const auto* eight = ov::as_type<const op::v8::Softmax>(&node)) {
        return eight->get_axis();
    }
    if (const auto* one = ov::as_type<const op::v1::Softmax>(&node)) {
        return static_cast<std::int64_t>(one->get_axis());
    }
    return std::nullopt;
}

/// The activation that `node` is; false when it is none.
bool match(const ov::Node& node, LogitTensor& found) {
    if (const auto axis = softmax_axis(node)) {
        found.tensor = node.input_value(0);
        found.found = "softmax";
        found.axis = positive_axis(*axis, found.tensor);
        return true;
    }
    if (const auto* log_softmax = ov::as_type<const op::v5::LogSoftmax>(&node)) {
        found.tensor = node.input_value(0);
        found.found = "log-softmax";
        found.axis = positive_axis(log_softmax->get_axis(), found.tensor);
        return true;
    }
    if (ov::is_type<op::v0::Sigmoid>(&node)) {
        found.tensor = node.input_value(0);
        found.found = "sigmoid";
        return true;
    }
    // log(softmax(x)), spelt out.
    if (ov::is_type<op::v0::Log>(&node) && match(*node.get_input_node_ptr(0), found) && found.found == "softmax") {
        found.found = "log-softmax";
        return true;
    }
    return false;
}

}  // namespace

LogitTensor find_logits(const ov::Model& network, std::size_t output, int axis) {
    if (output >= network.get_results().size()) {
        throw Error(ErrorCode::kUsage, "the network has no output " + std::to_string(output),
                    "it has " + std::to_string(network.get_results().size()));
    }
    const Value end = network.get_results()[output]->input_value(0);
    LogitTensor found{end, {}, axis};
    Value at = end;
    while (only_moves(*at.get_node())) {
        at = at.get_node()->input_value(0);
    }
    return match(*at.get_node(), found) ? found : LogitTensor{end, {}, axis};
}

LogitTensor logits_of(const Model::Impl& impl, std::size_t output) {
    const bool known = output < impl.card.outputs.size() && impl.card.outputs[output].class_axis.has_value();
    return find_logits(*impl.network, output, known ? *impl.card.outputs[output].class_axis : 1);
}

}  // namespace pellucid::model
