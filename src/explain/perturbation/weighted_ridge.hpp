#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include <Eigen/Core>

namespace pellucid::explain {

/// The rows and columns, or entries, that `kept` names.
[[nodiscard]] Eigen::MatrixXd picked(const Eigen::MatrixXd& matrix, std::span<const std::int64_t> kept);
[[nodiscard]] Eigen::VectorXd picked(const Eigen::VectorXd& vector, std::span<const std::int64_t> kept);
/// A vector of `size` zeros with `part` at the places that `kept` names.
[[nodiscard]] Eigen::VectorXd placed(const Eigen::VectorXd& part, std::span<const std::int64_t> kept,
                                     Eigen::Index size);

/// A fitted linear surrogate: y is near intercept + coefficients . z.
struct LinearFit {
    double intercept = 0.0;
    Eigen::VectorXd coefficients;   ///< of all features; 0 for those not used
    double r2 = 0.0;                ///< weighted coefficient of determination
    [[nodiscard]] double at(const Eigen::VectorXd& z) const { return intercept + coefficients.dot(z); }
};

/// Weighted ridge regression with an intercept that is not penalised, from moments: rows are added one by one and not
/// kept. Solves (Zc' W Zc + penalty I) b = Zc' W yc, with Zc and yc less their weighted means.
class WeightedRidge {
public:
    WeightedRidge(std::int64_t features, std::size_t targets);

    /// @param z  [features]; @param y  one answer a target
    void add(const Eigen::VectorXd& z, double weight, std::span<const double> y);
    /// @param used  features that enter; empty: all
    [[nodiscard]] LinearFit fit(std::size_t target, double penalty, const std::vector<std::int64_t>& used = {}) const;
    [[nodiscard]] std::int64_t rows() const { return rows_; }
    [[nodiscard]] std::int64_t features() const { return mean_sum_.size(); }
    /// Weighted mean of the rows.
    [[nodiscard]] Eigen::VectorXd mean() const { return mean_sum_ / weight_sum_; }
    /// Zc' W Zc.
    [[nodiscard]] Eigen::MatrixXd gram() const;

private:
    std::int64_t rows_ = 0;
    double weight_sum_ = 0.0;
    Eigen::VectorXd mean_sum_;      // sum of w z
    Eigen::MatrixXd product_sum_;   // sum of w z z', lower triangle
    Eigen::VectorXd answer_sum_;    // sum of w y, a target
    Eigen::VectorXd square_sum_;    // sum of w y^2, a target
    Eigen::MatrixXd cross_sum_;     // sum of w z y, [features, targets]
};

/// Indices of the features that lime's rule "highest_weights" keeps: a ridge with penalty 0.01 on all features, the
/// `count` largest in magnitude.
[[nodiscard]] std::vector<std::int64_t> highest_weights(const WeightedRidge& moments, std::size_t target,
                                                        std::int64_t count);
/// lime's rule "forward_selection": the feature that raises the unpenalised R2 most, `count` times.
[[nodiscard]] std::vector<std::int64_t> forward_selection(const WeightedRidge& moments, std::size_t target,
                                                          std::int64_t count);

}  // namespace pellucid::explain
