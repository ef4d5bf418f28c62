#include "methods/small_models.hpp"

#include <cstdlib>

#include "openvino/core/graph_util.hpp"
#include "openvino/op/add.hpp"
#include "openvino/op/clamp.hpp"
#include "openvino/op/constant.hpp"
#include "openvino/op/convolution.hpp"
#include "openvino/op/greater.hpp"
#include "openvino/op/matmul.hpp"
#include "openvino/op/max_pool.hpp"
#include "openvino/op/maximum.hpp"
#include "openvino/op/parameter.hpp"
#include "openvino/op/reduce_mean.hpp"
#include "openvino/op/relu.hpp"
#include "openvino/op/reshape.hpp"
#include "openvino/op/result.hpp"
#include "openvino/op/select.hpp"

namespace pellucid::testing {

namespace {

using ov::op::v0::Constant;
using Tensor = ov::Output<ov::Node>;

const std::vector<std::vector<float>> kHidden{{0.5F, -1.0F, 0.25F, 2.0F},  {1.5F, 0.5F, -0.75F, -1.0F},
                                              {-0.5F, 1.0F, 1.25F, 0.5F},  {0.25F, 0.75F, -1.5F, 1.0F},
                                              {-1.0F, -0.5F, 0.5F, 0.25F}, {1.0F, 1.0F, 1.0F, -0.5F}};
const std::vector<float> kHiddenBias{0.1F, -0.2F, 0.3F, -0.1F, 0.2F, -0.3F};
const std::vector<std::vector<float>> kHead{{1.0F, -0.5F, 0.75F, 0.25F, -1.0F, 0.5F},
                                            {-0.25F, 1.0F, 0.5F, -0.75F, 0.5F, 1.5F}};

std::shared_ptr<Constant> matrix(const std::vector<std::vector<float>>& rows) {
    std::vector<float> values;
    for (const auto& row : rows) {
        values.insert(values.end(), row.begin(), row.end());
    }
    return Constant::create(ov::element::f32, ov::Shape{rows.size(), rows.front().size()}, values);
}

std::shared_ptr<Constant> row_vector(const std::vector<float>& values) {
    return Constant::create(ov::element::f32, ov::Shape{1, values.size()}, values);
}

std::shared_ptr<ov::op::v0::Parameter> input(const ov::PartialShape& shape) {
    auto parameter = std::make_shared<ov::op::v0::Parameter>(ov::element::f32, shape);
    parameter->set_friendly_name("x");
    parameter->output(0).set_names({"x"});
    return parameter;
}

Tensor affine(const Tensor& x, const std::vector<std::vector<float>>& weights, const std::vector<float>& bias) {
    const auto product = std::make_shared<ov::op::v0::MatMul>(x, matrix(weights), false, true);
    return std::make_shared<ov::op::v1::Add>(product, row_vector(bias));
}

std::shared_ptr<ov::Model> network(const Tensor& output, const std::shared_ptr<ov::op::v0::Parameter>& parameter) {
    output.get_node()->output(0).set_names({"y"});
    return std::make_shared<ov::Model>(ov::OutputVector{output}, ov::ParameterVector{parameter}, "small");
}

Tensor rectified(const Tensor& x, const std::string& rectifier) {
    const auto zero = Constant::create(ov::element::f32, ov::Shape{}, {0.0F});
    if (rectifier == "maximum") {
        return std::make_shared<ov::op::v1::Maximum>(x, zero);
    }
    if (rectifier == "clamp") {
        return std::make_shared<ov::op::v0::Clamp>(x, 0.0, 1e6);
    }
    if (rectifier == "select") {
        return std::make_shared<ov::op::v1::Select>(std::make_shared<ov::op::v1::Greater>(x, zero), x, zero);
    }
    return std::make_shared<ov::op::v0::Relu>(x);
}

}  // namespace

TemporaryFolder::TemporaryFolder() {
    std::string name = (std::filesystem::temp_directory_path() / "pellucid-test-XXXXXX").string();
    path_ = mkdtemp(name.data());
}

TemporaryFolder::~TemporaryFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
}

Model load_network(const std::shared_ptr<ov::Model>& made, const TemporaryFolder& folder) {
    static int number = 0;
    const auto path = folder.path() / ("network" + std::to_string(number++) + ".xml");
    ov::serialize(made, path.string());
    LoadOptions options;
    options.cache = false;
    return Model::load(path, options);
}

std::shared_ptr<ov::Model> linear_network(const std::vector<std::vector<float>>& weights,
                                          const std::vector<float>& bias) {
    const auto x = input({-1, static_cast<std::int64_t>(weights.front().size())});
    return network(affine(x, weights, bias), x);
}

std::shared_ptr<ov::Model> two_layer_network(const std::string& rectifier) {
    const auto x = input({-1, 4});
    const Tensor hidden = rectified(affine(x, kHidden, kHiddenBias), rectifier);
    return network(affine(hidden, kHead, {0.0F, 0.0F}), x);
}

std::vector<double> two_layer_answer(const std::vector<double>& x) {
    std::vector<double> answer(kHead.size(), 0.0);
    for (std::size_t unit = 0; unit < kHidden.size(); ++unit) {
        double sum = double{kHiddenBias[unit]};
        for (std::size_t at = 0; at < x.size(); ++at) {
            sum += double{kHidden[unit][at]} * x[at];
        }
        for (std::size_t target = 0; target < answer.size(); ++target) {
            answer[target] += double{kHead[target][unit]} * std::max(sum, 0.0);
        }
    }
    return answer;
}

std::vector<double> two_layer_gradient(const std::vector<double>& x, std::size_t target) {
    std::vector<double> gradient(x.size(), 0.0);
    for (std::size_t unit = 0; unit < kHidden.size(); ++unit) {
        double sum = double{kHiddenBias[unit]};
        for (std::size_t at = 0; at < x.size(); ++at) {
            sum += double{kHidden[unit][at]} * x[at];
        }
        for (std::size_t at = 0; sum > 0.0 && at < x.size(); ++at) {
            gradient[at] += double{kHead[target][unit]} * double{kHidden[unit][at]};
        }
    }
    return gradient;
}

CamNetwork cam_network() {
    CamNetwork made;
    const auto x = input({-1, 1, 6, 6});
    const auto kernel = Constant::create(ov::element::f32, ov::Shape{2, 1, 1, 1}, made.kernel);
    const auto convolution = std::make_shared<ov::op::v1::Convolution>(
        x, kernel, ov::Strides{1, 1}, ov::CoordinateDiff{0, 0}, ov::CoordinateDiff{0, 0}, ov::Strides{1, 1});
    const auto relu = std::make_shared<ov::op::v0::Relu>(convolution);
    relu->set_friendly_name("features");
    const auto axes = Constant::create(ov::element::i64, ov::Shape{2}, {2, 3});
    const auto mean = std::make_shared<ov::op::v1::ReduceMean>(relu, axes, false);
    made.network = network(affine(mean, made.head, {0.0F, 0.0F}), x);
    return made;
}

std::shared_ptr<ov::Model> flat_network(const Shape& shape, const std::vector<float>& weights) {
    ov::PartialShape whole{-1};
    for (const std::int64_t extent : shape) {
        whole.push_back(extent);
    }
    const auto x = input(whole);
    const auto rows = Constant::create(ov::element::i64, ov::Shape{2}, {0, -1});
    const auto flat = std::make_shared<ov::op::v1::Reshape>(x, rows, true);
    return network(affine(flat, {weights}, {0.0F}), x);
}

std::shared_ptr<ov::Model> pooling_network() {
    const auto x = input({-1, 1, 4, 4});
    const auto pool = std::make_shared<ov::op::v8::MaxPool>(x, ov::Strides{2, 2}, ov::Strides{1, 1}, ov::Shape{0, 0},
                                                            ov::Shape{0, 0}, ov::Shape{2, 2});
    const auto axes = Constant::create(ov::element::i64, ov::Shape{2}, {2, 3});
    return network(std::make_shared<ov::op::v1::ReduceMean>(pool->output(0), axes, false), x);
}

Input sample(Shape shape, std::vector<float> values) {
    Input made;
    made.stem = "sample";
    made.source = "sample.npy";
    made.tensors.emplace("x", Array(std::move(shape), std::move(values)));
    return made;
}

}  // namespace pellucid::testing
