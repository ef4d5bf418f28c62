// Rounding inside a network: the gradient is that of the values before it (straight-through, Bengio et al. 2013).
#include <gtest/gtest.h>

#include <cmath>

#include "graph/differentiate/cases.hpp"
#include "openvino/opsets/opset16.hpp"
#include "pellucid/error.hpp"

namespace pellucid::graph::testing {
namespace {

namespace op = ov::op;

Value numbers(const ov::Shape& shape, const std::vector<float>& v) {
    return op::v0::Constant::create(ov::element::f32, shape, v)->output(0);
}

struct Ranges {
    ov::Shape shape;
    std::vector<float> low, high, to_low, to_high;
};

Build fake_quantize(const Ranges& r, std::size_t levels) {
    return [=](const Values& in) -> Value {
        return std::make_shared<op::v0::FakeQuantize>(in[0], numbers(r.shape, r.low), numbers(r.shape, r.high),
                                                      numbers(r.shape, r.to_low), numbers(r.shape, r.to_high), levels);
    };
}

/// So many levels that differences see the map between the ranges: a level is 3e-5 of values 1, a step 3e-2 of them.
std::vector<Case> fine_levels() {
    const Ranges whole{{}, {-0.7F}, {0.5F}, {-1.0F}, {2.0F}};
    const Ranges by_channel{{1, 2, 1}, {-0.7F, -0.4F}, {0.5F, 0.8F}, {-1.0F, 0.5F}, {2.0F, -0.5F}};
    const auto fine = [](const std::string& name, const Ranges& ranges, std::vector<double> bounds) {
        auto c = smooth(name, {2, 4}, fake_quantize(ranges, 65536));
        c.inputs[0].kinks = std::move(bounds);
        c.tolerance = 1e-2;  // a level more or less on either side of the steps
        return c;
    };
    auto open = fine("FakeQuantize, extents unknown", by_channel, {-0.7, -0.4, 0.5, 0.8});
    open.dynamic = true;
    return {fine("FakeQuantize", whole, {-0.7, 0.5}),
            fine("FakeQuantize by channel", by_channel, {-0.7, -0.4, 0.5, 0.8}), open};
}

Case fake_convert(const std::string& type, float scale, float shift) {
    return smooth("FakeConvert to " + type, {8}, [=](const Values& in) -> Value {
        return std::make_shared<op::v13::FakeConvert>(in[0], numbers({1}, {scale}), numbers({1}, {shift}), type);
    });
}

struct Answer {
    std::vector<float> gradient;
    std::vector<std::string> notes;
};

/// The gradient of the sum.
Answer gradient_at(const Build& build, const std::vector<float>& point) {
    const auto model = model_of(smooth("rounded", {point.size()}, build));
    const auto made =
        differentiate(model, {model->get_parameters()[0]->output(0)}, model->get_results()[0]->input_value(0));
    auto compiled = compile(made.model);
    ov::Tensor x(ov::element::f32, {1, point.size()}), ones(ov::element::f32, {1, point.size()});
    std::copy(point.begin(), point.end(), x.data<float>());
    std::fill_n(ones.data<float>(), point.size(), 1.0F);
    const auto result = run(compiled, {x, ones})[1];
    return {{result.data<float>(), result.data<float>() + result.get_size()}, made.notes};
}

TEST(DifferentiateQuantisation, FirstDerivativesOfFineLevels) { check_first_orders(fine_levels()); }

/// Sixteen levels, and two: the slope between the ranges all the same, with both bounds, and 0 beyond.
TEST(DifferentiateQuantisation, RoundingIsPassedStraightThrough) {
    for (const std::size_t levels : {16U, 2U}) {
        const auto quantised = fake_quantize({{}, {-1.0F}, {3.0F}, {0.0F}, {2.0F}}, levels);
        const auto answer = gradient_at(quantised, {-1.5F, -1.0F, -0.9F, 0.3F, 2.9F, 3.0F, 3.1F});
        EXPECT_EQ(answer.gradient, (std::vector<float>{0, 0.5F, 0.5F, 0.5F, 0.5F, 0.5F, 0}));
        ASSERT_EQ(answer.notes.size(), 1U);
        EXPECT_EQ(answer.notes[0].find("FakeQuantize: straight-through"), 0U) << answer.notes[0];
    }
}

TEST(DifferentiateQuantisation, BoundsThatAreTurnedAroundOrOne) {
    const auto turned = fake_quantize({{}, {2.0F}, {-2.0F}, {0.0F}, {1.0F}}, 256);
    EXPECT_EQ(gradient_at(turned, {-3, 0, 1, 3}).gradient, (std::vector<float>{0, -0.25F, -0.25F, 0}));
    const auto step = fake_quantize({{}, {1.0F}, {1.0F}, {0.0F}, {1.0F}}, 256);
    EXPECT_EQ(gradient_at(step, {0, 1, 2}).gradient, (std::vector<float>{0, 0, 0}));
}

/// 448 is the largest number of f8e4m3, 57344 that of f8e5m2: twice x less one reaches it at 224.5, and 28672.5.
TEST(DifferentiateQuantisation, FakeConvertPassesWhatTheTypeHolds) {
    const std::vector<float> points{-223.6F, -223.4F, 0.013F, 224.4F, 224.6F, 28672, 28673};
    const auto small = gradient_at(fake_convert("f8e4m3", 2.0F, 1.0F).build, points);
    EXPECT_EQ(small.gradient, (std::vector<float>{0, 1, 1, 1, 0, 0, 0}));
    const auto wide = gradient_at(fake_convert("f8e5m2", 2.0F, 1.0F).build, points);
    EXPECT_EQ(wide.gradient, (std::vector<float>{1, 1, 1, 1, 1, 1, 0}));
    ASSERT_EQ(wide.notes.size(), 1U);
    EXPECT_EQ(wide.notes[0].find("FakeConvert: straight-through"), 0U) << wide.notes[0];
}

/// A cotangent that were carried as 8 bits would be rounded as coarsely as the value is.
TEST(DifferentiateQuantisation, NumbersOfEightBitsAreRefused) {
    const auto coarse = [](const Values& in) -> Value {
        const auto eight = std::make_shared<op::v0::Convert>(in[0], ov::element::f8e4m3);
        return std::make_shared<op::v0::Convert>(eight, ov::element::f32);
    };
    const auto model = model_of(smooth("coarse", {3}, coarse));
    const auto why =
        why_not_differentiable(model, {model->get_parameters()[0]->output(0)}, model->get_results()[0]->input_value(0));
    EXPECT_NE(why.find("Convert"), std::string::npos) << why;
    EXPECT_NE(why.find("too coarse"), std::string::npos) << why;
}

}  // namespace

std::vector<Case> quantisation_cases() {
    auto cases = fine_levels();
    cases.push_back(fake_convert("f8e4m3", 2.0F, 0.5F));
    return cases;
}

}  // namespace pellucid::graph::testing
