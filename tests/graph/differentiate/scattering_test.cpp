// Ops that place elements by index, and bags of rows picked by index: one line a case.
#include <gtest/gtest.h>

#include "graph/differentiate/cases.hpp"
#include "openvino/opsets/opset16.hpp"

namespace pellucid::graph::testing {
namespace {

namespace op = ov::op;
using Elements = op::v12::ScatterElementsUpdate;
using Slices = op::v15::ScatterNDUpdate;

Value index(const ov::Shape& shape, const std::vector<std::int64_t>& v) {
    return op::v0::Constant::create(ov::element::i64, shape, v)->output(0);
}

Case fixed(const std::string& name, const std::vector<ov::Shape>& shapes, Build build) {
    Case c{.name = name, .inputs = {}, .build = std::move(build)};
    for (const auto& shape : shapes) c.inputs.push_back({.extents = shape, .batched = false});
    return c;
}

/// The data of a product is squared first: by itself it would not be in its own derivative.
Value data_of(const Value& x, bool product) {
    return product ? std::make_shared<op::v1::Multiply>(x, x)->output(0) : x;
}

Case elements(const std::string& name, Elements::Reduction reduction, bool with_data) {
    return fixed(name, {{4, 3}, {3, 3}}, [=](const Values& in) -> Value {
        const auto at = index({3, 3}, {0, 3, 1, 0, 1, -4, 2, 3, 0});
        const auto data = data_of(in[0], reduction == Elements::Reduction::PROD);
        return std::make_shared<Elements>(data, at, in[1], integer(0), reduction, with_data);
    });
}
Case slices(const std::string& name, Slices::Reduction reduction, std::size_t width) {
    const ov::Shape updates = width == 1 ? ov::Shape{4, 3} : ov::Shape{4};
    return fixed(name, {{4, 3}, updates}, [=](const Values& in) -> Value {
        const auto at = width == 1 ? index({4, 1}, {3, 1, 3, 0}) : index({4, 2}, {3, 1, 0, 0, 3, 1, -1, 2});
        const auto data = data_of(in[0], reduction == Slices::Reduction::PROD);
        return std::make_shared<Slices>(data, at, in[1], reduction);
    });
}
/// The extreme is decided by values that no step brings together: data and updates lie on grids of their own.
Case extreme(Case c) {
    c.distinct = true;
    return c;
}
std::vector<Case> placed() {
    using E = Elements::Reduction;
    using S = Slices::Reduction;
    const auto cut = [](bool axes) {
        return [=](const Values& in) -> Value {
            if (axes) {
                return std::make_shared<op::v15::SliceScatter>(in[0], in[1], ints({-1}), ints({0}), ints({-2}),
                                                               ints({1}));
            }
            return std::make_shared<op::v15::SliceScatter>(in[0], in[1], ints({1, 0}), ints({3, 5}), ints({1, 2}));
        };
    };
    return {
        fixed("ScatterElementsUpdate (first form)", {{4, 3}, {2, 3}},
              [](const Values& in) -> Value {
                  return std::make_shared<op::v3::ScatterElementsUpdate>(in[0], index({2, 3}, {0, 3, 1, 2, 1, 0}),
                                                                         in[1], integer(0));
              }),
        elements("ScatterElementsUpdate, summed", E::SUM, true),
        elements("ScatterElementsUpdate, summed without the data", E::SUM, false),
        elements("ScatterElementsUpdate, averaged", E::MEAN, true),
        elements("ScatterElementsUpdate, averaged without the data", E::MEAN, false),
        elements("ScatterElementsUpdate, multiplied", E::PROD, true),
        elements("ScatterElementsUpdate, multiplied without the data", E::PROD, false),
        extreme(elements("ScatterElementsUpdate, largest", E::MAX, true)),
        extreme(elements("ScatterElementsUpdate, largest without the data", E::MAX, false)),
        extreme(elements("ScatterElementsUpdate, smallest", E::MIN, true)),
        extreme(elements("ScatterElementsUpdate, smallest without the data", E::MIN, false)),
        fixed("ScatterNDUpdate (first form)", {{4, 3}, {2, 3}},
              [](const Values& in) -> Value {
                  return std::make_shared<op::v3::ScatterNDUpdate>(in[0], index({2, 1}, {3, 1}), in[1]);
              }),
        fixed("ScatterNDUpdate", {{4, 3}, {2, 3}},
              [](const Values& in) -> Value { return std::make_shared<Slices>(in[0], index({2, 1}, {3, 1}), in[1]); }),
        slices("ScatterNDUpdate, rows summed", S::SUM, 1),
        slices("ScatterNDUpdate, subtracted", S::SUB, 2),
        slices("ScatterNDUpdate, multiplied", S::PROD, 2),
        slices("ScatterNDUpdate, rows multiplied", S::PROD, 1),
        extreme(slices("ScatterNDUpdate, smallest", S::MIN, 2)),
        extreme(slices("ScatterNDUpdate, largest rows", S::MAX, 1)),
        fixed("ScatterUpdate", {{4, 3}, {2, 3}},
              [](const Values& in) -> Value {
                  return std::make_shared<op::v3::ScatterUpdate>(in[0], index({2}, {2, 0}), in[1], integer(0));
              }),
        fixed("SliceScatter", {{4, 5}, {2, 3}}, cut(false)),
        fixed("SliceScatter, backwards along an axis", {{4, 5}, {4, 2}}, cut(true)),
    };
}

/// Where updates are 0, a product's derivative is the product of the others: 0 again if two are 0.
std::vector<Case> products_with_zeros() {
    auto by_elements = elements("ScatterElementsUpdate, multiplied by zeros", Elements::Reduction::PROD, true);
    auto without = elements("ScatterElementsUpdate, zeros multiplied without data", Elements::Reduction::PROD, false);
    auto by_slices = slices("ScatterNDUpdate, multiplied by zeros", Slices::Reduction::PROD, 1);
    for (auto* c : {&by_elements, &without, &by_slices}) c->inputs[1].low = c->inputs[1].high = 0.0;
    return {by_elements, without, by_slices};
}

std::vector<Case> bags() {
    const auto rows = [] { return index({5}, {0, 5, 5, 2, 0}); };
    const auto starts = [] { return index({4}, {0, 2, 2, 3}); };  // the second bag is empty
    using Sum = op::v3::EmbeddingBagOffsetsSum;
    using Bag = op::v15::EmbeddingBagOffsets;
    using Packed = op::v15::EmbeddingBagPacked;
    using Mean = op::util::EmbeddingBagOffsetsBase::Reduction;
    using PackedMean = op::util::EmbeddingBagPackedBase::Reduction;
    const auto packed = [] { return index({2, 3}, {0, 5, 5, 2, 0, 1}); };
    const auto segments = [] { return index({5}, {0, 0, 2, 2, 2}); };
    return {
        fixed("EmbeddingBagOffsetsSum", {{6, 3}},
              [=](const Values& in) -> Value { return std::make_shared<Sum>(in[0], rows(), starts()); }),
        fixed("EmbeddingBagOffsetsSum, a row for empty bags, weights", {{6, 3}, {5}},
              [=](const Values& in) -> Value {
                  return std::make_shared<Sum>(in[0], rows(), starts(), integer(4), in[1]);
              }),
        fixed("EmbeddingBagOffsets, no row for empty bags, weights", {{6, 3}, {5}},
              [=](const Values& in) -> Value {
                  return std::make_shared<Bag>(in[0], rows(), starts(), integer(-1), in[1], Mean::SUM);
              }),
        fixed("EmbeddingBagOffsets, averaged", {{6, 2, 2}},
              [=](const Values& in) -> Value {
                  return std::make_shared<Bag>(in[0], rows(), starts(), integer(3), Mean::MEAN);
              }),
        fixed("EmbeddingBagPackedSum", {{6, 3}},
              [=](const Values& in) -> Value {
                  return std::make_shared<op::v3::EmbeddingBagPackedSum>(in[0], packed());
              }),
        fixed("EmbeddingBagPacked, weights", {{6, 3}, {2, 3}},
              [=](const Values& in) -> Value {
                  return std::make_shared<Packed>(in[0], packed(), in[1], PackedMean::SUM);
              }),
        fixed("EmbeddingBagPacked, averaged", {{6, 3}},
              [=](const Values& in) -> Value { return std::make_shared<Packed>(in[0], packed(), PackedMean::MEAN); }),
        fixed("EmbeddingSegmentsSum", {{6, 3}},
              [=](const Values& in) -> Value {
                  return std::make_shared<op::v3::EmbeddingSegmentsSum>(in[0], rows(), segments(), integer(4));
              }),
        fixed("EmbeddingSegmentsSum, a row for empty bags, weights", {{6, 3}, {5}},
              [=](const Values& in) -> Value {
                  return std::make_shared<op::v3::EmbeddingSegmentsSum>(in[0], rows(), segments(), integer(4),
                                                                        integer(1), in[1]);
              }),
    };
}

TEST(DifferentiateScattering, FirstDerivatives) { check_first_orders(placed()); }
TEST(DifferentiateScattering, DerivativesOfDerivatives) { check_second_orders(placed()); }
TEST(DifferentiateScattering, ProductsWithZeros) { check_first_orders(products_with_zeros()); }
TEST(DifferentiateScattering, FirstDerivativesOfBags) { check_first_orders(bags()); }
TEST(DifferentiateScattering, DerivativesOfDerivativesOfBags) { check_second_orders(bags()); }

}  // namespace

std::vector<Case> scattering_cases() {
    auto cases = placed();
    const auto more = bags();
    cases.insert(cases.end(), more.begin(), more.end());
    return cases;
}

}  // namespace pellucid::graph::testing
