#include "explain/gradient/quadrature.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace pellucid::explain {

namespace {

/// Legendre polynomial P_n and its derivative at x, by the three-term recurrence.
std::pair<double, double> legendre(std::int64_t n, double x) {
    double previous = 1.0;
    double current = x;
    for (std::int64_t degree = 2; degree <= n; ++degree) {
        const auto k = static_cast<double>(degree);
        const double next = ((2.0 * k - 1.0) * x * current - (k - 1.0) * previous) / k;
        previous = current;
        current = next;
    }
    return {current, static_cast<double>(n) * (x * current - previous) / (x * x - 1.0)};
}

Quadrature gauss_legendre(std::int64_t n) {
    if (n == 1) {
        return {{0.5}, {1.0}};
    }
    Quadrature rule;
    for (std::int64_t index = n - 1; index >= 0; --index) {
        // Tricomi's first guess, then Newton; converges to the last bit in a handful of steps.
        double x = std::cos(std::numbers::pi * (static_cast<double>(index) + 0.75) / (static_cast<double>(n) + 0.5));
        for (int iteration = 0; iteration < 100; ++iteration) {
            const auto [value, slope] = legendre(n, x);
            const double step = value / slope;
            x -= step;
            if (std::abs(step) < 1e-16) {
                break;
            }
        }
        const double slope = legendre(n, x).second;
        rule.nodes.push_back(0.5 * (x + 1.0));
        rule.weights.push_back(1.0 / ((1.0 - x * x) * slope * slope));
    }
    return rule;
}

}  // namespace

Quadrature quadrature(const std::string& rule, std::int64_t n) {
    if (rule == "gauss-legendre") {
        return gauss_legendre(n);
    }
    Quadrature made;
    const bool trapezoid = rule == "trapezoid" && n > 1;
    const double offset = rule == "riemann-left" ? 0.0 : rule == "riemann-right" ? 1.0 : 0.5;
    for (std::int64_t index = 0; index < n; ++index) {
        const auto place = static_cast<double>(index);
        if (trapezoid) {
            const double inner = 1.0 / static_cast<double>(n - 1);
            made.nodes.push_back(place * inner);
            made.weights.push_back(index == 0 || index == n - 1 ? 0.5 * inner : inner);
        } else {
            made.nodes.push_back((place + offset) / static_cast<double>(n));
            made.weights.push_back(1.0 / static_cast<double>(n));
        }
    }
    return made;
}

PathMap::PathMap(const std::vector<std::vector<double>>& values) {
    // Half of the argument is spread evenly, so that no stretch of the path goes unseen; half follows |df|.
    const std::size_t steps = values.front().size() - 1;
    std::vector<double> density(steps, 1.0 / static_cast<double>(steps));
    for (const std::vector<double>& f : values) {
        double variation = 0.0;
        for (std::size_t step = 0; step < steps; ++step) {
            variation += std::abs(f[step + 1] - f[step]);
        }
        for (std::size_t step = 0; variation > 0.0 && step < steps; ++step) {
            density[step] += std::abs(f[step + 1] - f[step]) / variation / static_cast<double>(values.size());
        }
    }
    double total = 0.0;
    for (const double share : density) {
        total += share;
    }
    knots_.push_back(0.0);
    for (const double share : density) {
        knots_.push_back(knots_.back() + share / total);
    }
    knots_.back() = 1.0;
}

std::size_t PathMap::piece(double s) const {
    const auto above = std::upper_bound(knots_.begin() + 1, knots_.end() - 1, s);
    return static_cast<std::size_t>(above - knots_.begin()) - 1;
}

double PathMap::t(double s) const {
    const std::size_t at = piece(s);
    const double share = (s - knots_[at]) / (knots_[at + 1] - knots_[at]);
    return (static_cast<double>(at) + share) / static_cast<double>(knots_.size() - 1);
}

}  // namespace pellucid::explain
