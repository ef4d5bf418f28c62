#include "engine/verify.hpp"

#include <gtest/gtest.h>

#include "engine/nets.hpp"
#include "engine/rows.hpp"
#include "openvino/opsets/opset16.hpp"

namespace {

namespace op = ov::opset16;
using namespace pellucid::engine;

std::shared_ptr<op::Parameter> one_row_of(std::int64_t size) {
    auto x = nets::rows("x", {size});
    x->set_partial_shape({1, size});
    x->validate_and_infer_types();
    return x;
}

std::shared_ptr<op::Constant> integers(const std::vector<std::int64_t>& values) {
    return op::Constant::create(ov::element::i64, {values.size()}, values);
}

bool independent(const std::shared_ptr<ov::Model>& model, std::string& why) {
    return rows_are_independent(model, nets::uncached(), why);
}

TEST(DynamicBatch, FreesAPlainNetwork) {
    const auto x = one_row_of(6);
    const auto w = op::Constant::create(ov::element::f32, {6, 3}, nets::values(18, 1));
    const auto model = nets::named({std::make_shared<op::MatMul>(x, w)}, {x});
    std::string why;
    const auto dynamic = with_dynamic_batch(model, why);
    ASSERT_NE(dynamic, nullptr) << why;
    EXPECT_TRUE(dynamic->input(0).get_partial_shape()[0].is_dynamic());
    EXPECT_TRUE(model->input(0).get_partial_shape()[0].is_static());
    EXPECT_TRUE(independent(dynamic, why)) << why;
}

TEST(DynamicBatch, RefusesABatchBakedIntoAReshape) {
    for (const bool fixed : {true, false}) {
        const auto x = one_row_of(6);
        const auto shape = fixed ? integers({1, 6}) : integers({1, -1});
        const auto model = nets::named({std::make_shared<op::Reshape>(x, shape, false)}, {x});
        std::string why;
        EXPECT_EQ(with_dynamic_batch(model, why), nullptr);
        EXPECT_FALSE(why.empty());
        EXPECT_EQ(why.find('\n'), std::string::npos);
    }
}

TEST(DynamicBatch, RefusesAnInputWithoutAxes) {
    auto x = nets::rows("x", {});
    x->set_partial_shape(ov::PartialShape{});
    x->validate_and_infer_types();
    std::string why;
    EXPECT_EQ(with_dynamic_batch(nets::named({std::make_shared<op::Relu>(x)}, {x}), why), nullptr);
    EXPECT_NE(why.find("'x'"), std::string::npos);
}

TEST(RowsAreIndependent, DetectsReshapesThatMixRows) {
    // Passes shape inference at any batch: [N, 16] -> [-1, 8] -> normalised over the first axis -> [-1, 16].
    const auto x = nets::rows("x", {16});
    const auto halves = std::make_shared<op::Reshape>(x, integers({-1, 8}), false);
    const auto soft = std::make_shared<op::Softmax>(halves, 0);
    const auto model = nets::named({std::make_shared<op::Reshape>(soft, integers({-1, 16}), false)}, {x});
    std::string why;
    EXPECT_FALSE(independent(model, why));
    EXPECT_NE(why.find("depends on the rows beside it"), std::string::npos) << why;
}

TEST(RowsAreIndependent, DetectsRowsThatAreReordered) {
    const auto x = nets::rows("x", {5});
    const auto axes = integers({0});
    const auto reversed = std::make_shared<op::Slice>(x, integers({-1}), integers({-1000000}), integers({-1}), axes);
    std::string why;
    EXPECT_FALSE(independent(nets::named({reversed}, {x}), why));
}

TEST(RowsAreIndependent, SaysWhenMixingWouldNotShow) {
    const auto x = nets::rows("x", {5});
    const auto zero = op::Constant::create(ov::element::f32, {1}, {0.0F});
    std::string why;
    EXPECT_FALSE(independent(nets::named({std::make_shared<op::Multiply>(x, zero)}, {x}), why));
    EXPECT_NE(why.find("all the same"), std::string::npos) << why;
}

TEST(RowsAreIndependent, DrawsBytesAsPixels) {
    // Pixels below 8 are cut to black: of rows of 0 and 1, all would answer the same.
    const auto x = nets::rows("x", {3, 8, 8}, ov::element::u8);
    const auto floor = op::Constant::create(ov::element::f32, {1}, {-8.0F});
    const auto dark = std::make_shared<op::Add>(std::make_shared<op::Convert>(x, ov::element::f32), floor);
    std::string why;
    EXPECT_TRUE(independent(nets::named({std::make_shared<op::Relu>(dark)}, {x}), why)) << why;
}

TEST(RowsAreIndependent, AcceptsNetworksOfEveryKindOfInput) {
    std::string why;
    EXPECT_TRUE(independent(nets::small_cnn(16, 1), why)) << why;
    const auto ids = nets::rows("ids", {7}, ov::element::i64);
    const auto mask = nets::rows("mask", {7}, ov::element::boolean);
    const auto table = op::Constant::create(ov::element::f32, {9, 4}, nets::values(36, 3));
    const auto embedded = std::make_shared<op::Gather>(table, ids, op::Constant::create(ov::element::i64, {}, {0}));
    const auto weight =
        std::make_shared<op::Unsqueeze>(std::make_shared<op::Convert>(mask, ov::element::f32), integers({2}));
    const auto product = std::make_shared<op::Multiply>(embedded, weight);
    EXPECT_TRUE(independent(nets::named({product}, {ids, mask}), why)) << why;
}

}  // namespace
