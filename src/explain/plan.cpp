#include "explain/plan.hpp"

#include <unistd.h>
#include <algorithm>
#include <fstream>

#include "explain/gradient/input_gradients.hpp"
#include "explain/scores.hpp"

namespace pellucid::explain {

namespace {

constexpr std::int64_t kTimedBlocks = 4;   // enough for both streams to be busy, after one block to warm up

std::uint64_t resident_bytes() {
    std::ifstream statistics("/proc/self/statm");
    std::uint64_t total = 0;
    std::uint64_t resident = 0;
    statistics >> total >> resident;
    return resident * static_cast<std::uint64_t>(sysconf(_SC_PAGESIZE));
}

/// x again and again.
Points repeated(const Task& task, std::int64_t count) {
    Points points;
    points.count = count;
    points.fill = [x = task.tensors()](std::int64_t, std::span<const std::span<float>> inputs) {
        for (std::size_t input = 0; input < inputs.size(); ++input) {
            std::copy(x[input].begin(), x[input].end(), inputs[input].begin());
        }
    };
    return points;
}

double seconds_a_row(const engine::StreamReport& report) {
    return report.rows > 0 ? report.wall_seconds / static_cast<double>(report.rows) : 0.0;
}

double forward_seconds(Task& task) {
    const auto ignore = [](std::int64_t, std::span<const double>) {};
    const std::int64_t block = task.request.predictor != nullptr
                                   ? task.request.predictor->block()
                                   : model::forward_session(task.model(), task.score())->block();
    stream_scores(task, repeated(task, block), "plan", ignore);
    return seconds_a_row(stream_scores(task, repeated(task, kTimedBlocks * block), "plan", ignore));
}

double gradient_seconds(Task& task) {
    InputGradients gradients(task);
    const auto ignore = [](const PointAnswer&) {};
    gradients.at(repeated(task, 4), "plan", ignore);
    return seconds_a_row(gradients.at(repeated(task, 4 * kTimedBlocks), "plan", ignore));
}

void cut_by_budget(const Budget& budget, Plan& plan) {
    const std::int64_t asked = plan.evaluations.forward + plan.evaluations.backward;
    double share = 1.0;
    if (budget.evaluations && *budget.evaluations < asked) {
        share = static_cast<double>(*budget.evaluations) / static_cast<double>(asked);
    }
    if (budget.seconds && *budget.seconds < plan.seconds * share) {
        share = *budget.seconds / plan.seconds;
    }
    plan.evaluations.forward = static_cast<std::int64_t>(share * static_cast<double>(plan.evaluations.forward));
    plan.evaluations.backward = static_cast<std::int64_t>(share * static_cast<double>(plan.evaluations.backward));
    plan.seconds *= share;
}

}  // namespace

Plan plan(const MethodRow& row, const Request& request) {
    Request timed = request;
    timed.run.budget = {};
    timed.run.progress = {};
    timed.targets = {Target::top()};
    if (!request.targets.empty()) {
        timed.targets = {request.targets.front()};
    }
    Task task(timed, row.default_score);
    Plan made;
    made.evaluations = row.cost(request);
    const bool gradients = made.evaluations.backward > 0;
    const std::int64_t plain = made.evaluations.forward - made.evaluations.backward;
    made.seconds += gradients ? static_cast<double>(made.evaluations.backward) * gradient_seconds(task) : 0.0;
    made.seconds += plain > 2 || !gradients ? static_cast<double>(plain) * forward_seconds(task) : 0.0;
    made.bytes = resident_bytes();
    cut_by_budget(request.run.budget, made);
    return made;
}

}  // namespace pellucid::explain
