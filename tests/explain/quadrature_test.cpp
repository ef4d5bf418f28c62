#include <gtest/gtest.h>

#include <cmath>

#include "explain/gradient/quadrature.hpp"

namespace pellucid::explain {
namespace {

double integral(const Quadrature& rule, int power) {
    double sum = 0.0;
    for (std::size_t node = 0; node < rule.nodes.size(); ++node) {
        sum += rule.weights[node] * std::pow(rule.nodes[node], power);
    }
    return sum;
}

TEST(Quadrature, GaussLegendreIsExactUpToDegreeTwoNMinusOne) {
    for (const int n : {1, 2, 5, 20, 64}) {
        const Quadrature rule = quadrature("gauss-legendre", n);
        for (int power = 0; power <= std::min(2 * n - 1, 60); ++power) {
            EXPECT_NEAR(integral(rule, power), 1.0 / (power + 1), 1e-13) << n << " nodes, power " << power;
        }
    }
    EXPECT_GT(std::abs(integral(quadrature("gauss-legendre", 2), 4) - 0.2), 1e-3);
}

TEST(Quadrature, EveryRuleHasWeightsThatSumToOne) {
    for (const char* rule : {"gauss-legendre", "midpoint", "trapezoid", "riemann-left", "riemann-right"}) {
        for (const int n : {1, 2, 7}) {
            EXPECT_NEAR(integral(quadrature(rule, n), 0), 1.0, 1e-14) << rule << " " << n;
        }
    }
}

TEST(Quadrature, MidpointsBetweenTheEndsOfATrapezoidHalveItsStep) {
    const Quadrature ends = quadrature("trapezoid", 5);
    const Quadrature middles = quadrature("midpoint", 4);
    const Quadrature both = quadrature("trapezoid", 9);
    for (int power = 0; power < 6; ++power) {
        EXPECT_NEAR(0.5 * (integral(ends, power) + integral(middles, power)), integral(both, power), 1e-14);
    }
}

TEST(PathMap, IsAMonotoneMapOntoThePath) {
    const PathMap map({{0.0, 0.0, 3.0, 3.1, 3.1}, {1.0, 0.0, 1.0, 1.0, 5.0}});
    EXPECT_EQ(map.t(0.0), 0.0);
    EXPECT_EQ(map.t(1.0), 1.0);
    double before = 0.0;
    for (int step = 1; step <= 1000; ++step) {
        EXPECT_GT(map.t(step / 1000.0), before);
        before = map.t(step / 1000.0);
    }
}

TEST(PathMap, SpendsMoreWhereTheFunctionMoves) {
    const PathMap map({{0.0, 0.0, 0.0, 10.0, 10.0}});
    EXPECT_GT(map.t(0.2), 0.25);                    // the flat first half of the path goes by quickly
    EXPECT_LT(map.t(0.55) - map.t(0.45), 0.1);      // the jump is looked at closely
}

}  // namespace
}  // namespace pellucid::explain
