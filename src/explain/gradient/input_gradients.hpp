#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include "explain/points.hpp"
#include "explain/task.hpp"

namespace pellucid::explain {

/// What came back for one point and one target: f and its gradient for each float input of the network.
struct PointAnswer {
    std::int64_t point;
    std::size_t target;
    double value;
    std::span<const std::span<const float>> gradients;
};

using Sums = std::vector<std::vector<std::vector<double>>>;   // [target][input][value]

/// Gradients of a task's targets at points of the input, by the streaming executor. A row is a (point, target) pair, the
/// targets of a point beside each other.
class InputGradients {
public:
    /// @param single_pass  a row at a time on all threads, to 1e-6, for methods that ask at a single point: a block would
    ///                     be filled up with copies of it, and run on one thread
    explicit InputGradients(Task& task, bool single_pass = false);

    /// Which network inputs have a gradient (float ones).
    [[nodiscard]] const std::vector<std::size_t>& inputs() const { return session_.inputs; }
    /// @param fold  called in order of points
    /// @param done  asked after whole points; may be empty
    /// @return rows answered are points times targets
    engine::StreamReport at(const Points& points, const std::string& stage,
                            const std::function<void(const PointAnswer&)>& fold,
                            const std::function<bool(std::int64_t points)>& done = {});
    /// An accumulator for each (target, input): zeros, in double.
    [[nodiscard]] Sums zeros() const;
    /// Stores `values[target][input]`, rounded to float, as the attributions of `explanations`.
    void store(const Sums& values, std::vector<Explanation>& explanations) const;
    [[nodiscard]] Array shaped(std::size_t input, std::span<const double> values) const;

private:
    Task& task_;
    model::GradientSession session_;
};

/// The single point x.
[[nodiscard]] Points point_at(const Task& task);

/// One pass at x, and an attribution read from each value's gradient g and size x: saliency, input-x-gradient.
[[nodiscard]] std::vector<Explanation> read_at_input(const Request& request, const char* method,
                                                     const std::function<double(double g, double x)>& reading);

/// MethodRow::refuse for methods that need gradients at the input.
[[nodiscard]] std::string refuse_without_gradient(const Model& model,
                                                  const std::map<std::string, std::string>& options);
/// MethodRow::cost of one pass a target.
[[nodiscard]] Cost single_pass_cost(const Request& request);
/// Number of targets that a request will have.
[[nodiscard]] std::int64_t target_count(const Request& request, std::int64_t default_top = 1);

}  // namespace pellucid::explain
