#include "conformance/differences.hpp"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <iterator>
#include <sstream>

#include "core/random.hpp"
#include "engine/core.hpp"
#include "pellucid/error.hpp"

namespace pellucid::conformance {
namespace {

constexpr int kDirections = 4;
/// In units of the input's root mean square: wide ones for functions without curvature, narrow ones between kinks.
constexpr double kSteps[] = {1e-2, 3e-3, 1e-3, 3e-4, 1e-4, 3e-2, 1e-1};
/// Of the derivative along the direction, or, where that happens to be next to nothing, of a tenth of what it is
/// expected to be for a gradient of this length.
constexpr double kAgreement = 1e-2;
constexpr double kExpected = 0.1;
/// The adjoint identity is exact but for rounding: sums of a few thousand products of single precision.
constexpr double kAdjoint = 1e-5;
/// What single precision rounds of an answer, relative to it.
constexpr double kRounding = 1e-6;
/// Below this step, rounding divided by the step would excuse anything.
constexpr double kNarrowest = 1e-2;

double dot(const ov::Tensor& a, const ov::Tensor& b) {
    double sum = 0.0;
    for (std::size_t i = 0; i < a.get_size(); ++i) {
        const double factor = static_cast<double>(b.data<float>()[i]);
        if (factor != 0.0) sum += static_cast<double>(a.data<float>()[i]) * factor;  // not: infinity times 0
    }
    return sum;
}

double norm(const ov::Tensor& a) { return std::sqrt(dot(a, a)); }

double length_of_products(const ov::Tensor& a, const ov::Tensor& b) {
    double squares = 0.0;
    for (std::size_t i = 0; i < a.get_size(); ++i) {
        const double factor = static_cast<double>(b.data<float>()[i]);
        if (factor != 0.0) squares += std::pow(static_cast<double>(a.data<float>()[i]) * factor, 2);
    }
    return std::sqrt(squares);
}

/// a + h v, rounded as a tensor is.
ov::Tensor moved(const ov::Tensor& a, const ov::Tensor& v, double h) {
    ov::Tensor made(ov::element::f32, a.get_shape());
    for (std::size_t i = 0; i < a.get_size(); ++i) {
        const double step = h * static_cast<double>(v.data<float>()[i]);
        made.data<float>()[i] =
            step == 0.0 ? a.data<float>()[i] : static_cast<float>(static_cast<double>(a.data<float>()[i]) + step);
    }
    return made;
}

ov::Tensor minus(const ov::Tensor& a, const ov::Tensor& b) {
    ov::Tensor made(ov::element::f32, a.get_shape());
    for (std::size_t i = 0; i < a.get_size(); ++i) {
        const bool same = a.data<float>()[i] == b.data<float>()[i];  // infinities too
        made.data<float>()[i] = same ? 0.0F : a.data<float>()[i] - b.data<float>()[i];
    }
    return made;
}

/// To the last bit, whatever is no number.
bool same(const ov::Tensor& a, const ov::Tensor& b) {
    return a.get_shape() == b.get_shape() && std::memcmp(a.data(), b.data(), a.get_byte_size()) == 0;
}

/// Normal numbers, 0 where `like` is not finite: nothing is asked of what is no number.
ov::Tensor random_where_finite(const ov::Tensor& like, double scale, std::uint32_t stream) {
    core::RandomStream random(5, stream, 0);
    ov::Tensor made(ov::element::f32, like.get_shape());
    for (std::size_t i = 0; i < like.get_size(); ++i) {
        const double value = scale * random.normal();
        made.data<float>()[i] = std::isfinite(like.data<float>()[i]) ? static_cast<float>(value) : 0.0F;
    }
    return made;
}

double root_mean_square(const ov::Tensor& a) {
    double squares = 0.0;
    std::size_t count = 0;
    for (std::size_t i = 0; i < a.get_size(); ++i) {
        const double value = static_cast<double>(a.data<float>()[i]);
        if (!std::isfinite(value)) continue;
        squares += value * value;
        ++count;
    }
    return squares > 0.0 ? std::sqrt(squares / static_cast<double>(count)) : 1.0;
}

/// At most about so many of the cotangent's elements are not 0: in a large output there is always a window that changes
/// its largest element, however narrow the step.
constexpr std::size_t kMostAsked = 64;

ov::Tensor random_cotangent(const ov::Tensor& value, std::uint32_t stream) {
    auto made = random_where_finite(value, 1.0, stream);
    if (made.get_size() <= kMostAsked) return made;
    core::RandomStream random(6, stream, 0);
    const double kept = static_cast<double>(kMostAsked) / static_cast<double>(made.get_size());
    for (std::size_t i = 0; i < made.get_size(); ++i) {
        if (double{random.uniform()} >= kept) made.data<float>()[i] = 0.0F;
    }
    return made;
}

ov::Tensor copy_of(const ov::Tensor& tensor) {
    ov::Tensor made(tensor.get_element_type(), tensor.get_shape());
    if (made.get_size() > 0) tensor.copy_to(made);  // of an empty tensor the engine copies too much
    return made;
}

/// One derivative being compared: the function, where, under which cotangent, and what the gradient graph says.
class Comparison {
public:
    Comparison(const OperatorTest& test, const Asked& asked)
        : test_(test), asked_(asked), forward_(compile(without_rounding(test.model))) {}
    Comparison(const OperatorTest& test, const Asked& asked, const graph::GradientModel& gradient)
        : Comparison(test, asked) {
        value_ = run(forward_, test.inputs).at(asked.result);
        seed_ = random_cotangent(value_, 0);
        auto compiled = compile(gradient.model);
        auto inputs = test.inputs;
        inputs.insert(inputs.begin() + static_cast<std::ptrdiff_t>(gradient.seed_parameter), seed_);
        gradient_ = run(compiled, inputs).at(1);
    }

    /// Pellucid refuses to answer with what is no number, so there is nothing to compare.
    [[nodiscard]] bool is_finite() const {
        return std::all_of(gradient_.data<float>(), gradient_.data<float>() + gradient_.get_size(),
                           [](float value) { return std::isfinite(value); });
    }

    [[nodiscard]] bool answer_is_finite() const {
        return std::all_of(value_.data<float>(), value_.data<float>() + value_.get_size(),
                           [](float value) { return std::isfinite(value); });
    }

    /// Along some direction the answer changes, however narrow the step. (One that is a matter of chance does so anyway.)
    std::string says_that_it_moves() {
        const auto& x = test_.inputs[asked_.parameter];
        if (!same(at(x), at(x))) return {};
        for (std::uint32_t direction = 1; direction <= kDirections; ++direction) {
            const auto v = random_where_finite(x, test_.step > 0.0 ? test_.step : root_mean_square(x), direction);
            const bool stands = std::any_of(std::begin(kSteps), std::end(kSteps), [&](double step) {
                return step < kNarrowest && same(at(moved(x, v, step)), at(moved(x, v, -step)));
            });
            if (!stands) {
                return "output " + std::to_string(asked_.result) + " changes with input " +
                       std::to_string(asked_.parameter) + ", of which no gradient is said to come";
            }
        }
        return {};
    }

    std::string operator()() {
        const auto& x = test_.inputs[asked_.parameter];
        if (gradient_.get_shape() != x.get_shape()) return "the gradient has another shape than its input";
        for (std::uint32_t direction = 1; direction <= kDirections; ++direction) {
            const auto v = random_where_finite(x, test_.step > 0.0 ? test_.step : root_mean_square(x), direction);
            auto wrong = along(v);
            if (!wrong.empty()) return wrong;
        }
        return asked_.affine ? adjoint() : std::string{};
    }

private:
    ov::Tensor at(const ov::Tensor& x) {
        auto inputs = test_.inputs;
        inputs[asked_.parameter] = x;
        return run(forward_, inputs).at(asked_.result);
    }

    std::string named(double found, double expected, const char* what) const {
        std::ostringstream text;
        text << what << " of output " << asked_.result << " by input " << asked_.parameter << ": " << found
             << ", the gradient says " << expected;
        return text.str();
    }

    std::string along(const ov::Tensor& v) {
        const auto& x = test_.inputs[asked_.parameter];
        double nearest = INFINITY, found = NAN, said = NAN;
        for (const double step : kSteps) {
            const auto right = moved(x, v, step), left = moved(x, v, -step);
            const auto above = at(right), below = at(left);
            if (above.get_shape() != below.get_shape() || above.get_shape() != value_.get_shape()) continue;
            const double difference = dot(minus(above, below), seed_) / (2.0 * step);
            const double expected = dot(minus(right, left), gradient_) / (2.0 * step);
            const double usual =
                norm(gradient_) * norm(v) / std::sqrt(static_cast<double>(std::max<std::size_t>(v.get_size(), 1)));
            double scale = std::max({std::abs(difference), std::abs(expected), kExpected * usual});
            if (step >= kNarrowest) scale += kRounding / step / kAgreement * length_of_products(value_, seed_);
            const double error = scale == 0.0 ? 0.0 : std::abs(difference - expected) / scale;
            if (error <= kAgreement) return {};
            if (!(error < nearest)) continue;
            nearest = error;
            found = difference;
            said = expected;
        }
        return named(found, said, "difference");
    }

    /// <J v, s> = <v, J' s>, with J v = f(v) - f(0).
    std::string adjoint() {
        const auto& x = test_.inputs[asked_.parameter];
        ov::Tensor zero(ov::element::f32, x.get_shape());
        std::fill_n(zero.data<float>(), zero.get_size(), 0.0F);
        const auto v = random_where_finite(zero, 1.0, kDirections + 1);
        const auto offset = at(zero), image = at(v);
        const double found = dot(minus(image, offset), seed_), expected = dot(v, gradient_);
        const double scale = norm(seed_) * (norm(minus(image, offset)) +
                                            length_of_products(offset, seed_) / std::max(norm(seed_), 1e-30));
        if (std::abs(found - expected) <= kAdjoint * scale) return {};
        return named(found, expected, "adjoint");
    }

    const OperatorTest& test_;
    Asked asked_;
    ov::CompiledModel forward_;
    ov::Tensor value_, seed_, gradient_;
};

}  // namespace

ov::CompiledModel compile(const std::shared_ptr<ov::Model>& model) {
    engine::CompileOptions options;
    options.threads = 1;
    return engine::core().compile_model(model, "CPU", engine::compile_properties(options));
}

Tensors run(ov::CompiledModel& compiled, const Tensors& inputs) {
    auto request = compiled.create_infer_request();
    for (std::size_t i = 0; i < inputs.size(); ++i) request.set_input_tensor(i, inputs[i]);
    request.infer();
    Tensors outputs;
    for (std::size_t i = 0; i < compiled.outputs().size(); ++i)
        outputs.push_back(copy_of(request.get_output_tensor(i)));
    return outputs;
}

std::string compare(const OperatorTest& test, const Asked& asked, const graph::GradientModel& gradient) {
    Comparison comparison(test, asked, gradient);
    if (!comparison.is_finite()) {
        if (comparison.answer_is_finite()) return "the gradient is not finite where the answer is";
        throw Error(ErrorCode::kUnsupported, "the gradient is not finite here, and nor is the answer");
    }
    return comparison();
}

std::string moves(const OperatorTest& test, std::size_t result, std::size_t parameter) {
    return Comparison(test, {result, parameter, false}).says_that_it_moves();
}

}  // namespace pellucid::conformance
