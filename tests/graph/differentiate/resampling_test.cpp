// Interpolation, in every mode that has a gradient: one line a case.
#include <gtest/gtest.h>

#include "graph/differentiate/cases.hpp"
#include "openvino/opsets/opset16.hpp"

namespace pellucid::graph::testing {
namespace {

namespace op = ov::op;

std::vector<Case> resizes() {
    using Base = op::util::InterpolateBase;
    using Mode = Base::InterpolateMode;
    using Place = Base::CoordinateTransformMode;
    const auto resize = [](Mode mode, Place place, const std::vector<std::int64_t>& sizes,
                           const std::vector<std::int64_t>& axes) {
        Base::InterpolateAttrs attributes(mode, Base::ShapeCalcMode::SIZES, {0, 0, 0, 0}, {0, 0, 0, 0}, place);
        return [=](const Values& in) -> Value {
            return std::make_shared<op::v11::Interpolate>(in[0], ints(sizes), ints(axes), attributes);
        };
    };
    const auto scaled = [](Mode mode, Place place, std::vector<float> scales) {
        Base::InterpolateAttrs attributes(mode, Base::ShapeCalcMode::SCALES, {0, 0, 0, 0}, {0, 0, 0, 0}, place);
        return [=](const Values& in) -> Value {
            const auto s = op::v0::Constant::create(ov::element::f32, ov::Shape{2}, scales);
            return std::make_shared<op::v4::Interpolate>(in[0], ints({0, 0}), s, ints({2, 3}), attributes);
        };
    };
    std::vector<Case> cases;
    for (const auto mode : {Mode::NEAREST, Mode::LINEAR, Mode::LINEAR_ONNX, Mode::CUBIC}) {
        for (const auto place :
             {Place::HALF_PIXEL, Place::ASYMMETRIC, Place::ALIGN_CORNERS, Place::PYTORCH_HALF_PIXEL}) {
            const auto name =
                "Interpolate " + std::to_string(static_cast<int>(mode)) + "/" + std::to_string(static_cast<int>(place));
            cases.push_back(linear(name + " up", {2, 4, 5}, resize(mode, place, {8, 11}, {2, 3})));
            cases.push_back(linear(name + " down", {2, 8, 9}, resize(mode, place, {4, 3}, {2, 3})));
            cases.push_back(linear(name + " scaled", {2, 4, 5}, scaled(mode, place, {2.0F, 1.5F})));
        }
    }
    cases.push_back(
        linear("Interpolate, channels last", {4, 5, 2}, resize(Mode::NEAREST, Place::ASYMMETRIC, {8, 10}, {1, 2})));
    return cases;
}

TEST(DifferentiateResampling, FirstDerivatives) { check_first_orders(resizes()); }

}  // namespace

std::vector<Case> resampling_cases() { return resizes(); }

}  // namespace pellucid::graph::testing
