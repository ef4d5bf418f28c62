// Samples by a grid, regions of interest, columns put back to an image: one line a case.
#include <gtest/gtest.h>

#include "graph/differentiate/cases.hpp"
#include "openvino/opsets/opset16.hpp"

namespace pellucid::graph::testing {
namespace {

namespace op = ov::op;
using Grid = op::v9::GridSample;
using Mode = Grid::InterpolationMode;
using Padding = Grid::PaddingMode;

constexpr std::size_t kSide = 5;  // of the data, both ways: so that one list of kinks is that of x and of y

/// Where a grid's number meets an element, or the one mirrored there: the slope jumps.
std::vector<double> kinks(bool align_corners) {
    std::vector<double> all;
    for (int place = -3; place < 9; ++place) {
        all.push_back(align_corners ? 2.0 * place / (kSide - 1.0) - 1.0 : (2.0 * place + 1.0) / kSide - 1.0);
    }
    return all;
}

std::string name_of(const Grid::Attributes& a) {
    return "GridSample, mode " + std::to_string(static_cast<int>(a.mode)) + ", padding " +
           std::to_string(static_cast<int>(a.padding_mode)) + (a.align_corners ? ", corners aligned" : "");
}

/// By data and grid, or (so that the grid's derivative is differentiated once more) by grid and data.
Case by_both(const Grid::Attributes& attributes, bool grid_first) {
    Input data{.extents = {2, kSide, kSide}};
    Input grid{.extents = {3, 4, 2}, .low = -1.4, .high = 1.4, .kinks = kinks(attributes.align_corners)};
    Case c{.name = name_of(attributes) + (grid_first ? ", grid first" : ""),
           .inputs = grid_first ? std::vector<Input>{grid, data} : std::vector<Input>{data, grid},
           .build = [=](const Values& in) -> Value {
               return std::make_shared<Grid>(in[grid_first ? 1 : 0], in[grid_first ? 0 : 1], attributes);
           }};
    return c;
}

/// The nearest element, with places that lie halfway between two: what the engine itself takes.
Case nearest(Padding padding, bool align_corners, bool dynamic) {
    const Grid::Attributes attributes(align_corners, Mode::NEAREST, padding);
    Case c{.name = name_of(attributes) + (dynamic ? ", extents unknown" : ""),
           .inputs = {{.extents = {2, 2, 4, 6}, .batched = false}},
           .build = [=](const Values& in) -> Value {
               const std::vector<float> places{-0.75F, -1.2F,  0.25F, 0.0F,  0.75F, 0.5F, 1.3F, -0.5F,
                                               -2.1F,  -0.25F, 0.33F, 0.61F, -0.1F, 1.0F, -1.F, 0.2F};
               const auto grid = op::v0::Constant::create(ov::element::f32, ov::Shape{2, 2, 2, 2}, places);
               return std::make_shared<Grid>(in[0], grid, attributes);
           },
           .linear = true,
           .dynamic = dynamic};
    return c;
}

template <class Op>
Case regions(const std::string& name, int samples, typename Op::PoolingMode mode, bool dynamic = false) {
    const bool largest = mode == Op::PoolingMode::MAX;
    return {.name = name,
            .inputs = {{.extents = {2, 2, 7, 8}, .low = -2, .high = 2, .batched = false}},
            .build = [=](const Values& in) -> Value {
                // Within the map, partly outside, smaller than an element, and turned inside out.
                const std::vector<float> corners{0.3F, 0.6F, 4.2F, 5.1F, -2.0F, 1.0F, 3.0F, 9.0F,
                                                 1.0F, 1.0F, 1.2F, 1.1F, 5.0F,  4.0F, 3.0F, 2.5F};
                const auto boxes = op::v0::Constant::create(ov::element::f32, ov::Shape{4, 4}, corners);
                const auto of = op::v0::Constant::create(ov::element::i64, ov::Shape{4}, {0, 1, 0, 1});
                return std::make_shared<Op>(in[0], boxes, of, 3, 2, samples, 0.9F, mode);
            },
            .linear = !largest,
            .distinct = largest,
            .dynamic = dynamic};
}

Case aligned_regions(op::v9::ROIAlign::AlignedMode aligned, int samples, bool largest) {
    using Op = op::v9::ROIAlign;
    const auto mode = largest ? Op::PoolingMode::MAX : Op::PoolingMode::AVG;
    auto c = regions<Op>("ROIAlign, alignment " + std::to_string(static_cast<int>(aligned)) + ", " +
                             std::to_string(samples) + " samples" + (largest ? ", largest" : ""),
                         samples, mode);
    c.build = [=](const Values& in) -> Value {
        const std::vector<float> corners{0.3F, 0.6F, 4.2F, 5.1F, -2.0F, 1.0F, 3.0F, 9.0F, 1.0F, 1.0F, 1.2F, 1.1F};
        const auto boxes = op::v0::Constant::create(ov::element::f32, ov::Shape{3, 4}, corners);
        const auto of = op::v0::Constant::create(ov::element::i64, ov::Shape{3}, {1, 1, 0});
        return std::make_shared<Op>(in[0], boxes, of, 2, 3, samples, 0.8F, mode, aligned);
    };
    return c;
}

Case columns(const std::string& name, const ov::Shape& data, const std::vector<std::int64_t>& size,
             std::function<Value(const Value&, const Value&, const Value&)> make) {
    return linear(name, data, [=](const Values& in) -> Value { return make(in[0], ints(size), ints({2, 3})); });
}

std::vector<Case> samples() {
    std::vector<Case> cases;
    for (const auto mode : {Mode::BILINEAR, Mode::BICUBIC}) {
        for (const auto padding : {Padding::ZEROS, Padding::BORDER, Padding::REFLECTION}) {
            for (const bool align : {false, true}) {
                cases.push_back(by_both({align, mode, padding}, false));
                cases.push_back(by_both({align, mode, padding}, true));
            }
        }
    }
    auto open = by_both({false, Mode::BILINEAR, Padding::REFLECTION}, false);
    open.name += ", extents unknown";
    open.dynamic = true;
    cases.push_back(open);
    for (const auto padding : {Padding::ZEROS, Padding::BORDER, Padding::REFLECTION}) {
        cases.push_back(nearest(padding, false, false));
        cases.push_back(nearest(padding, true, padding == Padding::ZEROS));
    }
    return cases;
}

std::vector<Case> all_regions() {
    using First = op::v3::ROIAlign;
    using Aligned = op::v9::ROIAlign::AlignedMode;
    std::vector<Case> cases{
        regions<First>("ROIAlign (first form)", 2, First::PoolingMode::AVG),
        regions<First>("ROIAlign (first form), samples by size", 0, First::PoolingMode::AVG),
        regions<First>("ROIAlign (first form), extents unknown", 2, First::PoolingMode::AVG, true),
        regions<First>("ROIAlign (first form), largest", 2, First::PoolingMode::MAX),
        regions<First>("ROIAlign (first form), largest, samples by size", 0, First::PoolingMode::MAX),
        regions<First>("ROIAlign (first form), largest, extents unknown", 1, First::PoolingMode::MAX, true),
    };
    for (const auto aligned : {Aligned::ASYMMETRIC, Aligned::HALF_PIXEL_FOR_NN, Aligned::HALF_PIXEL}) {
        cases.push_back(aligned_regions(aligned, 2, false));
        cases.push_back(aligned_regions(aligned, 0, false));
        cases.push_back(aligned_regions(aligned, 2, true));
    }
    return cases;
}

std::vector<Case> all_columns() {
    using Op = op::v15::Col2Im;
    return {
        columns("Col2Im", {12, 12}, {4, 6},
                [](const Value& x, const Value& size, const Value& kernel) -> Value {
                    return std::make_shared<Op>(x, size, kernel);
                }),
        columns("Col2Im, strided, dilated, padded unevenly", {12, 16}, {5, 7},
                [](const Value& x, const Value& size, const Value& kernel) -> Value {
                    return std::make_shared<Op>(x, size, kernel, ov::Strides{1, 2}, ov::Strides{2, 1}, ov::Shape{1, 0},
                                                ov::Shape{0, 2});
                }),
        {.name = "Col2Im without a batch",
         .inputs = {{.extents = {6, 12}, .batched = false}},
         .build = [](const Values& in) -> Value { return std::make_shared<Op>(in[0], ints({4, 6}), ints({2, 3})); },
         .linear = true},
    };
}

TEST(DifferentiateSampling, FirstDerivatives) { check_first_orders(samples()); }
TEST(DifferentiateSampling, DerivativesOfDerivatives) { check_second_orders(samples()); }
TEST(DifferentiateSampling, FirstDerivativesOfRegions) { check_first_orders(all_regions()); }
TEST(DifferentiateSampling, DerivativesOfDerivativesOfRegions) { check_second_orders(all_regions()); }
TEST(DifferentiateSampling, FirstDerivativesOfColumns) { check_first_orders(all_columns()); }
TEST(DifferentiateSampling, DerivativesOfDerivativesOfColumns) { check_second_orders(all_columns()); }

}  // namespace

std::vector<Case> sampling_cases() {
    auto cases = samples();
    for (const auto& more : {all_regions(), all_columns()}) cases.insert(cases.end(), more.begin(), more.end());
    return cases;
}

}  // namespace pellucid::graph::testing
