#include "engine/selfcheck.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <sstream>

#include "core/random.hpp"
#include "engine/stream.hpp"
#include "pellucid/error.hpp"

namespace pellucid::engine {

namespace {

constexpr double kMostDisagreement = 0.05;

/// Rounding of a score computed in float through some hundred layers, relative to its magnitude.
constexpr double kRounding = 1e-6;

/// Steps in units of the input's root mean square. Measured on classifiers of pictures: their kinks lie so close together
/// that 1e-3 is still off by tens of percent, and below 1e-5 rounding takes over. The first two are tried first.
constexpr double kSteps[] = {1e-4, 3e-5, 1e-5, 3e-4, 1e-3, 1e-2, 1e-1};
constexpr std::size_t kFirstSteps = 2;

/// How far the direction leans towards the gradient, in standard deviations of <gradient, random>. Without it the
/// derivative is now and then close to nothing, and what kinks add to it is not; leaning further would hide a gradient
/// that lacks a part. So a scale or sign that is wrong by 5 % shows, and a part that is missing if it has a quarter of
/// the length.
constexpr double kLean = 4.0;

using Direction = std::vector<std::vector<double>>;   ///< by input; empty where the input does not move

double root_mean_square(std::span<const float> values) {
    double squares = 0.0;
    for (const float value : values) {
        squares += double{value} * double{value};
    }
    return squares > 0.0 ? std::sqrt(squares / static_cast<double>(values.size())) : 1.0;
}

/// scale (normal + kLean scale gradient / |scale gradient|), the scale of each input being its root mean square.
/// @param gradients  one for each of `wrt`; fewer: no lean
Direction make_direction(const std::vector<Array>& inputs, const std::vector<std::size_t>& wrt,
                         std::span<const std::vector<float>> gradients) {
    double squares = 0.0;
    for (std::size_t index = 0; index < gradients.size(); ++index) {
        const double scale = root_mean_square(inputs[wrt[index]].values());
        for (const float value : gradients[index]) {
            squares += scale * scale * double{value} * double{value};
        }
    }
    const double lean = squares > 0.0 ? kLean / std::sqrt(squares) : 0.0;
    Direction direction(inputs.size());
    for (std::size_t index = 0; index < wrt.size(); ++index) {
        const Array& input = inputs[wrt[index]];
        const double scale = root_mean_square(input.values());
        core::RandomStream random(29, static_cast<std::uint32_t>(wrt[index]), 0);
        for (std::size_t at = 0; at < input.size(); ++at) {
            const double towards = index < gradients.size() ? lean * scale * double{gradients[index][at]} : 0.0;
            direction[wrt[index]].push_back(scale * (random.normal() + towards));
        }
    }
    return direction;
}

/// x + h u and x - h u for each step; without steps, x.
class LineRows final : public Rows {
public:
    LineRows(const std::vector<Array>& inputs, const Direction& direction, std::span<const double> steps,
             const std::vector<Shape>& shapes)
        : inputs_(inputs), direction_(direction), steps_(steps), shapes_(shapes) {}

    [[nodiscard]] std::int64_t count() const override {
        return steps_.empty() ? 1 : 2 * static_cast<std::int64_t>(steps_.size());
    }
    void fill(std::int64_t row, std::span<const std::span<float>> inputs) const override {
        const double step = steps_.empty() ? 0.0 : steps_[static_cast<std::size_t>(row / 2)] * (row % 2 == 0 ? 1 : -1);
        for (std::size_t input = 0; input < inputs.size(); ++input) {
            for (std::size_t at = 0; at < inputs[input].size(); ++at) {
                const double along = direction_.empty() || direction_[input].empty() ? 0.0 : direction_[input][at];
                inputs[input][at] = static_cast<float>(double{inputs_[input][at]} + step * along);
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

/// The magnitude that rounding of <a, b> is relative to: each term rounds for itself, so that most of it cancels, but for
/// what all share, which is as large as the sum. (The sum of magnitudes, what rounding can do at worst, is thirty times
/// as much over a thousand classes, and leaves only steps so wide that they straddle kinks.)
double magnitude(std::span<const float> a, std::span<const float> b) {
    double squares = 0.0;
    for (std::size_t at = 0; at < a.size(); ++at) {
        const double term = double{a[at]} * double{b[at]};
        squares += term * term;
    }
    return std::max(std::sqrt(squares), std::abs(dot(a, b)));
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
        : session_(session), inputs_(inputs), wrt_(wrt), of_(of) {
        for (std::size_t input = 0; input < inputs.size(); ++input) {
            Shape shape = inputs[input].shape();
            if (session.inputs()[input].batched) {
                shape.erase(shape.begin());
            }
            shapes_.push_back(std::move(shape));
        }
        here_ = run({}).front();
        const std::span<const Row> gradients = std::span<const Row>(here_).subspan(1);
        direction_ = make_direction(inputs, wrt, of == GradientOf::kInputs ? gradients : std::span<const Row>());
    }

    [[nodiscard]] std::vector<Comparison> at(std::span<const double> steps) const {
        const auto rows = run(steps);
        const std::span<const float> seed = inputs_.back().values();
        std::vector<Comparison> comparisons;
        for (std::size_t index = 0; index < steps.size(); ++index) {
            const auto& above = rows[2 * index];
            const auto& below = rows[2 * index + 1];
            const double width = 2.0 * steps[index];
            Comparison one;
            one.step = steps[index];
            one.numeric = (dot(seed, above[0]) - dot(seed, below[0])) / width;
            one.analytic = analytic(above, below, width);
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
    using Row = std::vector<float>;
    using Outputs = std::vector<Row>;

    [[nodiscard]] std::vector<Outputs> run(std::span<const double> steps) const {
        KeepAnswers keep;
        StreamOptions options;
        options.allow_non_finite = true;   // said by at(), with what was being done
        stream(session_, LineRows(inputs_, direction_, steps, shapes_), keep, options);
        return std::move(keep.rows);
    }

    [[nodiscard]] double analytic(const Outputs& above, const Outputs& below, double width) const {
        if (of_ == GradientOf::kActivation) {
            return (dot(here_.at(2), above.at(1)) - dot(here_.at(2), below.at(1))) / width;
        }
        double sum = 0.0;
        for (std::size_t index = 0; index < wrt_.size(); ++index) {
            const std::vector<float>& gradient = here_.at(1 + index);
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
    Outputs here_;
    Direction direction_;
    std::vector<Shape> shapes_;
};

std::string percent(double fraction) {
    std::ostringstream text;
    text.precision(2);
    text << 100.0 * fraction << " %";
    return text.str();
}

/// What was seen at one point: the best agreement, and whether the differences settle on a value of their own.
struct PointCheck {
    DirectionalCheck best;
    bool settled = false;
};

/// Two differences at neighbouring steps lie nearer to each other than to the gradient: it is the gradient that is off. Where
/// they scatter as widely as they differ from it, kinks and rounding speak, and nothing is told of the gradient.
bool settles(std::vector<Comparison> comparisons) {
    constexpr double kNearer = 0.25;
    std::sort(comparisons.begin(), comparisons.end(),
              [](const Comparison& a, const Comparison& b) { return a.step < b.step; });
    for (std::size_t at = 1; at < comparisons.size(); ++at) {
        const Comparison& one = comparisons[at - 1];
        const Comparison& other = comparisons[at];
        const double off = std::min(std::abs(one.numeric - one.analytic), std::abs(other.numeric - other.analytic));
        if (one.readable() && other.readable() && std::abs(one.numeric - other.numeric) < kNearer * off) {
            return true;
        }
    }
    return false;
}

PointCheck compare_at(Session& session, const std::vector<Array>& inputs, const std::vector<std::size_t>& wrt,
                      GradientOf of) {
    const Check check(session, inputs, wrt, of);
    constexpr double kGoodEnough = 0.01;
    const std::span<const double> steps(kSteps);
    std::vector<Comparison> seen;
    PointCheck made;
    DirectionalCheck& result = made.best;
    result.conclusive = false;
    result.disagreement = std::numeric_limits<double>::infinity();
    for (const auto& part : {steps.first(kFirstSteps), steps.subspan(kFirstSteps)}) {
        for (const Comparison& one : check.at(part)) {
            seen.push_back(one);
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
    made.settled = settles(std::move(seen));
    return made;
}

/// The sample, moved off the ties that a flat background puts into max-pools and ReLUs: there a central difference is the
/// mean of two slopes, whatever the gradient's rule.
std::vector<Array> off_ties(std::vector<Array> inputs, const std::vector<std::size_t>& wrt, std::uint32_t attempt) {
    constexpr double kShare = 0.01;   // of the root mean square: beyond rounding, far below what changes the answer
    for (const std::size_t index : wrt) {
        core::RandomStream random(31 + attempt, static_cast<std::uint32_t>(index), 0);
        const double scale = kShare * root_mean_square(inputs[index].values());
        for (float& value : inputs[index].values()) {
            value = static_cast<float>(double{value} + scale * random.normal());
        }
    }
    return inputs;
}

}  // namespace

DirectionalCheck check_gradient(Session& session, const std::vector<Array>& inputs, const std::vector<std::size_t>& wrt,
                                GradientOf of) {
    constexpr std::uint32_t kAttempts = 3;
    PointCheck best = compare_at(session, inputs, wrt, of);
    DirectionalCheck& result = best.best;
    const double at_input = result.disagreement;
    std::uint32_t attempt = 0;
    while (result.conclusive && result.disagreement > kMostDisagreement && attempt < kAttempts) {
        const PointCheck moved = compare_at(session, off_ties(inputs, wrt, attempt++), wrt, of);
        if (moved.best.conclusive && moved.best.disagreement < result.disagreement) {
            best = moved;
        }
    }
    if (!result.conclusive) {
        result.disagreement = 0.0;
        result.note =
            "the gradient could not be checked at this input: along a random direction the score changes less "
            "than its rounding";
        return result;
    }
    if (result.disagreement > kMostDisagreement && !best.settled) {
        result.conclusive = false;
        result.note =
            "the gradient could not be confirmed at this input: finite differences along a random direction scatter "
            "as widely as they differ from it (" +
            percent(result.disagreement) + ")";
        return result;
    }
    if (result.disagreement > kMostDisagreement) {
        throw Error(ErrorCode::kInternal,
                    "the gradient disagrees with finite differences by " + percent(result.disagreement) +
                        " along a random direction, at the best of " + std::to_string(std::size(kSteps)) +
                        " step sizes and " + std::to_string(1 + kAttempts) + " points",
                    "please report the model; perturbation methods do not need its gradient");
    }
    result.note = "gradient checked against finite differences along a random direction: they agree to " +
                  percent(result.disagreement);
    if (attempt > 0) {
        result.note += " beside the input (at the input itself, on a kink, they differ by " + percent(at_input) + ")";
    }
    return result;
}

}  // namespace pellucid::engine
