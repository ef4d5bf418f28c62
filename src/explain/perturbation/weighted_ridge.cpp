#include "explain/perturbation/weighted_ridge.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

#include <Eigen/Cholesky>

namespace pellucid::explain {

Eigen::MatrixXd picked(const Eigen::MatrixXd& matrix, std::span<const std::int64_t> kept) {
    const auto size = static_cast<Eigen::Index>(kept.size());
    Eigen::MatrixXd part(size, size);
    for (Eigen::Index row = 0; row < size; ++row) {
        for (Eigen::Index column = 0; column < size; ++column) {
            part(row, column) = matrix(kept[static_cast<std::size_t>(row)], kept[static_cast<std::size_t>(column)]);
        }
    }
    return part;
}

Eigen::VectorXd picked(const Eigen::VectorXd& vector, std::span<const std::int64_t> kept) {
    Eigen::VectorXd part(static_cast<Eigen::Index>(kept.size()));
    for (std::size_t at = 0; at < kept.size(); ++at) {
        part[static_cast<Eigen::Index>(at)] = vector[kept[at]];
    }
    return part;
}

Eigen::VectorXd placed(const Eigen::VectorXd& part, std::span<const std::int64_t> kept, Eigen::Index size) {
    Eigen::VectorXd whole = Eigen::VectorXd::Zero(size);
    for (std::size_t at = 0; at < kept.size(); ++at) {
        whole[kept[at]] = part[static_cast<Eigen::Index>(at)];
    }
    return whole;
}

WeightedRidge::WeightedRidge(std::int64_t features, std::size_t targets)
    : mean_sum_(Eigen::VectorXd::Zero(features)),
      product_sum_(Eigen::MatrixXd::Zero(features, features)),
      answer_sum_(Eigen::VectorXd::Zero(static_cast<Eigen::Index>(targets))),
      square_sum_(Eigen::VectorXd::Zero(static_cast<Eigen::Index>(targets))),
      cross_sum_(Eigen::MatrixXd::Zero(features, static_cast<Eigen::Index>(targets))) {}

void WeightedRidge::add(const Eigen::VectorXd& z, double weight, std::span<const double> y) {
    ++rows_;
    weight_sum_ += weight;
    mean_sum_ += weight * z;
    product_sum_.selfadjointView<Eigen::Lower>().rankUpdate(z, weight);
    for (std::size_t target = 0; target < y.size(); ++target) {
        const auto column = static_cast<Eigen::Index>(target);
        answer_sum_[column] += weight * y[target];
        square_sum_[column] += weight * y[target] * y[target];
        cross_sum_.col(column) += weight * y[target] * z;
    }
}

Eigen::MatrixXd WeightedRidge::gram() const {
    Eigen::MatrixXd full = product_sum_.selfadjointView<Eigen::Lower>();
    full -= mean_sum_ * mean_sum_.transpose() / weight_sum_;
    return full;
}

LinearFit WeightedRidge::fit(std::size_t target, double penalty, const std::vector<std::int64_t>& used) const {
    std::vector<std::int64_t> kept = used;
    if (kept.empty()) {
        kept.resize(static_cast<std::size_t>(features()));
        std::iota(kept.begin(), kept.end(), 0);
    }
    const auto column = static_cast<Eigen::Index>(target);
    const Eigen::VectorXd cross = cross_sum_.col(column) - mean_sum_ * (answer_sum_[column] / weight_sum_);
    const Eigen::MatrixXd matrix = picked(gram(), kept);
    const Eigen::VectorXd right = picked(cross, kept);
    Eigen::MatrixXd penalised = matrix;
    penalised.diagonal().array() += penalty;
    const Eigen::VectorXd solution = penalised.ldlt().solve(right);

    LinearFit fit;
    fit.coefficients = placed(solution, kept, features());
    fit.intercept = (answer_sum_[column] - fit.coefficients.dot(mean_sum_)) / weight_sum_;
    const double total = square_sum_[column] - answer_sum_[column] * answer_sum_[column] / weight_sum_;
    const double residual = total - 2.0 * solution.dot(right) + solution.dot(matrix * solution);
    fit.r2 = total > 0.0 ? 1.0 - residual / total : 0.0;
    return fit;
}

std::vector<std::int64_t> highest_weights(const WeightedRidge& moments, std::size_t target, std::int64_t count) {
    constexpr double kPenalty = 0.01;
    const LinearFit fit = moments.fit(target, kPenalty);
    std::vector<std::int64_t> order(static_cast<std::size_t>(moments.features()));
    std::iota(order.begin(), order.end(), 0);
    std::stable_sort(order.begin(), order.end(), [&fit](std::int64_t a, std::int64_t b) {
        return std::abs(fit.coefficients[a]) > std::abs(fit.coefficients[b]);
    });
    order.resize(static_cast<std::size_t>(std::min(count, moments.features())));
    return order;
}

std::vector<std::int64_t> forward_selection(const WeightedRidge& moments, std::size_t target, std::int64_t count) {
    std::vector<std::int64_t> used;
    while (static_cast<std::int64_t>(used.size()) < std::min(count, moments.features())) {
        std::int64_t best = -1;
        double best_r2 = -1e100;
        for (std::int64_t feature = 0; feature < moments.features(); ++feature) {
            if (std::find(used.begin(), used.end(), feature) != used.end()) {
                continue;
            }
            std::vector<std::int64_t> tried = used;
            tried.push_back(feature);
            const double r2 = moments.fit(target, 0.0, tried).r2;
            if (r2 > best_r2) {
                best_r2 = r2;
                best = feature;
            }
        }
        used.push_back(best);
    }
    return used;
}

}  // namespace pellucid::explain
