#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "openvino/core/model.hpp"
#include "pellucid/input.hpp"
#include "pellucid/model.hpp"

namespace pellucid::testing {

/// A folder of its own for each test, removed at the end.
class TemporaryFolder {
public:
    TemporaryFolder();
    ~TemporaryFolder();
    TemporaryFolder(const TemporaryFolder&) = delete;
    TemporaryFolder& operator=(const TemporaryFolder&) = delete;
    [[nodiscard]] const std::filesystem::path& path() const { return path_; }

private:
    std::filesystem::path path_;
};

/// Saves as IR and loads as a user would; nothing is cached.
[[nodiscard]] Model load_network(const std::shared_ptr<ov::Model>& network, const TemporaryFolder& folder);

/// y = W x + b: input "x" [-1, features], output [-1, classes]. `weights` is [classes][features].
[[nodiscard]] std::shared_ptr<ov::Model> linear_network(const std::vector<std::vector<float>>& weights,
                                                        const std::vector<float>& bias);

/// y = W2 relu(W1 x + b1): 4 inputs, 6 hidden units, 2 classes, fixed weights. `rectifier` chooses how ReLU is written:
/// "relu", "maximum" (max(x, 0)), "clamp" (0 to 1e6), "select" (x > 0 ? x : 0).
[[nodiscard]] std::shared_ptr<ov::Model> two_layer_network(const std::string& rectifier);

/// The same network computed without the library, in double.
[[nodiscard]] std::vector<double> two_layer_answer(const std::vector<double>& x);
[[nodiscard]] std::vector<double> two_layer_gradient(const std::vector<double>& x, std::size_t target);

/// Input [-1, 1, 6, 6] -> 1x1 convolution to 2 channels -> ReLU -> global mean -> linear to 2 classes.
struct CamNetwork {
    std::shared_ptr<ov::Model> network;
    std::vector<float> kernel{1.0F, -0.5F};
    std::vector<std::vector<float>> head{{2.0F, 1.0F}, {-1.0F, 3.0F}};
};
[[nodiscard]] CamNetwork cam_network();

/// y = <weights, x> of an input of any shape, [-1, shape…]; output [-1, 1].
[[nodiscard]] std::shared_ptr<ov::Model> flat_network(const Shape& shape, const std::vector<float>& weights);

/// Input [-1, 1, 4, 4] -> max-pool 2x2 -> global mean: on a flat picture every window is a tie.
[[nodiscard]] std::shared_ptr<ov::Model> pooling_network();

/// One sample for the input "x".
[[nodiscard]] Input sample(Shape shape, std::vector<float> values);

}  // namespace pellucid::testing
