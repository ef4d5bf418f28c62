// The engine's own answers against the tests': what it gets wrong, no derivative can mend.
#include <cmath>
#include <sstream>

#include "conformance/differences.hpp"
#include "conformance/verdict.hpp"

namespace pellucid::conformance {
namespace {

constexpr double kClose = 1e-2;

std::vector<double> values_of(const ov::Tensor& tensor) {
    return ov::op::v0::Constant(tensor.get_element_type(), tensor.get_shape(), tensor.data()).cast_vector<double>();
}

/// The furthest apart, in units of the tolerance; infinite where one is no number and the other is.
double furthest(const std::vector<double>& found, const std::vector<double>& expected, double relative,
                double absolute) {
    double worst = 0.0;
    for (std::size_t i = 0; i < found.size(); ++i) {
        if (std::isnan(found[i]) && std::isnan(expected[i])) continue;
        if (found[i] == expected[i]) continue;
        const double apart = std::abs(found[i] - expected[i]);
        const double tolerance = absolute + relative * std::abs(expected[i]);
        worst = std::max(worst, std::isfinite(apart) ? apart / tolerance : double{INFINITY});
    }
    return worst;
}

}  // namespace

std::string compare_forward(const OperatorTest& test) {
    if (test.expected.empty()) return "not compared: its inputs were moved off kinks";
    Tensors found;
    try {
        auto compiled = compile(test.model);
        found = run(compiled, test.inputs);
    } catch (const std::exception& error) {
        return std::string("fails: ") + error.what();
    }
    bool close = false;
    for (std::size_t i = 0; i < found.size(); ++i) {
        std::ostringstream text;
        text << "differs: output " << i;
        if (found[i].get_shape() != test.expected[i].get_shape()) {
            text << " has shape " << found[i].get_shape() << ", not " << test.expected[i].get_shape();
            return text.str();
        }
        const auto ours = values_of(found[i]), theirs = values_of(test.expected[i]);
        if (furthest(ours, theirs, test.relative, test.absolute) <= 1.0) continue;
        const double apart = furthest(ours, theirs, kClose, kClose) * kClose;
        if (apart > kClose) {
            text << " by " << apart << " (relative, or absolute below 1)";
            return text.str();
        }
        close = true;
    }
    return close ? "close" : "equal";
}

}  // namespace pellucid::conformance
