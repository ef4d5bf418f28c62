#include "explain/gradient/input_gradients.hpp"

#include <algorithm>

#include "explain/scores.hpp"

namespace pellucid::explain {

namespace {

class PointRows final : public engine::Rows {
public:
    PointRows(const Points& points, const std::vector<model::ResolvedTarget>& targets, std::vector<Shape> shapes)
        : points_(points), targets_(targets), shapes_(std::move(shapes)) {}

    [[nodiscard]] std::int64_t count() const override {
        return points_.count * static_cast<std::int64_t>(targets_.size());
    }
    void fill(std::int64_t row, std::span<const std::span<float>> inputs) const override {
        const auto targets = static_cast<std::int64_t>(targets_.size());
        points_.fill(row / targets, inputs.first(inputs.size() - 1));
        const std::span<const float> seed = targets_[static_cast<std::size_t>(row % targets)].weights.values();
        std::copy(seed.begin(), seed.end(), inputs.back().begin());
    }
    [[nodiscard]] std::vector<Shape> row_shapes(std::int64_t /*row*/) const override { return shapes_; }

private:
    const Points& points_;
    const std::vector<model::ResolvedTarget>& targets_;
    std::vector<Shape> shapes_;
};

class PointFold final : public engine::Fold {
public:
    PointFold(const std::vector<model::ResolvedTarget>& targets, const std::function<void(const PointAnswer&)>& fold,
              const std::function<bool(std::int64_t)>& done)
        : targets_(targets), fold_(fold), done_(done) {}

    void answer(std::int64_t row, std::span<const std::span<const float>> outputs) override {
        const auto targets = static_cast<std::int64_t>(targets_.size());
        const auto target = static_cast<std::size_t>(row % targets);
        fold_({row / targets, target, targets_[target].value(outputs.front()), outputs.subspan(1)});
    }
    bool done(std::int64_t rows) override { return done_ && done_(rows / static_cast<std::int64_t>(targets_.size())); }

private:
    const std::vector<model::ResolvedTarget>& targets_;
    const std::function<void(const PointAnswer&)>& fold_;
    const std::function<bool(std::int64_t)>& done_;
};

}  // namespace

InputGradients::InputGradients(Task& task, bool single_pass)
    : task_(task), session_(model::gradient_session(task.model(), task.score(), "input", task.input, single_pass)) {
    task_.notes.insert(task_.notes.end(), session_.notes.begin(), session_.notes.end());
}

engine::StreamReport InputGradients::at(const Points& points, const std::string& stage,
                                        const std::function<void(const PointAnswer&)>& fold,
                                        const std::function<bool(std::int64_t points)>& done) {
    const PointRows rows(points, task_.targets, row_shapes_of(session_.session->inputs(), task_));
    PointFold folding(task_.targets, fold, done);
    const engine::StreamReport report = engine::stream(*session_.session, rows, folding, task_.spending.next(stage, 2));
    task_.spending.charge(report, 1, 1);
    return report;
}

Sums InputGradients::zeros() const {
    const auto tensors = task_.tensors();
    std::vector<std::vector<double>> one;
    for (const std::size_t input : inputs()) {
        one.emplace_back(tensors[input].size(), 0.0);
    }
    return std::vector(task_.targets.size(), one);
}

Array InputGradients::shaped(std::size_t input, std::span<const double> values) const {
    const std::string& name = task_.space.inputs[inputs()[input]].name;
    Array array(task_.input.tensors.at(name).shape());
    std::transform(values.begin(), values.end(), array.values().begin(),
                   [](double value) { return static_cast<float>(value); });
    return array;
}

void InputGradients::store(const Sums& values, std::vector<Explanation>& explanations) const {
    for (std::size_t target = 0; target < explanations.size(); ++target) {
        explanations[target].attribution = shaped(0, values[target][0]);
        for (std::size_t input = 1; input < inputs().size(); ++input) {
            const std::string& name = task_.space.inputs[inputs()[input]].name;
            explanations[target].further_inputs[name] = shaped(input, values[target][input]);
        }
    }
}

Points point_at(const Task& task) {
    return {1,
            [x = task.tensors()](std::int64_t, std::span<const std::span<float>> inputs) { copy_tensors(x, inputs); }};
}

std::vector<Explanation> read_at_input(const Request& request, const char* method,
                                       const std::function<double(double g, double x)>& reading) {
    Task task(request, Score::kLogit);
    InputGradients gradients(task, true);
    const auto tensors = task.tensors();
    auto attribution = gradients.zeros();
    const auto report = gradients.at(point_at(task), method, [&](const PointAnswer& answer) {
        for (std::size_t input = 0; input < answer.gradients.size(); ++input) {
            const std::span<const float> x = tensors[gradients.inputs()[input]];
            for (std::size_t at = 0; at < x.size(); ++at) {
                attribution[answer.target][input][at] = reading(double{answer.gradients[input][at]}, double{x[at]});
            }
        }
    });
    const auto planned = static_cast<std::int64_t>(task.targets.size());
    settle_stop(report, planned, "passes", report.rows == planned, task.notes);
    auto explanations = task.explanations();
    gradients.store(attribution, explanations);
    task.finish(explanations);
    return explanations;
}

std::string refuse_without_gradient(const Model& model, const std::map<std::string, std::string>& /*options*/) {
    return model::why_no_gradient(model, "input");
}

std::int64_t target_count(const Request& request, std::int64_t default_top) {
    std::int64_t count = 0;
    for (const Target& target : request.targets) {
        count += target.kind == Target::Kind::kTop ? target.count : 1;
    }
    return request.targets.empty() ? default_top : count;
}

Cost single_pass_cost(const Request& request) {
    const std::int64_t targets = target_count(request);
    return {targets + 1, targets};
}

}  // namespace pellucid::explain
