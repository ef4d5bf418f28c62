// Ops that pick elements by index: one line a case.
#include <gtest/gtest.h>

#include "graph/differentiate/cases.hpp"
#include "openvino/opsets/opset16.hpp"

namespace pellucid::graph::testing {
namespace {

namespace op = ov::op;

template <class Gather>
Build gather(const std::vector<std::int64_t>& indices, const ov::Shape& shape, std::int64_t axis) {
    return [=](const Values& in) -> Value {
        const auto picks = op::v0::Constant::create(ov::element::i64, shape, indices);
        return std::make_shared<Gather>(in[0], picks, integer(axis));
    };
}

/// By the values of places that are on, and off; one place is beyond the last, and so off everywhere.
template <class Op>
Case one_hot(const std::string& name, std::int64_t axis) {
    return {.name = name,
            .inputs = {{.extents = {1}, .batched = false}, {.extents = {1}, .batched = false}},
            .build = [=](const Values& in) -> Value {
                const auto at = op::v0::Constant::create(ov::element::i64, ov::Shape{2, 3}, {0, 3, 1, 5, 2, 2});
                const auto number = [](const Value& v) { return std::make_shared<op::v0::Squeeze>(v, ints({0})); };
                return std::make_shared<Op>(at, integer(4), number(in[0]), number(in[1]), axis);
            }};
}

std::vector<Case> picks() {
    const auto index = [](const ov::Shape& shape, const std::vector<std::int64_t>& v) {
        return op::v0::Constant::create(ov::element::i64, shape, v)->output(0);
    };
    return {
        linear("Gather one", {5, 3}, gather<op::v8::Gather>({0}, {}, 1)),
        linear("Gather a run", {5, 3}, gather<op::v8::Gather>({-3, -2}, {2}, 1)),
        linear("Gather some twice", {5, 3}, gather<op::v8::Gather>({4, 0, 4, -1}, {2, 2}, 1)),
        linear("Gather last axis", {5, 3}, gather<op::v7::Gather>({2, 0, 2}, {3}, -1)),
        linear("Gather (first form)", {5, 3}, gather<op::v1::Gather>({3, 1}, {2}, 1)),
        linear("Gather, every extent unknown", {5, 3}, gather<op::v8::Gather>({3, 1, 1}, {3}, 1), true),
        {.name = "Gather within batches",
         .inputs = {{.extents = {2, 5}, .batched = false}},
         .build = [=](const Values& in) -> Value {
             return std::make_shared<op::v8::Gather>(in[0], index({2, 3}, {0, 4, 4, 1, 2, 1}), integer(1), 1);
         },
         .linear = true},
        {.name = "GatherElements",
         .inputs = {{.extents = {2, 4}, .batched = false}},
         .build = [=](const Values& in) -> Value {
             return std::make_shared<op::v6::GatherElements>(in[0], index({2, 3}, {0, 3, 3, 1, 1, 2}), 1);
         },
         .linear = true},
        {.name = "GatherND",
         .inputs = {{.extents = {3, 4, 2}, .batched = false}},
         .build = [=](const Values& in) -> Value {
             return std::make_shared<op::v8::GatherND>(in[0], index({3, 2}, {0, 1, 2, 3, 0, 1}));
         },
         .linear = true},
        largest("TopK", {3, 7},
                [](const Values& in) -> Value {
                    return std::make_shared<op::v11::TopK>(in[0], integer(3), -1, op::TopKMode::MAX,
                                                           op::TopKSortType::SORT_VALUES)
                        ->output(0);
                }),
        largest("TopK smallest (third form)", {7, 2},
                [](const Values& in) -> Value {
                    return std::make_shared<op::v3::TopK>(in[0], integer(2), 1, op::TopKMode::MIN,
                                                          op::TopKSortType::SORT_VALUES)
                        ->output(0);
                }),
        {.name = "GatherND within batches",
         .inputs = {{.extents = {2, 3, 4, 2}, .batched = false}},
         .build = [=](const Values& in) -> Value {
             return std::make_shared<op::v8::GatherND>(in[0],
                                                       index({2, 3, 2, 1}, {0, 3, 1, 1, 2, -1, 3, 0, 0, 1, 2, 2}), 2);
         },
         .linear = true},
        {.name = "GatherND (first form)",
         .inputs = {{.extents = {3, 4}, .batched = false}},
         .build = [=](const Values& in) -> Value {
             return std::make_shared<op::v5::GatherND>(in[0], index({3, 2}, {0, 1, 2, 3, 0, 1}));
         },
         .linear = true},
        {.name = "GatherND (first form), batches joined",
         .inputs = {{.extents = {2, 3, 4}, .batched = false}},
         .build = [=](const Values& in) -> Value {
             return std::make_shared<op::v5::GatherND>(in[0], index({2, 3, 2, 1}, {0, 3, 1, 1, 2, 0, 3, 0, 0, 1, 2, 2}),
                                                       2);
         },
         .linear = true},
        {.name = "GatherND within batches, extents unknown",
         .inputs = {{.extents = {2, 3, 2}, .batched = false}},
         .build = [=](const Values& in) -> Value {
             return std::make_shared<op::v8::GatherND>(in[0], index({2, 2, 1}, {0, 2, 1, 1}), 1);
         },
         .linear = true,
         .dynamic = true},
        largest("TopK (first form)", {5, 3},
                [](const Values& in) -> Value {
                    return std::make_shared<op::v1::TopK>(in[0], integer(2), 1, "max", "index")->output(0);
                }),
        largest("Unique", {3, 2},
                [](const Values& in) -> Value { return std::make_shared<op::v10::Unique>(in[0])->output(0); }),
        largest("Unique along an axis", {4, 2},
                [](const Values& in) -> Value {
                    return std::make_shared<op::v10::Unique>(in[0], integer(1), false)->output(0);
                }),
        one_hot<op::v1::OneHot>("OneHot (first form)", -1),
        one_hot<op::v16::OneHot>("OneHot", 0),
    };
}

TEST(DifferentiateIndexing, FirstDerivatives) { check_first_orders(picks()); }
/// Of equal elements the first takes it all: differences cannot see that, for a step leaves none of them equal.
TEST(DifferentiateIndexing, OfEqualElementsTheFirstIsTheUniqueOne) {
    const auto model = model_of(smooth(
        "Unique", {6}, [](const Values& in) -> Value { return std::make_shared<op::v10::Unique>(in[0])->output(0); }));
    const auto made =
        differentiate(model, {model->get_parameters()[0]->output(0)}, model->get_results()[0]->input_value(0));
    auto compiled = compile(made.model);
    ov::Tensor x(ov::element::f32, {1, 6}), seed(ov::element::f32, {4});
    const std::vector<float> points{2, 1, 1, 3, 4, 3}, weights{10, 20, 30, 40};
    std::copy(points.begin(), points.end(), x.data<float>());
    std::copy(weights.begin(), weights.end(), seed.data<float>());
    const auto result = run(compiled, {x, seed})[1];
    EXPECT_EQ(std::vector<float>(result.data<float>(), result.data<float>() + 6),
              (std::vector<float>{20, 10, 0, 30, 40, 0}));
    ASSERT_EQ(made.notes.size(), 1U);
    EXPECT_NE(made.notes[0].find("the first"), std::string::npos) << made.notes[0];
}

TEST(DifferentiateIndexing, DerivativesOfDerivatives) { check_second_orders(picks()); }

}  // namespace

std::vector<Case> indexing_cases() { return picks(); }

}  // namespace pellucid::graph::testing
