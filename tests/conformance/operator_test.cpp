#include "conformance/operator_test.hpp"

#include <algorithm>
#include <cmath>
#include <fstream>
#include <numeric>

#include "graph/read.hpp"
#include "openvino/op/ops.hpp"
#include "openvino/pass/constant_folding.hpp"
#include "openvino/pass/manager.hpp"
#include "pellucid/error.hpp"

namespace pellucid::conformance {
namespace {

namespace op = ov::op;

ov::Tensor to_f32(const ov::Tensor& tensor) {
    const op::v0::Constant constant(tensor.get_element_type(), tensor.get_shape(), tensor.data());
    const auto values = constant.cast_vector<float>();
    ov::Tensor made(ov::element::f32, tensor.get_shape());
    std::copy(values.begin(), values.end(), made.data<float>());
    return made;
}

ov::Tensor read_tensor(const nlohmann::json& listed) {
    const ov::element::Type type(listed.at("type").get<std::string>());
    ov::Tensor made(type, listed.at("shape").get<std::vector<std::size_t>>());
    std::ifstream file(listed.at("file").get<std::string>(), std::ios::binary);
    file.read(static_cast<char*>(made.data()), static_cast<std::streamsize>(made.get_byte_size()));
    if (static_cast<std::size_t>(file.gcount()) != made.get_byte_size()) {
        throw Error(ErrorCode::kUnreadable, listed.at("file").get<std::string>() + " is too short");
    }
    return type.is_real() && type != ov::element::f32 ? to_f32(made) : made;
}

/// A parameter is bound by its name, or, where the reader lost that, to the first input that nobody claims.
Tensors matched(const std::vector<Value>& ports, const nlohmann::json& listed) {
    std::vector<bool> claimed(listed.size(), false);
    std::vector<std::size_t> which(ports.size(), listed.size());
    for (std::size_t port = 0; port < ports.size(); ++port) {
        for (std::size_t i = 0; i < listed.size(); ++i) {
            if (ports[port].get_names().count(listed[i].at("name").get<std::string>()) == 0 || claimed[i]) continue;
            claimed[i] = true;
            which[port] = i;
            break;
        }
    }
    Tensors bound;
    for (auto& index : which) {
        if (index == listed.size()) {
            index = static_cast<std::size_t>(std::find(claimed.begin(), claimed.end(), false) - claimed.begin());
            if (index == listed.size()) throw Error(ErrorCode::kUnreadable, "the test has no tensor for a port");
            claimed[index] = true;
        }
        bound.push_back(read_tensor(listed[index]));
    }
    return bound;
}

bool is_other_real(const ov::element::Type& type) { return type.is_real() && type != ov::element::f32; }

/// The same function in single precision throughout: rounding to half precision inside would hide its derivative from
/// differences. False where an op insists on its type.
bool single_precision(ov::Model& model) {
    for (const auto& node : model.get_ordered_ops()) {
        if (const auto parameter = ov::as_type_ptr<op::v0::Parameter>(node)) {
            if (is_other_real(parameter->get_element_type())) parameter->set_element_type(ov::element::f32);
        } else if (const auto convert = ov::as_type_ptr<op::v0::Convert>(node)) {
            if (is_other_real(convert->get_destination_type())) convert->set_destination_type(ov::element::f32);
        } else if (const auto constant = ov::as_type_ptr<op::v0::Constant>(node)) {
            if (!is_other_real(constant->get_element_type())) continue;
            const auto wide = std::make_shared<op::v0::Constant>(ov::element::f32, constant->get_shape(),
                                                                 constant->cast_vector<float>());
            wide->set_friendly_name(constant->get_friendly_name());
            ov::replace_node(constant, wide);
        }
    }
    try {
        model.validate_nodes_and_infer_types();
    } catch (const std::exception&) {
        return false;
    }
    const auto outputs = model.outputs();
    return std::none_of(outputs.begin(), outputs.end(),
                        [](const auto& v) { return is_other_real(v.get_element_type()); });
}

/// Single precision outside alone: what is rounded inside is the model's own.
void single_precision_outside(ov::Model& model) {
    for (const auto& parameter : model.get_parameters()) {
        const auto type = parameter->get_element_type();
        if (!is_other_real(type)) continue;
        const auto readers = parameter->output(0).get_target_inputs();
        parameter->set_element_type(ov::element::f32);
        parameter->revalidate_and_infer_types();
        const auto back = std::make_shared<op::v0::Convert>(parameter, type);
        for (auto reader : readers) reader.replace_source_output(back);
    }
    for (const auto& result : model.get_results()) {
        const auto source = result->input_value(0);
        if (!is_other_real(source.get_element_type())) continue;
        result->input(0).replace_source_output(std::make_shared<op::v0::Convert>(source, ov::element::f32));
    }
    model.validate_nodes_and_infer_types();
}

/// Floating inputs and outputs as f32, the whole where the test's own inputs are of another precision.
void use_single_precision(OperatorTest& test) {
    const auto parameters = test.model->get_parameters();
    const bool other = std::any_of(parameters.begin(), parameters.end(),
                                   [](const auto& p) { return is_other_real(p->get_element_type()); });
    const auto rounded = test.model->clone();
    if (other && single_precision(*test.model)) return;
    test.model = rounded;
    single_precision_outside(*test.model);
}

void spread(ov::Tensor& tensor) {
    auto* data = tensor.data<float>();
    std::vector<std::size_t> order(tensor.get_size());
    std::iota(order.begin(), order.end(), 0U);
    std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) { return data[a] < data[b]; });
    for (std::size_t place = 0; place < order.size(); ++place) {
        data[order[place]] =
            static_cast<float>(-1.0 + 2.0 * (static_cast<double>(place) + 0.5) / static_cast<double>(order.size()));
    }
}

void move_off(ov::Tensor& tensor, const Kinks& kinks) {
    if (tensor.get_element_type() != ov::element::f32) return;
    if (kinks.distinct) spread(tensor);
    auto* data = tensor.data<float>();
    for (std::size_t i = 0; i < tensor.get_size(); ++i) {
        data[i] += static_cast<float>(kinks.shift);
        if (kinks.positive) data[i] = std::abs(data[i]) + 0.5F;
        for (const double kink : kinks.avoid) {
            const double away = static_cast<double>(data[i]) - kink;
            if (std::abs(away) < kinks.margin) data[i] = static_cast<float>(kink + std::copysign(kinks.margin, away));
        }
    }
}

}  // namespace

OperatorTest load(const nlohmann::json& request) {
    OperatorTest test;
    test.name = request.at("name");
    test.model = graph::read(request.at("model").get<std::string>()).model;
    test.relative = request.at("relative");
    test.absolute = request.at("absolute");
    std::vector<Value> parameters, results;
    for (const auto& parameter : test.model->get_parameters()) parameters.push_back(parameter->output(0));
    for (const auto& result : test.model->get_results()) results.push_back(result->output(0));
    test.inputs = matched(parameters, request.at("inputs"));
    test.expected = matched(results, request.at("outputs"));
    if (request.contains("kinks")) {
        const auto& declared = request["kinks"];
        Kinks kinks;
        kinks.avoid = declared.value("avoid", kinks.avoid);
        kinks.margin = declared.value("margin", kinks.margin);
        kinks.distinct = declared.value("distinct", kinks.distinct);
        kinks.positive = declared.value("positive", kinks.positive);
        kinks.shift = declared.value("shift", kinks.shift);
        test.step = declared.value("step", test.step);
        test.fixed = declared.value("fixed", test.fixed);
        const bool moved = kinks.distinct || kinks.positive || kinks.shift != 0.0 || !kinks.avoid.empty();
        for (auto& input : test.inputs) move_off(input, kinks);
        if (moved) test.expected.clear();  // of other inputs
    }
    use_single_precision(test);
    return test;
}

std::shared_ptr<ov::Model> without_rounding(const std::shared_ptr<ov::Model>& model) {
    const auto smooth = model->clone();
    for (const auto& node : smooth->get_ordered_ops()) {
        const auto rounding = ov::as_type_ptr<op::v13::FakeConvert>(node);
        if (!rounding) continue;
        constexpr double kLargestE4M3 = 448.0, kLargestE5M2 = 57344.0;
        const bool e4m3 = rounding->get_destination_element_type() == ov::element::f8e4m3;
        const double largest = e4m3 ? kLargestE4M3 : kLargestE5M2;
        ov::Output<ov::Node> scaled = std::make_shared<op::v1::Multiply>(node->input_value(0), node->input_value(1));
        if (node->get_input_size() > 2) scaled = std::make_shared<op::v1::Subtract>(scaled, node->input_value(2));
        scaled = std::make_shared<op::v0::Clamp>(scaled, -largest, largest);
        if (node->get_input_size() > 2) scaled = std::make_shared<op::v1::Add>(scaled, node->input_value(2));
        node->output(0).replace(std::make_shared<op::v1::Divide>(scaled, node->input_value(1)));
    }
    return smooth;
}

OperatorTest hold_others(const OperatorTest& test, const std::vector<std::size_t>& by) {
    OperatorTest held = test;
    held.fixed.clear();
    held.model = test.model->clone();
    held.inputs.clear();
    const auto parameters = held.model->get_parameters();
    for (std::size_t i = 0; i < parameters.size(); ++i) {
        if (std::find(by.begin(), by.end(), i) != by.end()) {
            parameters[i]->set_partial_shape(test.inputs[i].get_shape());
            held.inputs.push_back(test.inputs[i]);
            continue;
        }
        const auto constant = std::make_shared<op::v0::Constant>(test.inputs[i]);
        constant->set_friendly_name(parameters[i]->get_friendly_name());
        parameters[i]->output(0).replace(constant->output(0));
        held.model->remove_parameter(parameters[i]);
    }
    held.model->validate_nodes_and_infer_types();
    ov::pass::Manager passes;
    passes.register_pass<ov::pass::ConstantFolding>();
    passes.run_passes(held.model);
    return held;
}

}  // namespace pellucid::conformance
