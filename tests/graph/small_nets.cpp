#include "graph/small_nets.hpp"

#include <stdexcept>

namespace pellucid::graph::testing {

namespace opset = ov::opset16;

namespace {

ov::Output<ov::Node> numbers(const std::vector<std::int64_t>& values) {
    return opset::Constant::create(ov::element::i64, {values.size()}, values);
}

ov::CoordinateDiff same_pads(const Value& x, std::size_t kernel) {
    return ov::CoordinateDiff(x.get_partial_shape().size() - 2, static_cast<std::ptrdiff_t>(kernel / 2));
}

ov::Strides repeated(const Value& x, std::size_t value) { return ov::Strides(x.get_partial_shape().size() - 2, value); }

std::size_t channels_of(const Value& x) { return static_cast<std::size_t>(x.get_partial_shape()[1].get_length()); }

}  // namespace

Value SmallNet::named(const std::string& name, const std::shared_ptr<ov::Node>& node) const {
    node->set_friendly_name(name);
    return node->output(0);
}

Value SmallNet::input(const ov::PartialShape& shape) {
    inputs_.push_back(std::make_shared<opset::Parameter>(ov::element::f32, shape));
    inputs_.back()->set_friendly_name("input" + std::to_string(inputs_.size()));
    return inputs_.back()->output(0);
}

Value SmallNet::weights(const ov::Shape& shape) {
    return std::make_shared<opset::Constant>(random_tensor(shape, random_, -0.5, 0.5))->output(0);
}

Value SmallNet::convolve(const std::string& name, const Value& x, std::size_t channels, std::size_t kernel,
                         std::size_t stride) {
    ov::Shape shape{channels, channels_of(x)};
    shape.resize(x.get_partial_shape().size(), kernel);
    const auto pads = same_pads(x, kernel);
    return named(
        name, std::make_shared<opset::Convolution>(x, weights(shape), repeated(x, stride), pads, pads, repeated(x, 1)));
}

Value SmallNet::convolve_groups(const std::string& name, const Value& x, std::size_t groups, std::size_t per_group,
                                std::size_t kernel) {
    ov::Shape shape{groups, per_group, channels_of(x) / groups};
    shape.resize(x.get_partial_shape().size() + 1, kernel);
    const auto pads = same_pads(x, kernel);
    return named(
        name, std::make_shared<opset::GroupConvolution>(x, weights(shape), repeated(x, 1), pads, pads, repeated(x, 1)));
}

Value SmallNet::upsample(const std::string& name, const Value& x, std::size_t channels) {
    const ov::CoordinateDiff none(2, 0);
    return named(name, std::make_shared<opset::ConvolutionBackpropData>(x, weights({channels_of(x), channels, 2, 2}),
                                                                        repeated(x, 2), none, none, repeated(x, 1)));
}

Value SmallNet::normalise(const std::string& name, const Value& x) {
    const ov::Shape shape{channels_of(x)};
    const auto variance = std::make_shared<opset::Constant>(random_tensor(shape, random_, 0.5, 1.5));
    return named(name, std::make_shared<opset::BatchNormInference>(x, weights(shape), weights(shape), weights(shape),
                                                                   variance, 1e-5));
}

Value SmallNet::relu(const std::string& name, const Value& x) { return named(name, std::make_shared<opset::Relu>(x)); }

Value SmallNet::sigmoid(const std::string& name, const Value& x) {
    return named(name, std::make_shared<opset::Sigmoid>(x));
}

Value SmallNet::max_pool(const std::string& name, const Value& x) {
    return named(name, std::make_shared<opset::MaxPool>(x, ov::Strides{2, 2}, ov::Strides{1, 1}, ov::Shape{0, 0},
                                                        ov::Shape{0, 0}, ov::Shape{2, 2}));
}

Value SmallNet::average(const std::string& name, const Value& x, std::vector<std::int64_t> axes, bool keep) {
    return named(name, std::make_shared<opset::ReduceMean>(x, numbers(axes), keep));
}

Value SmallNet::dense(const std::string& name, const Value& x, std::size_t outputs) {
    const auto width = static_cast<std::size_t>(x.get_partial_shape()[x.get_partial_shape().size() - 1].get_length());
    const auto product = named(name + "/product", std::make_shared<opset::MatMul>(x, weights({width, outputs})));
    return add(name, product, weights({1, outputs}));
}

Value SmallNet::add(const std::string& name, const Value& a, const Value& b) {
    return named(name, std::make_shared<opset::Add>(a, b));
}

Value SmallNet::multiply(const std::string& name, const Value& a, const Value& b) {
    return named(name, std::make_shared<opset::Multiply>(a, b));
}

Value SmallNet::concat(const std::string& name, const std::vector<Value>& parts) {
    return named(name, std::make_shared<opset::Concat>(parts, 1));
}

std::shared_ptr<ov::Model> SmallNet::model(const std::vector<Value>& outputs) const {
    return std::make_shared<ov::Model>(outputs, inputs_);
}

Value find_node(const std::shared_ptr<ov::Model>& model, const std::string& name) {
    for (const auto& node : model->get_ops()) {
        if (node->get_friendly_name() == name) return node->output(0);
    }
    throw std::runtime_error("no node " + name);
}

Value score_of(const std::shared_ptr<ov::Model>& model, std::size_t result) {
    return model->get_results()[result]->input_value(0);
}

std::shared_ptr<ov::Model> residual_net() {
    SmallNet net(1);
    Value x = net.relu("stem/relu", net.normalise("stem/norm", net.convolve("stem", net.input({-1, 3, 16, 16}), 8, 3)));
    for (const std::string block : {"block1", "block2"}) {
        Value y = net.normalise(block + "/norm1", net.convolve(block + "/conv1", x, 8, 3));
        y = net.normalise(block + "/norm2", net.convolve(block + "/conv2", net.relu(block + "/relu1", y), 8, 3));
        x = net.relu(block + "/relu2", net.add(block + "/sum", x, y));
    }
    return net.model({net.dense("logits", net.average("pool", x, {2, 3}, false), 5)});
}

std::shared_ptr<ov::Model> unet() {
    SmallNet net(2);
    const Value high = net.relu("down1/relu", net.convolve("down1", net.input({-1, 3, 16, 16}), 6, 3));
    const Value low = net.relu("down2/relu", net.convolve("down2", net.max_pool("pool", high), 8, 3));
    const Value joined = net.concat("skip", {net.upsample("up", low, 6), high});
    return net.model({net.convolve("classes", net.relu("last/relu", net.convolve("last", joined, 8, 3)), 4, 1)});
}

std::shared_ptr<ov::Model> squeeze_net() {
    SmallNet net(3);
    const Value x = net.relu("conv1/relu", net.convolve("conv1", net.input({-1, 3, 16, 16}), 8, 3));
    const Value squeezed = net.relu("squeeze/relu", net.convolve("squeeze", net.average("mean", x, {2, 3}), 2, 1));
    const Value gated = net.multiply("gated", x, net.sigmoid("excite/sigmoid", net.convolve("excite", squeezed, 8, 1)));
    const Value y = net.relu("conv2/relu", net.convolve("conv2", gated, 8, 3, 2));
    return net.model({net.dense("logits", net.average("pool", y, {2, 3}, false), 5)});
}

std::shared_ptr<ov::Model> two_headed_net() {
    SmallNet net(4);
    const Value x = net.relu("conv1/relu", net.convolve("conv1", net.input({-1, 3, 16, 16}), 8, 3));
    const Value early = net.dense("early", net.average("early/pool", x, {2, 3}, false), 3);
    const Value y = net.relu("conv2/relu", net.normalise("norm2", net.convolve("conv2", x, 8, 3)));
    return net.model({early, net.dense("late", net.average("late/pool", y, {2, 3}, false), 5)});
}

std::shared_ptr<ov::Model> vgg_net() {
    SmallNet net(5);
    Value x = net.input({-1, 3, 16, 16});
    for (const std::string stage : {"stage1", "stage2"}) {
        x = net.relu(stage + "/relu", net.convolve(stage, x, 8, 3));
        x = net.max_pool(stage + "/pool", x);
    }
    const auto shape = opset::Constant::create(ov::element::i64, {2}, {-1, 8 * 4 * 4});
    const auto flat = std::make_shared<opset::Reshape>(x, shape, false);
    return net.model({net.dense("logits", net.relu("hidden/relu", net.dense("hidden", flat, 16)), 5)});
}

std::shared_ptr<ov::Model> cbam_net() {
    SmallNet net(6);
    Value x = net.relu("conv/relu", net.convolve("conv", net.input({-1, 3, 16, 16}), 8, 3, 2));
    const Value channels = net.convolve("channel/conv", net.average("channel/mean", x, {2, 3}), 8, 1);
    x = net.multiply("channel/gated", x, net.sigmoid("channel/sigmoid", channels));
    const Value places = net.convolve("spatial/conv", net.average("spatial/mean", x, {1}), 1, 3);
    x = net.multiply("spatial/gated", x, net.sigmoid("spatial/sigmoid", places));
    return net.model({net.dense("logits", net.average("pool", x, {2, 3}, false), 5)});
}

}  // namespace pellucid::graph::testing
