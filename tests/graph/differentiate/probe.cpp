#include "graph/differentiate/probe.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include <cmath>
#include <filesystem>
#include <numeric>

#include "ops/register.hpp"
#include "pellucid/error.hpp"

namespace pellucid::graph::testing {
namespace {

ov::Core& core() {
    static ov::Core made = [] {
        ov::Core fresh;
        fresh.add_extension(ops::extensions());
        return fresh;
    }();
    return made;
}

double away_from(double value, const std::vector<double>& kinks) {
    constexpr double kMargin = 0.06;
    for (const double kink : kinks) {
        if (std::abs(value - kink) < kMargin) value = kink + (value < kink ? -kMargin : kMargin);
    }
    return value;
}

/// Values of a shuffled even grid, at least `(high - low) / size` apart.
void space_out(ov::Tensor& tensor, Random& random, double low, double high) {
    auto* data = tensor.data<float>();
    const auto size = tensor.get_size();
    for (std::size_t i = 0; i < size; ++i) {
        data[i] = static_cast<float>(low + (high - low) * (static_cast<double>(i) + 0.5) / static_cast<double>(size));
    }
    for (std::size_t i = size; i > 1; --i) {
        std::swap(data[i - 1], data[static_cast<std::size_t>(random.uniform(0.0, static_cast<double>(i)))]);
    }
}

/// One function to probe: its outputs, and its gradients for inputs and seed.
struct Subject {
    ov::CompiledModel forward, gradient;
    std::vector<std::size_t> wrt;  ///< which inputs
};

struct Point {
    std::vector<ov::Tensor> inputs;
    ov::Tensor seed;
};

/// <seed, (f(x + h v) - f(x - h v)) / 2h>, v in one input only.
double difference(Subject& subject, const Point& at, std::size_t input, const ov::Tensor& v, double h) {
    double sides[2];
    for (const int side : {0, 1}) {
        auto inputs = at.inputs;
        inputs[input] = moved(at.inputs[input], v, side == 0 ? -h : h);
        sides[side] = dot(run(subject.forward, inputs)[0], at.seed);
    }
    return (sides[1] - sides[0]) / (2.0 * h);
}

void check_input(Subject& subject, const Case& c, const Point& at, std::size_t which, Random& random) {
    auto arguments = at.inputs;
    arguments.push_back(at.seed);
    const auto gradient = run(subject.gradient, arguments)[1 + which];
    const auto input = subject.wrt[which];
    ASSERT_EQ(gradient.get_shape(), at.inputs[input].get_shape()) << c.name << ", input " << input;
    for (int direction = 0; direction < 3; ++direction) {
        const auto v = random_tensor(gradient.get_shape(), random);
        const double expected = dot(gradient, v);
        const double scale = norm(gradient) * norm(v) / std::sqrt(static_cast<double>(v.get_size())) + 1e-6;
        double best = INFINITY;
        const auto steps = c.distinct ? std::vector<double>{3e-3, 1e-3} : std::vector<double>{3e-2, 1e-2, 3e-3};
        for (const double h : steps) {
            best = std::min(best, std::abs(difference(subject, at, input, v, h) - expected));
        }
        EXPECT_LE(best, c.tolerance * scale) << c.name << ", input " << input << ", batch "
                                             << at.inputs[input].get_shape().at(0) << ", expected " << expected;
    }
    if (!c.linear) return;
    // <J v, seed> = <v, J^T seed>, with J v = f(v): exact but for rounding, which sums of a few thousand terms keep
    // below 1e-5 of the norms.
    auto inputs = at.inputs;
    inputs[input] = random_tensor(gradient.get_shape(), random);
    const auto image = run(subject.forward, inputs)[0];
    EXPECT_NEAR(dot(image, at.seed), dot(inputs[input], gradient), 1e-5 * norm(image) * norm(at.seed) + 1e-6)
        << c.name << ", adjoint of input " << input;
}

void check(Subject& subject, const Case& c, const Point& at, Random& random) {
    for (std::size_t i = 0; i < subject.wrt.size(); ++i) check_input(subject, c, at, i, random);
}

}  // namespace

double Random::uniform(double low, double high) {
    state_ ^= state_ << 13U;
    state_ ^= state_ >> 7U;
    state_ ^= state_ << 17U;
    return low + (high - low) * static_cast<double>(state_ >> 11U) / 9007199254740992.0;
}

ov::CompiledModel compile(const std::shared_ptr<ov::Model>& model) {
    return core().compile_model(model, "CPU", ov::hint::inference_precision(ov::element::f32));
}

std::vector<ov::Tensor> run(ov::CompiledModel& compiled, const std::vector<ov::Tensor>& inputs) {
    auto request = compiled.create_infer_request();
    for (std::size_t i = 0; i < inputs.size(); ++i) request.set_input_tensor(i, inputs[i]);
    request.infer();
    std::vector<ov::Tensor> outputs;
    for (std::size_t i = 0; i < compiled.outputs().size(); ++i) {
        const auto output = request.get_output_tensor(i);
        ov::Tensor copy(output.get_element_type(), output.get_shape());
        output.copy_to(copy);
        outputs.push_back(copy);
    }
    return outputs;
}

std::shared_ptr<ov::Model> saved_and_read(const std::shared_ptr<ov::Model>& model) {
    const auto folder = std::filesystem::path(::testing::TempDir());
    // Tests run side by side, each in a process of its own.
    const std::string name = "pellucid-saved-" + std::to_string(::getpid());
    const auto xml = folder / (name + ".xml"), bin = folder / (name + ".bin");
    ov::serialize(model, xml.string(), bin.string());
    // The files do not stay: their weights must not be mapped.
    auto read = core().read_model(xml.string(), {}, {{ov::enable_mmap.name(), false}});
    std::filesystem::remove(xml);
    std::filesystem::remove(bin);
    return read;
}

double dot(const ov::Tensor& a, const ov::Tensor& b) {
    double sum = 0.0;
    for (std::size_t i = 0; i < a.get_size(); ++i) {
        sum += static_cast<double>(a.data<float>()[i]) * static_cast<double>(b.data<float>()[i]);
    }
    return sum;
}

double norm(const ov::Tensor& a) { return std::sqrt(dot(a, a)); }

double relative_error(const ov::Tensor& a, const ov::Tensor& b) { return norm(moved(a, b, -1.0)) / norm(b); }

ov::Tensor random_tensor(const ov::Shape& shape, Random& random, double low, double high) {
    ov::Tensor tensor(ov::element::f32, shape);
    for (std::size_t i = 0; i < tensor.get_size(); ++i) {
        tensor.data<float>()[i] = static_cast<float>(random.uniform(low, high));
    }
    return tensor;
}

ov::Tensor moved(const ov::Tensor& a, const ov::Tensor& v, double h) {
    ov::Tensor tensor(ov::element::f32, a.get_shape());
    for (std::size_t i = 0; i < a.get_size(); ++i) {
        tensor.data<float>()[i] =
            static_cast<float>(static_cast<double>(a.data<float>()[i]) + h * static_cast<double>(v.data<float>()[i]));
    }
    return tensor;
}

std::shared_ptr<ov::Model> model_of(const Case& c) {
    ov::ParameterVector parameters;
    std::vector<Value> inputs;
    for (const auto& input : c.inputs) {
        ov::PartialShape shape;
        if (input.batched) shape.push_back(-1);
        for (const auto extent : input.extents) shape.push_back(c.dynamic ? -1 : static_cast<std::int64_t>(extent));
        parameters.push_back(std::make_shared<ov::op::v0::Parameter>(ov::element::f32, shape));
        parameters.back()->set_friendly_name("input" + std::to_string(inputs.size()));
        inputs.push_back(parameters.back());
    }
    return std::make_shared<ov::Model>(ov::OutputVector{c.build(inputs)}, parameters, c.name);
}

std::vector<ov::Tensor> tensors_of(const Case& c, std::size_t batch, Random& random) {
    std::vector<ov::Tensor> tensors;
    for (const auto& input : c.inputs) {
        ov::Shape shape;
        if (input.batched) shape.push_back(batch);
        shape.insert(shape.end(), input.extents.begin(), input.extents.end());
        auto tensor = random_tensor(shape, random, input.low, input.high);
        if (c.distinct) space_out(tensor, random, input.low, input.high);
        for (std::size_t i = 0; i < tensor.get_size(); ++i) {
            auto& value = tensor.data<float>()[i];
            value = static_cast<float>(away_from(static_cast<double>(value), input.kinks));
        }
        tensors.push_back(tensor);
    }
    return tensors;
}

void check_first_order(const Case& c) {
    const auto model = model_of(c);
    std::vector<Value> wrt;
    Subject subject;
    for (std::size_t i = 0; i < c.inputs.size(); ++i) {
        wrt.push_back(model->get_parameters()[i]->output(0));
        subject.wrt.push_back(i);
    }
    const auto made = differentiate(model, wrt, model->get_results()[0]->input_value(0));
    EXPECT_EQ(why_not_differentiable(model, wrt, model->get_results()[0]->input_value(0)), "");
    subject.forward = compile(model);
    subject.gradient = compile(made.model);
    Random random(std::hash<std::string>{}(c.name));
    for (const std::size_t batch : {1U, 3U}) {
        Point at{tensors_of(c, batch, random), {}};
        at.seed = random_tensor(run(subject.forward, at.inputs)[0].get_shape(), random);
        check(subject, c, at, random);
    }
}

void check_second_order(const Case& c) {
    const auto model = model_of(c);
    const auto input = model->get_parameters()[0]->output(0);
    const auto first = differentiate(model, {input}, model->get_results()[0]->input_value(0));
    const auto gradient = first.model->get_results()[1]->input_value(0);
    std::vector<Value> wrt;
    Subject subject;
    for (std::size_t i = 0; i < first.model->get_parameters().size(); ++i) {
        const auto parameter = first.model->get_parameters()[i]->output(0);
        const auto why = why_not_differentiable(first.model, {parameter}, gradient);
        EXPECT_EQ(why.find("has no rule"), std::string::npos) << c.name << ": " << why;
        if (!why.empty()) continue;
        wrt.push_back(parameter);
        subject.wrt.push_back(i);
    }
    ASSERT_FALSE(wrt.empty()) << c.name;
    const auto second = differentiate(first.model, wrt, gradient);
    subject.forward = compile(std::make_shared<ov::Model>(ov::OutputVector{gradient}, first.model->get_parameters()));
    subject.gradient = compile(second.model);
    Random random(std::hash<std::string>{}(c.name) + 1);
    Point at{tensors_of(c, 2, random), {}};
    auto forward = compile(model);
    at.inputs.push_back(random_tensor(run(forward, at.inputs)[0].get_shape(), random));
    at.seed = random_tensor(run(subject.forward, at.inputs)[0].get_shape(), random);
    Case second_case = c;
    second_case.linear = false;
    second_case.tolerance = 5.0 * c.tolerance;  // one derivative less smooth
    check(subject, second_case, at, random);
}

std::string refusal(const std::shared_ptr<ov::Model>& model, const RuleSet& rules) {
    const auto x = model->get_parameters()[0]->output(0);
    const auto y = model->get_results()[0]->input_value(0);
    const auto why = why_not_differentiable(model, {x}, y, rules);
    try {
        const auto made = differentiate(model, {x}, y, {}, rules);
        EXPECT_EQ(why, "");
    } catch (const Error& error) {
        EXPECT_EQ(error.code(), ErrorCode::kUnsupported);
        EXPECT_FALSE(error.remedy().empty());
        EXPECT_EQ(why, error.what());
    }
    return why;
}

void PrintTo(const Case& c, std::ostream* out) { *out << c.name; }

}  // namespace pellucid::graph::testing
