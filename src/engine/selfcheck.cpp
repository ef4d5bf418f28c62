#include "engine/selfcheck.hpp"

#include <cmath>
#include <limits>
#include <sstream>

#include "core/random.hpp"
#include "engine/stream.hpp"
#include "pellucid/error.hpp"

namespace pellucid::engine {

namespace {

constexpr double kMostDisagreement = 0.05;

/// Rounding of a score computed in float through some hundred layers, relative to the sum of its terms' magnitudes.
constexpr double kRounding = 1e-6;

/// Steps in units of the input's root mean square. The first is where piecewise linear and smooth networks alike usually
/// agree; the others are tried only when it does not.
constexpr double kSteps[] = {1e-2, 1e-1, 3e-2, 3e-3, 1e-3, 3e-4};

using Direction = std::vector<std::vector<double>>;   ///< by input; empty where the input does not move

/// Normal values times the input's root mean square (1 for an input of zeros).
Direction random_direction(const std::vector<Array>& inputs, const std::vector<std::size_t>& wrt) {
    Direction direction(inputs.size());
    for (const std::size_t input : wrt) {
        double squares = 0.0;
        for (const float value : inputs[input].values()) {
            squares += double{value} * double{value};
        }
        const double scale = squares > 0.0 ? std::sqrt(squares / static_cast<double>(inputs[input].size())) : 1.0;
        core::RandomStream random(29, static_cast<std::uint32_t>(input), 0);
        for (std::size_t at = 0; at < inputs[input].size(); ++at) {
            direction[input].push_back(scale * random.normal());
        }
    }
    return direction;
}

/// x, then x + h u and x - h u for each step.
class LineRows final : public Rows {
public:
    LineRows(const std::vector<Array>& inputs, const Direction& direction, std::span<const double> steps,
             const std::vector<Shape>& shapes)
        : inputs_(inputs), direction_(direction), steps_(steps), shapes_(shapes) {}

    [[nodiscard]] std::int64_t count() const override { return 1 + 2 * static_cast<std::int64_t>(steps_.size()); }
    void fill(std::int64_t row, std::span<const std::span<float>> inputs) const override {
        const double sign = row == 0 ? 0.0 : (row % 2 == 1 ? 1.0 : -1.0);
        const double step = row == 0 ? 0.0 : steps_[static_cast<std::size_t>((row - 1) / 2)];
        for (std::size_t input = 0; input < inputs.size(); ++input) {
            for (std::size_t at = 0; at < inputs[input].size(); ++at) {
                const double along = direction_[input].empty() ? 0.0 : direction_[input][at];
                inputs[input][at] = static_cast<float>(double{inputs_[input][at]} + sign * step * along);
            }
        }
    }
    [[nodiscard]] std::vector<Shape> row_shapes(std::int64_t /*row*/) const override { return shapes_; }

private:
    const std::vector<Array>& inputs_;
    const Direction& direction_;
    std::span<const double> steps_;
    const std::vector<Shape>& shapes_;
};

class KeepAnswers final : public Fold {
public:
    void answer(std::int64_t /*row*/, std::span<const std::span<const float>> outputs) override {
        std::vector<std::vector<float>> row;
        for (const auto& output : outputs) {
            row.emplace_back(output.begin(), output.end());
        }
        rows.push_back(std::move(row));
    }
    std::vector<std::vector<std::vector<float>>> rows;
};

double dot(std::span<const float> a, std::span<const float> b) {
    double sum = 0.0;
    for (std::size_t at = 0; at < a.size(); ++at) {
        sum += double{a[at]} * double{b[at]};
    }
    return sum;
}

double magnitude(std::span<const float> a, std::span<const float> b) {
    double sum = 0.0;
    for (std::size_t at = 0; at < a.size(); ++at) {
        sum += std::abs(double{a[at]} * double{b[at]});
    }
    return sum;
}

/// The two derivatives at one step size, and what rounding can do to them.
struct Comparison {
    double step = 0.0, numeric = 0.0, analytic = 0.0, noise = 0.0;
    [[nodiscard]] double largest() const { return std::max(std::abs(numeric), std::abs(analytic)); }
    [[nodiscard]] bool readable() const { return noise < kMostDisagreement / 2 * largest(); }
    [[nodiscard]] double disagreement() const { return std::abs(numeric - analytic) / largest(); }
};

class Check {
public:
    Check(Session& session, const std::vector<Array>& inputs, const std::vector<std::size_t>& wrt, GradientOf of)
        : session_(session), inputs_(inputs), wrt_(wrt), of_(of), direction_(random_direction(inputs, wrt)) {
        for (std::size_t input = 0; input < inputs.size(); ++input) {
            Shape shape = inputs[input].shape();
            if (session.inputs()[input].batched) {
                shape.erase(shape.begin());
            }
            shapes_.push_back(std::move(shape));
        }
    }

    [[nodiscard]] std::vector<Comparison> at(std::span<const double> steps) const {
        KeepAnswers keep;
        StreamOptions options;
        options.allow_non_finite = true;   // said here, with what was being done
        stream(session_, LineRows(inputs_, direction_, steps, shapes_), keep, options);
        const std::span<const float> seed = inputs_.back().values();
        std::vector<Comparison> comparisons;
        for (std::size_t index = 0; index < steps.size(); ++index) {
            const auto& above = keep.rows[1 + 2 * index];
            const auto& below = keep.rows[2 + 2 * index];
            const double width = 2.0 * steps[index];
            Comparison one;
            one.step = steps[index];
            one.numeric = (dot(seed, above[0]) - dot(seed, below[0])) / width;
            one.analytic = analytic(keep.rows[0], above, below, width);
            one.noise = kRounding * (magnitude(seed, above[0]) + magnitude(seed, below[0])) / width;
            if (!std::isfinite(one.numeric) || !std::isfinite(one.analytic)) {
                throw Error(ErrorCode::kUnsupported, "the gradient or the score is not finite at this input",
                            "look for values outside what the model was trained on");
            }
            comparisons.push_back(one);
        }
        return comparisons;
    }

private:
    using Row = std::vector<std::vector<float>>;

    [[nodiscard]] double analytic(const Row& here, const Row& above, const Row& below, double width) const {
        if (of_ == GradientOf::kActivation) {
            return (dot(here.at(2), above.at(1)) - dot(here.at(2), below.at(1))) / width;
        }
        double sum = 0.0;
        for (std::size_t index = 0; index < wrt_.size(); ++index) {
            const std::vector<float>& gradient = here.at(1 + index);
            const std::vector<double>& along = direction_[wrt_[index]];
            for (std::size_t at = 0; at < along.size(); ++at) {
                sum += double{gradient[at]} * along[at];
            }
        }
        return sum;
    }

    Session& session_;
    const std::vector<Array>& inputs_;
    const std::vector<std::size_t>& wrt_;
    GradientOf of_;
    Direction direction_;
    std::vector<Shape> shapes_;
};

std::string percent(double fraction) {
    std::ostringstream text;
    text.precision(2);
    text << 100.0 * fraction << " %";
    return text.str();
}

}  // namespace

DirectionalCheck check_gradient(Session& session, const std::vector<Array>& inputs, const std::vector<std::size_t>& wrt,
                                GradientOf of) {
    const Check check(session, inputs, wrt, of);
    constexpr double kGoodEnough = 0.01;
    const std::span<const double> steps(kSteps);
    DirectionalCheck result;
    result.conclusive = false;
    result.disagreement = std::numeric_limits<double>::infinity();
    for (const auto& part : {steps.first(1), steps.subspan(1)}) {
        for (const Comparison& one : check.at(part)) {
            if (one.readable() && one.disagreement() < result.disagreement) {
                result.conclusive = true;
                result.disagreement = one.disagreement();
                result.step = one.step;
            }
        }
        if (result.disagreement < kGoodEnough) {
            break;
        }
    }
    if (!result.conclusive) {
        result.disagreement = 0.0;
        result.note = "the gradient could not be checked at this input: along a random direction the score changes less "
                      "than its rounding";
        return result;
    }
    if (result.disagreement > kMostDisagreement) {
        throw Error(ErrorCode::kInternal,
                    "the gradient disagrees with finite differences by " + percent(result.disagreement) +
                        " along a random direction, at the best of " + std::to_string(steps.size()) + " step sizes",
                    "please report the model; perturbation methods do not need its gradient");
    }
    result.note = "gradient checked against finite differences along a random direction: they agree to " +
                  percent(result.disagreement);
    return result;
}

}  // namespace pellucid::engine
