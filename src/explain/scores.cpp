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
    explicit FilledRows(const Points& points) : points_(points) {}
    [[nodiscard]] std::int64_t count() const override { return points_.count; }
    void fill(std::int64_t row, std::span<const std::span<float>> inputs) const override { points_.fill(row, inputs); }

private:
    const Points& points_;
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

}  // namespace

engine::StreamReport stream_scores(Task& task, const Points& points, const std::string& stage,
                                   const std::function<void(std::int64_t, std::span<const double>)>& fold,
                                   const std::function<bool(std::int64_t)>& done) {
    const FilledRows rows(points);
    ScoreFold folding(task.targets, fold, done);
    const engine::StreamOptions options = task.spending.next(stage, 1);
    const engine::StreamReport report =
        task.request.predictor != nullptr
            ? engine::stream(*task.request.predictor, rows, folding, options)
            : engine::stream(*model::forward_session(task.model(), task.score()), rows, folding, options);
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
