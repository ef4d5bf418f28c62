#include "engine/nets.hpp"

#include <algorithm>
#include <cmath>

#include "core/random.hpp"
#include "openvino/opsets/opset16.hpp"
#include "openvino/runtime/core.hpp"

namespace nets {

namespace op = ov::opset16;

std::vector<float> values(std::size_t count, std::uint64_t seed) {
    pellucid::core::RandomStream random(seed, 0, 0);
    std::vector<float> result(count);
    std::generate(result.begin(), result.end(), [&] { return 2.0F * random.uniform() - 1.0F; });
    return result;
}

std::shared_ptr<ov::Model> from_file(const std::string& path) {
    auto model = ov::Core().read_model(path);
    std::map<std::size_t, ov::PartialShape> shapes;
    for (std::size_t index = 0; index < model->inputs().size(); ++index) {
        shapes[index] = model->input(index).get_partial_shape();
        shapes[index][0] = -1;
    }
    model->reshape(shapes);
    return model;
}

std::shared_ptr<op::Parameter> rows(const std::string& name, const std::vector<std::int64_t>& row,
                                    ov::element::Type type) {
    ov::PartialShape shape{-1};
    for (const std::int64_t extent : row) {
        shape.push_back(extent);
    }
    auto parameter = std::make_shared<op::Parameter>(type, shape);
    parameter->set_friendly_name(name);
    parameter->output(0).set_names({name});
    return parameter;
}

std::shared_ptr<ov::Model> named(const ov::OutputVector& outputs, const ov::ParameterVector& parameters) {
    for (std::size_t index = 0; index < outputs.size(); ++index) {
        ov::Output<ov::Node> output = outputs[index];
        output.add_names({std::string("y").append(std::to_string(index))});
    }
    auto model = std::make_shared<ov::Model>(outputs, parameters, "net");
    int number = 0;
    for (const auto& node : model->get_ordered_ops()) {
        if (!ov::is_type<op::Parameter>(node)) {
            node->set_friendly_name(std::string("node").append(std::to_string(number++)));
        }
    }
    return model;
}

Linear linear(std::int64_t n, std::int64_t m, std::uint64_t seed) {
    return {n, m, values(static_cast<std::size_t>(n * m), seed), values(static_cast<std::size_t>(m), seed + 1)};
}

std::shared_ptr<ov::Model> Linear::model() const {
    const auto x = rows("x", {n});
    const auto w = op::Constant::create(ov::element::f32, ov::Shape{std::size_t(n), std::size_t(m)}, weights);
    const auto b = op::Constant::create(ov::element::f32, ov::Shape{1, std::size_t(m)}, bias);
    const auto product = std::make_shared<op::MatMul>(x, w);
    return named({std::make_shared<op::Add>(product, b)}, {x});
}

std::vector<double> Linear::apply(const std::vector<float>& x) const {
    std::vector<double> y(bias.begin(), bias.end());
    for (std::int64_t i = 0; i < n; ++i) {
        for (std::int64_t j = 0; j < m; ++j) {
            y[std::size_t(j)] += double{x[std::size_t(i)]} * double{weights[std::size_t(i * m + j)]};
        }
    }
    return y;
}

std::shared_ptr<ov::Model> small_cnn(std::int64_t side, std::uint64_t seed) {
    const auto weights = [&](const ov::Shape& shape, double fan_in) {
        std::vector<float> w = values(ov::shape_size(shape), ++seed);
        for (float& value : w) {
            value = static_cast<float>(double{value} * std::sqrt(6.0 / fan_in));
        }
        return op::Constant::create(ov::element::f32, shape, w);
    };
    const auto x = rows("x", {3, side, side});
    const ov::Strides one{1, 1}, two{2, 2};
    const ov::CoordinateDiff pad{1, 1};
    const auto first = std::make_shared<op::Relu>(
        std::make_shared<op::Convolution>(x, weights({16, 3, 3, 3}, 27), two, pad, pad, one));
    const auto second = std::make_shared<op::Relu>(
        std::make_shared<op::GroupConvolution>(first, weights({16, 1, 1, 3, 3}, 9), one, pad, pad, one));
    const auto third = std::make_shared<op::Relu>(std::make_shared<op::Convolution>(
        second, weights({40, 16, 1, 1}, 16), one, ov::CoordinateDiff{0, 0}, ov::CoordinateDiff{0, 0}, one));
    const auto axes = op::Constant::create(ov::element::i64, {2}, {2, 3});
    const auto pooled = std::make_shared<op::ReduceMean>(third, axes, false);
    return named({std::make_shared<op::MatMul>(pooled, weights({40, 10}, 40))}, {x});
}

}  // namespace nets
