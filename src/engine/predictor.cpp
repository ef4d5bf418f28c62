#include "pellucid/predictor.hpp"

#include "pellucid/error.hpp"

namespace pellucid {

namespace {

class CallablePredictor final : public Predictor {
public:
    CallablePredictor(Shape row_shape, std::int64_t classes, std::function<Array(const Array&)> function)
        : row_shape_(std::move(row_shape)), classes_(classes), function_(std::move(function)) {
        if (!function_ || classes_ < 1 || element_count(row_shape_) == 0) {
            throw Error(ErrorCode::kUsage,
                        "a predictor needs a callable, at least one class and rows that are not empty");
        }
    }
    [[nodiscard]] Shape row_shape() const override { return row_shape_; }
    [[nodiscard]] std::int64_t classes() const override { return classes_; }

    [[nodiscard]] Array predict(const Array& rows) override {
        Array scores = function_(rows);
        const Shape wanted{rows.shape().empty() ? 0 : rows.shape().front(), classes_};
        if (scores.shape() != wanted) {
            throw Error(ErrorCode::kUnreadable,
                        "the predictor answered with an array of shape " + to_string(scores.shape()) + ", not " +
                            to_string(wanted),
                        "answer one row of scores for each row, in order");
        }
        return scores;
    }

private:
    Shape row_shape_;
    std::int64_t classes_;
    std::function<Array(const Array&)> function_;
};

}  // namespace

std::unique_ptr<Predictor> make_predictor(Shape row_shape, std::int64_t classes,
                                          std::function<Array(const Array& rows)> function) {
    return std::make_unique<CallablePredictor>(std::move(row_shape), classes, std::move(function));
}

}  // namespace pellucid
