#include "model/logits.hpp"

#include "openvino/op/log.hpp"
#include "openvino/op/log_softmax.hpp"
#include "openvino/op/sigmoid.hpp"
#include "openvino/op/softmax.hpp"

#include "model/index_ops.hpp"
#include "pellucid/error.hpp"

namespace pellucid::model {

namespace {

namespace op = ov::op;
using Value = ov::Output<ov::Node>;

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

/// Whether `at` is an activation, seen through what only moves or picks its values.
bool match(Value at, LogitTensor& found) {
    std::vector<Value> behind;
    for (; only_indexes(*at.get_node()); at = at.get_node()->input_value(0)) {
        behind.push_back(at);
    }
    const ov::Node& node = *at.get_node();
    const bool log = ov::is_type<op::v0::Log>(&node);
    if (const auto axis = softmax_axis(node)) {
        found = {node.input_value(0), "softmax", positive_axis(*axis, node.input_value(0))};
    } else if (const auto* log_softmax = ov::as_type<const op::v5::LogSoftmax>(&node)) {
        found = {node.input_value(0), "log-softmax", positive_axis(log_softmax->get_axis(), node.input_value(0))};
    } else if (ov::is_type<op::v0::Sigmoid>(&node)) {
        found = {node.input_value(0), "sigmoid", found.axis};
    } else if (!log || !match(node.input_value(0), found) || found.found != "softmax") {
        return false;
    } else {
        found.found = "log-softmax";   // log(softmax(x)), spelt out
    }
    found.behind.insert(found.behind.end(), behind.rbegin(), behind.rend());
    return true;
}

std::optional<int> axis_in_output(const LogitTensor& found) {
    std::optional<int> axis = found.axis;
    for (const Value& output : found.behind) {
        axis = axis ? axis_behind(output, *axis) : std::nullopt;
    }
    return axis;
}

}  // namespace

LogitTensor find_logits(const ov::Model& network, std::size_t output, int axis) {
    if (output >= network.get_results().size()) {
        throw Error(ErrorCode::kUsage, "the network has no output " + std::to_string(output),
                    "it has " + std::to_string(network.get_results().size()));
    }
    const Value end = network.get_results()[output]->input_value(0);
    LogitTensor found{end, {}, axis};
    if (!match(end, found)) {
        return {end, {}, axis};
    }
    if (found.found != "sigmoid") {
        found.output_axis = axis_in_output(found);
    }
    return found;
}

Value as_output(const LogitTensor& logits, Value value) {
    for (const Value& output : logits.behind) {
        const ov::Node& node = *output.get_node();
        ov::OutputVector inputs = node.input_values();
        inputs[0] = value;
        const auto copy = node.clone_with_new_inputs(inputs);
        copy->set_friendly_name("pellucid/score/" + node.get_friendly_name());
        value = copy->output(output.get_index());
    }
    return value;
}

LogitTensor logits_of(const Model::Impl& impl, std::size_t output) {
    const bool known = output < impl.card.outputs.size() && impl.card.outputs[output].class_axis.has_value();
    return find_logits(*impl.network, output, known ? *impl.card.outputs[output].class_axis : 1);
}

std::int64_t classes_left_out(const Model::Impl& impl, std::size_t output) {
    const LogitTensor logits = logits_of(impl, output);
    if (!logits.output_axis) {
        return 0;
    }
    const ov::PartialShape& all = logits.tensor.get_partial_shape();
    const ov::PartialShape answered = impl.network->get_results()[output]->get_input_partial_shape(0);
    const ov::Dimension of = all[logits.axis], has = answered[*logits.output_axis];
    return of.is_static() && has.is_static() ? of.get_length() - has.get_length() : 0;
}

}  // namespace pellucid::model
