#pragma once

#include <cstdint>
#include <string>

#include "pellucid/explanation.hpp"
#include "pellucid/input.hpp"
#include "pellucid/model.hpp"
#include "pellucid/run.hpp"
#include "pellucid/target.hpp"

/// One free function a method, with its options as a struct of defaults. What an option means is said in the method's
/// file under src/explain, in `pellucid methods NAME` and in docs/reference/methods.md, all from one description.
namespace pellucid::explain {

struct SaliencyOptions {
    bool signed_gradient = false;
};
struct InputXGradientOptions {};
struct IntegratedGradientsOptions {
    std::string baseline = "zero";
    std::string rule = "adaptive";
    std::int64_t n_steps = 32;
    double tolerance = 0.01;
    std::int64_t max_steps = 512;
};
struct SmoothGradOptions {
    std::int64_t num_samples = 50;
    double noise_level = 0.15;
    bool squared = false;
    double stable = 0.0;
};
struct GradCamOptions {
    std::string layer = "last-spatial";
    bool relu = true;
};
struct OcclusionOptions {
    std::string window = "auto";
    std::string stride = "auto";
    std::string fill = "zero";
};
struct LimeOptions {
    std::int64_t num_samples = 1000;
    std::int64_t top_labels = 5;
    std::string superpixels = "quickshift";
    std::string segments;
    std::string fill = "black";
    double kernel_width = 0.25;
    double ridge = 1.0;
    std::int64_t num_features = 100000;
    std::string feature_selection = "auto";
    double stable = 0.0;
    double kernel_size = 4.0, max_dist = 200.0, ratio = 0.2;
    std::int64_t n_segments = 100;
    double compactness = 10.0;
    std::int64_t grid = 7;
};

/// All throw Error(kUsage) for an unknown class or option value, Error(kUnsupported) with the reason where the model does
/// not admit the method, Error(kBudget) when a budget ends before any usable result.
[[nodiscard]] Explanation saliency(const Model& model, const Input& input, const Target& target,
                                   const SaliencyOptions& options = {}, const RunOptions& run = {});
[[nodiscard]] Explanation input_x_gradient(const Model& model, const Input& input, const Target& target,
                                           const InputXGradientOptions& options = {}, const RunOptions& run = {});
[[nodiscard]] Explanation integrated_gradients(const Model& model, const Input& input, const Target& target,
                                               const IntegratedGradientsOptions& options = {},
                                               const RunOptions& run = {});
[[nodiscard]] Explanation smoothgrad(const Model& model, const Input& input, const Target& target,
                                     const SmoothGradOptions& options = {}, const RunOptions& run = {});
[[nodiscard]] Explanation grad_cam(const Model& model, const Input& input, const Target& target,
                                   const GradCamOptions& options = {}, const RunOptions& run = {});
[[nodiscard]] Explanation occlusion(const Model& model, const Input& input, const Target& target,
                                    const OcclusionOptions& options = {}, const RunOptions& run = {});
[[nodiscard]] Explanation lime(const Model& model, const Input& input, const Target& target,
                               const LimeOptions& options = {}, const RunOptions& run = {});

}  // namespace pellucid::explain
