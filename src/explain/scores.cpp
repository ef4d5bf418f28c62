#include "explain/scores.hpp"

#include <algorithm>
#include <charconv>
#include <numeric>

#include "engine/predictor_stream.hpp"
#include "pellucid/error.hpp"

namespace pellucid::explain {

namespace {

class FilledRows final : public engine::Rows {
public:
    FilledRows(const Points& points, std::vector<Shape> shapes) : points_(points), shapes_(std::move(shapes)) {}
    [[nodiscard]] std::int64_t count() const override { return points_.count; }
    void fill(std::int64_t row, std::span<const std::span<float>> inputs) const override { points_.fill(row, inputs); }
    [[nodiscard]] std::vector<Shape> row_shapes(std::int64_t /*row*/) const override { return shapes_; }

private:
    const Points& points_;
    std::vector<Shape> shapes_;
};

class ScoreFold final : public engine::Fold {
public:
    ScoreFold(const std::vector<model::ResolvedTarget>& targets,
              const std::function<void(std::int64_t, std::span<const double>)>& fold,
              const std::function<bool(std::int64_t)>& done)
        : targets_(targets), fold_(fold), done_(done), scores_(targets.size()) {}

    void answer(std::int64_t row, std::span<const std::span<const float>> outputs) override {
        std::transform(targets_.begin(), targets_.end(), scores_.begin(),
                       [&](const model::ResolvedTarget& target) { return target.value(outputs.front()); });
        fold_(row, scores_);
    }
    bool done(std::int64_t rows) override { return done_ && done_(rows); }

private:
    const std::vector<model::ResolvedTarget>& targets_;
    const std::function<void(std::int64_t, std::span<const double>)>& fold_;
    const std::function<bool(std::int64_t)>& done_;
    std::vector<double> scores_;
};

model::ResolvedTarget class_target(std::int64_t index, const Array& scores, Score score) {
    model::ResolvedTarget target;
    target.tensor.score = score;
    target.weights = Array(Shape{static_cast<std::int64_t>(scores.size())});
    target.weights[static_cast<std::size_t>(index)] = 1.0F;
    target.explained = {index, "class " + std::to_string(index), double{scores[static_cast<std::size_t>(index)]}};
    return target;
}

std::int64_t class_index(const std::string& text, std::size_t classes) {
    std::int64_t index = -1;
    const auto [stop, failure] = std::from_chars(text.data(), text.data() + text.size(), index);
    if (failure != std::errc{} || stop != text.data() + text.size() || index < 0 ||
        index >= static_cast<std::int64_t>(classes)) {
        throw Error(ErrorCode::kUsage, "unknown class '" + text + "' of a black-box program",
                    "its classes go by index, 0 to " + std::to_string(classes - 1));
    }
    return index;
}

bool is_open(const engine::SlotInfo& slot) {
    return std::find(slot.row_shape.begin(), slot.row_shape.end(), -1) != slot.row_shape.end();
}

}  // namespace

std::vector<Shape> row_shapes_of(const std::vector<engine::SlotInfo>& slots, const Task& task) {
    std::vector<Shape> shapes;
    if (std::none_of(slots.begin(), slots.end(), is_open)) {
        return shapes;
    }
    for (std::size_t index = 0; index < slots.size(); ++index) {
        Shape shape = slots[index].row_shape;
        if (is_open(slots[index]) && index < task.space.inputs.size()) {
            shape = task.input.tensors.at(task.space.inputs[index].name).shape();
            shape.erase(shape.begin(), shape.begin() + (slots[index].batched ? 1 : 0));
        } else if (is_open(slots[index])) {
            shape = task.targets.front().weights.shape();   // of a row: the batch axis is not in it
        }
        shapes.push_back(std::move(shape));
    }
    return shapes;
}

engine::StreamReport stream_scores(Task& task, const Points& points, const std::string& stage,
                                   const std::function<void(std::int64_t, std::span<const double>)>& fold,
                                   const std::function<bool(std::int64_t)>& done) {
    ScoreFold folding(task.targets, fold, done);
    const engine::StreamOptions options = task.spending.next(stage, 1);
    engine::StreamReport report;
    if (task.request.predictor != nullptr) {
        report = engine::stream(*task.request.predictor, FilledRows(points, {}), folding, options);
    } else {
        const auto session = model::forward_session(task.model(), task.score());
        report = engine::stream(*session, FilledRows(points, row_shapes_of(session->inputs(), task)), folding, options);
    }
    task.spending.charge(report, 1, 0);
    return report;
}

std::vector<std::vector<double>> scores_at(Task& task, const Points& points, const std::string& stage) {
    std::vector<std::vector<double>> scores(task.targets.size());
    const auto report = stream_scores(task, points, stage, [&](std::int64_t, std::span<const double> answers) {
        for (std::size_t target = 0; target < answers.size(); ++target) {
            scores[target].push_back(answers[target]);
        }
    });
    settle_stop(report, points.count, "forward passes", report.rows == points.count, task.notes);
    return scores;
}

Array predictor_scores(Predictor& predictor, const Input& input) {
    Shape shape = predictor.row_shape();
    shape.insert(shape.begin(), 1);
    return predictor.predict(input.tensors.begin()->second.reshaped(shape));
}

std::vector<std::int64_t> by_rank(const Array& scores) {
    std::vector<std::int64_t> order(scores.size());
    std::iota(order.begin(), order.end(), 0);
    std::stable_sort(order.begin(), order.end(), [&](std::int64_t a, std::int64_t b) {
        return scores[static_cast<std::size_t>(a)] > scores[static_cast<std::size_t>(b)];
    });
    return order;
}

std::vector<model::ResolvedTarget> predictor_targets(Predictor& predictor, const Input& input,
                                                     const std::vector<Target>& targets, Score score, Score fallback) {
    const Array scores = predictor_scores(predictor, input);
    const std::vector<std::int64_t> order = by_rank(scores);
    const Score kind = score == Score::kDefault ? fallback : score;
    std::vector<model::ResolvedTarget> resolved;
    for (const Target& target : targets) {
        if (target.kind == Target::Kind::kTop) {
            for (int rank = 0; rank < std::min<int>(target.count, static_cast<int>(order.size())); ++rank) {
                resolved.push_back(class_target(order[static_cast<std::size_t>(rank)], scores, kind));
            }
        } else if (target.kind == Target::Kind::kClass) {
            resolved.push_back(class_target(class_index(target.text, scores.size()), scores, kind));
        } else if (target.kind == Target::Kind::kMargin) {
            const std::int64_t plus = class_index(target.text, scores.size());
            const std::int64_t minus = class_index(target.other, scores.size());
            model::ResolvedTarget margin = class_target(plus, scores, kind);
            margin.weights[static_cast<std::size_t>(minus)] -= 1.0F;
            margin.explained.index = -1;
            margin.explained.label = "margin of class " + std::to_string(plus) + " over class " + std::to_string(minus);
            margin.explained.score -= double{scores[static_cast<std::size_t>(minus)]};
            resolved.push_back(std::move(margin));
        } else {
            throw Error(ErrorCode::kUnsupported, "a black-box program answers one score a class",
                        "use top1, an index, or margin:A-B");
        }
    }
    return resolved;
}

}  // namespace pellucid::explain
