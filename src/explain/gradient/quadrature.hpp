#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace pellucid::explain {

/// Nodes in [0, 1] and their weights (which sum to 1).
struct Quadrature {
    std::vector<double> nodes, weights;
};

/// gauss-legendre, midpoint, trapezoid (n nodes, both ends among them; one is the midpoint), riemann-left or riemann-right.
[[nodiscard]] Quadrature quadrature(const std::string& rule, std::int64_t n);

/// A monotone map of [0, 1] onto itself that spends more of its argument where f varies more: t(s), piecewise linear.
/// A stretch of s weighs as much in an integral over t as its image is long. Made from values of f at equal steps of t.
class PathMap {
public:
    /// @param values  values[target][step], at t = 0, 1/n, …, 1
    explicit PathMap(const std::vector<std::vector<double>>& values);
    [[nodiscard]] double t(double s) const;

private:
    [[nodiscard]] std::size_t piece(double s) const;
    std::vector<double> knots_;   ///< s at t = 0, 1/n, …, 1
};

}  // namespace pellucid::explain
