// Ops that pick, or place, elements by index: one line a case.
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

Case scatter(const std::string& name, std::function<Value(const Values&)> build, const ov::Shape& updates) {
    return {.name = name,
            .inputs = {{.extents = {4, 3}, .batched = false}, {.extents = updates, .batched = false}},
            .build = std::move(build),
            .linear = false};
}

std::vector<Case> picks() {
    const auto index = [](const ov::Shape& shape, const std::vector<std::int64_t>& v) {
        return op::v0::Constant::create(ov::element::i64, shape, v)->output(0);
    };
    using Elements = op::v12::ScatterElementsUpdate;
    using Places = op::v15::ScatterNDUpdate;
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
        scatter("ScatterElementsUpdate",
                [=](const Values& in) -> Value {
                    return std::make_shared<op::v3::ScatterElementsUpdate>(in[0], index({2, 3}, {0, 3, 1, 2, 1, 0}),
                                                                           in[1], integer(0));
                },
                {2, 3}),
        scatter("ScatterElementsUpdate, summed",
                [=](const Values& in) -> Value {
                    return std::make_shared<Elements>(in[0], index({2, 3}, {0, 3, 1, 0, 1, 0}), in[1], integer(0),
                                                      Elements::Reduction::SUM);
                },
                {2, 3}),
        scatter("ScatterNDUpdate",
                [=](const Values& in) -> Value {
                    return std::make_shared<op::v3::ScatterNDUpdate>(in[0], index({2, 1}, {3, 1}), in[1]);
                },
                {2, 3}),
        scatter("ScatterNDUpdate, summed",
                [=](const Values& in) -> Value {
                    return std::make_shared<Places>(in[0], index({2, 1}, {3, 3}), in[1], Places::Reduction::SUM);
                },
                {2, 3}),
        scatter("ScatterUpdate",
                [=](const Values& in) -> Value {
                    return std::make_shared<op::v3::ScatterUpdate>(in[0], index({2}, {2, 0}), in[1], integer(0));
                },
                {2, 3}),
    };
}

TEST(DifferentiateIndexing, FirstDerivatives) { check_first_orders(picks()); }
TEST(DifferentiateIndexing, DerivativesOfDerivatives) { check_second_orders(picks()); }

}  // namespace
}  // namespace pellucid::graph::testing
