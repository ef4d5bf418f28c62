#include "model/nets.hpp"

#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>

#include "core/random.hpp"
#include "openvino/op/add.hpp"
#include "openvino/op/constant.hpp"
#include "openvino/op/convert.hpp"
#include "openvino/op/convolution.hpp"
#include "openvino/op/gather.hpp"
#include "openvino/op/identity.hpp"
#include "openvino/op/log.hpp"
#include "openvino/op/log_softmax.hpp"
#include "openvino/op/matmul.hpp"
#include "openvino/op/multiply.hpp"
#include "openvino/op/parameter.hpp"
#include "openvino/op/reduce_mean.hpp"
#include "openvino/op/reshape.hpp"
#include "openvino/op/result.hpp"
#include "openvino/op/sigmoid.hpp"
#include "openvino/op/softmax.hpp"
#include "openvino/op/subtract.hpp"
#include "openvino/op/transpose.hpp"
#include "openvino/pass/serialize.hpp"

namespace nets {

namespace op = ov::op;
namespace fs = std::filesystem;
using Value = ov::Output<ov::Node>;

Folder::Folder() {
    std::string name = (fs::temp_directory_path() / "pellucid-model-XXXXXX").string();
    path = mkdtemp(name.data());
}

Folder::~Folder() {
    std::error_code ignored;
    fs::remove_all(path, ignored);
}

fs::path Folder::save(const std::shared_ptr<ov::Model>& net, const std::string& name, const std::string& card) const {
    const fs::path file = path / (name + ".xml");
    ov::pass::Serialize(file.string(), (path / (name + ".bin")).string()).run_on_model(net);
    if (!card.empty()) {
        static_cast<void>(write(name + ".card.json", card));
    }
    return file;
}

fs::path Folder::write(const std::string& name, const std::string& text) const {
    std::ofstream(path / name) << text;
    return path / name;
}

pellucid::Model load(const fs::path& path) {
    pellucid::LoadOptions options;
    options.cache = false;
    return pellucid::Model::load(path, options);
}

std::vector<float> values(std::size_t count, std::uint64_t seed) {
    pellucid::core::RandomStream random(seed, 0, 0);
    std::vector<float> made(count);
    for (float& value : made) {
        value = 2.0F * random.uniform() - 1.0F;
    }
    return made;
}

namespace {

std::shared_ptr<op::v0::Parameter> parameter(const std::vector<std::int64_t>& shape, const std::string& name = "x",
                                             const ov::element::Type& type = ov::element::f32) {
    const auto x = std::make_shared<op::v0::Parameter>(
        type, ov::PartialShape(std::vector<ov::Dimension>(shape.begin(), shape.end())));
    x->set_friendly_name(name);
    x->output(0).get_tensor().set_names({name});
    return x;
}

std::shared_ptr<ov::Model> named(Value y, const ov::ParameterVector& parameters) {
    y.get_node()->set_friendly_name("y");
    y.get_tensor().set_names({"y"});
    return std::make_shared<ov::Model>(ov::OutputVector{y}, parameters, "net");
}

Value ended(const Value& z, End end, std::int64_t m) {
    const auto softmax = [&] { return std::make_shared<op::v8::Softmax>(z, -1)->output(0); };
    switch (end) {
        case End::kNone:
            return z;
        case End::kSoftmax:
            return softmax();
        case End::kIdentityOfSoftmax:
            return std::make_shared<op::v16::Identity>(softmax());
        case End::kSoftmaxReshaped:
            return std::make_shared<op::v1::Reshape>(
                softmax(), op::v0::Constant::create(ov::element::i64, {2}, {std::int64_t{0}, m}), true);
        case End::kLogSoftmax:
            return std::make_shared<op::v5::LogSoftmax>(z, 1);
        case End::kLogOfSoftmax:
            return std::make_shared<op::v0::Log>(softmax());
        case End::kSigmoid:
            return std::make_shared<op::v0::Sigmoid>(z);
    }
    return z;
}

Value convolved(const Value& x, std::int64_t classes) {
    const auto count = static_cast<std::size_t>(classes);
    const auto kernel = op::v0::Constant::create(ov::element::f32, {count, 3, 3, 3}, values(count * 27, 5));
    return std::make_shared<op::v1::Convolution>(x, kernel, ov::Strides{1, 1}, ov::CoordinateDiff{1, 1},
                                                 ov::CoordinateDiff{1, 1}, ov::Strides{1, 1});
}

Value spatial_mean(const Value& x) {
    return std::make_shared<op::v1::ReduceMean>(x, op::v0::Constant::create(ov::element::i64, {2}, {2, 3}), false);
}

}  // namespace

std::shared_ptr<ov::Model> Linear::model(End end) const {
    return model([&](const Value& z) { return ended(z, end, m); });
}

std::shared_ptr<ov::Model> Linear::model(const Head& head) const {
    const auto x = parameter({-1, n});
    const ov::Shape wide{static_cast<std::size_t>(n), static_cast<std::size_t>(m)};
    const auto w = op::v0::Constant::create(ov::element::f32, wide, weights);
    const auto b = op::v0::Constant::create(ov::element::f32, {1, static_cast<std::size_t>(m)}, bias);
    const auto z = std::make_shared<op::v1::Add>(std::make_shared<op::v0::MatMul>(x, w), b);
    z->set_friendly_name("z");
    return named(head(z), {x});
}

std::vector<double> Linear::logits(const std::vector<float>& x) const {
    std::vector<double> z(bias.begin(), bias.end());
    for (std::size_t i = 0; i < x.size(); ++i) {
        for (std::size_t j = 0; j < z.size(); ++j) {
            z[j] += double{x[i]} * double{weights[i * z.size() + j]};
        }
    }
    return z;
}

Linear linear(std::int64_t n, std::int64_t m, std::uint64_t seed) {
    return {n, m, values(static_cast<std::size_t>(n * m), seed), values(static_cast<std::size_t>(m), seed + 1)};
}

std::shared_ptr<ov::Model> picture_net(const std::vector<std::int64_t>& shape, std::int64_t classes, bool dense,
                                       const Linear::Head& head) {
    const auto x = parameter(shape);
    const Value maps = convolved(x, classes);
    const Value y = dense ? maps : spatial_mean(maps);
    return named(head ? head(y) : y, {x});
}

std::shared_ptr<ov::Model> channels_last_net(std::int64_t side, std::int64_t classes) {
    const auto x = parameter({-1, side, side, 3});
    const auto order = op::v0::Constant::create(ov::element::i64, {4}, {0, 3, 1, 2});
    return named(spatial_mean(convolved(std::make_shared<op::v1::Transpose>(x, order), classes)), {x});
}

std::shared_ptr<ov::Model> byte_picture_net() {
    const auto x = parameter({-1, 3, 16, 16}, "x", ov::element::u8);
    const auto real = std::make_shared<op::v0::Convert>(x, ov::element::f32);
    const auto scale = op::v0::Constant::create(ov::element::f32, {}, {1.0F / 255.0F});
    return named(spatial_mean(convolved(std::make_shared<op::v1::Multiply>(real, scale), 4)), {x});
}

std::shared_ptr<ov::Model> mixing_net() {
    const auto x = parameter({-1, 4});
    const auto axis = op::v0::Constant::create(ov::element::i64, {1}, {0});
    return named(std::make_shared<op::v1::Subtract>(x, std::make_shared<op::v1::ReduceMean>(x, axis, true)), {x});
}

std::shared_ptr<ov::Model> token_net() {
    const auto x = parameter({-1, 3}, "x", ov::element::i64);
    const auto table = op::v0::Constant::create(ov::element::f32, {5, 4}, values(20, 9));
    const auto rows = std::make_shared<op::v8::Gather>(table, x, op::v0::Constant::create(ov::element::i64, {}, {0}));
    const auto axis = op::v0::Constant::create(ov::element::i64, {1}, {1});
    return named(std::make_shared<op::v1::ReduceMean>(rows, axis, false), {x});
}

std::shared_ptr<ov::Model> two_by_two_net() {
    const auto a = parameter({-1, 2}, "a"), b = parameter({-1, 2}, "b");
    const auto two = op::v0::Constant::create(ov::element::f32, {}, {2.0F});
    const Value y = std::make_shared<op::v1::Add>(std::make_shared<op::v1::Multiply>(a, two), b);
    const Value z = std::make_shared<op::v8::Softmax>(std::make_shared<op::v1::Subtract>(a, b), 1);
    z.get_node()->set_friendly_name("z");
    z.get_tensor().set_names({"z"});
    y.get_node()->set_friendly_name("y");
    y.get_tensor().set_names({"y"});
    return std::make_shared<ov::Model>(ov::OutputVector{y, z}, ov::ParameterVector{a, b}, "net");
}

std::string complaint(const std::function<void()>& act, pellucid::ErrorCode code) {
    try {
        act();
    } catch (const pellucid::Error& error) {
        EXPECT_EQ(error.code(), code) << error.what();
        EXPECT_EQ(std::string(error.what()).find('\n'), std::string::npos) << error.what();
        return error.what();
    }
    return "no complaint";
}

pellucid::Input sample(const pellucid::Shape& shape, const std::vector<float>& data) {
    pellucid::Input input;
    input.stem = input.source = "sample";
    input.tensors["x"] = pellucid::Array(shape, data);
    return input;
}

}  // namespace nets
