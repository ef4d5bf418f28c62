#include "engine/predictor_stream.hpp"

#include <algorithm>

#include "engine/runner.hpp"
#include "pellucid/error.hpp"

namespace pellucid::engine {

namespace {

/// One block at a time, answered on the calling thread: a callable need not be safe for more.
class PredictorRunner final : public BlockRunner {
public:
    explicit PredictorRunner(Predictor& predictor)
        : predictor_(predictor), shape_(predictor.row_shape()), classes_(predictor.classes()) {
        row_size_ = element_count(shape_);
        rows_.resize(row_size_ * static_cast<std::size_t>(block()));
    }

    [[nodiscard]] int block() const override { return std::max(predictor_.block(), 1); }
    [[nodiscard]] int slots() const override { return 1; }
    void set_shapes(int /*slot*/, const std::vector<Shape>& row_shapes) override {
        if (!row_shapes.empty() && row_shapes.front() != shape_) {
            throw Error(ErrorCode::kInternal, "a predictor's rows have one shape, " + to_string(shape_));
        }
    }
    [[nodiscard]] std::vector<std::span<float>> row(int /*slot*/, int row) override {
        return {std::span(rows_).subspan(static_cast<std::size_t>(row) * row_size_, row_size_)};
    }

    void start(int /*slot*/, int rows) override { pending_ = rows; }

    [[nodiscard]] bool wait(int /*slot*/, std::chrono::milliseconds /*patience*/) override {
        Shape shape = shape_;
        shape.insert(shape.begin(), pending_);
        const auto end = rows_.begin() + static_cast<std::ptrdiff_t>(row_size_ * static_cast<std::size_t>(pending_));
        const auto begin = std::chrono::steady_clock::now();
        scores_ = predictor_.predict(Array(std::move(shape), std::vector<float>(rows_.begin(), end)));
        busy_ += std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
        if (scores_.shape() != Shape{pending_, classes_}) {
            throw Error(ErrorCode::kUnreadable,
                        "the predictor answered " + std::to_string(pending_) + " rows of " + std::to_string(classes_) +
                            " classes with an array of shape " + to_string(scores_.shape()),
                        "answer one row of scores for each row, in order");
        }
        return true;
    }

    [[nodiscard]] std::vector<std::span<const float>> answer(int /*slot*/, int row) const override {
        const auto classes = static_cast<std::size_t>(classes_);
        return {scores_.values().subspan(static_cast<std::size_t>(row) * classes, classes)};
    }
    [[nodiscard]] std::string output_name(std::size_t /*output*/) const override { return "scores"; }
    [[nodiscard]] BusySeconds busy() override { return {busy_, busy_}; }

private:
    Predictor& predictor_;
    Shape shape_;
    std::int64_t classes_;
    std::size_t row_size_ = 0;
    std::vector<float> rows_;
    int pending_ = 0;
    Array scores_;
    double busy_ = 0.0;
};

}  // namespace

StreamReport stream(Predictor& predictor, const Rows& rows, Fold& fold, const StreamOptions& options) {
    PredictorRunner runner(predictor);
    return run_blocks(runner, rows, fold, options);
}

}  // namespace pellucid::engine
