#include "engine/session.hpp"

#include <gtest/gtest.h>

#include <limits>
#include <thread>

#include "engine/block.hpp"
#include "engine/compiled_session.hpp"
#include "engine/nets.hpp"
#include "engine/request.hpp"
#include "engine/rows.hpp"
#include "openvino/opsets/opset16.hpp"
#include "pellucid/error.hpp"

namespace {

namespace op = ov::opset16;
using namespace pellucid;
using namespace pellucid::engine;

TEST(Session, CastsRowsToTheTypesOfTheGraph) {
    for (const ov::element::Type type : {ov::element::i64, ov::element::i32, ov::element::u8, ov::element::i8,
                                         ov::element::f16, ov::element::bf16, ov::element::f64}) {
        const auto x = nets::rows("x", {3}, type);
        const auto two = op::Constant::create(type, {1}, {2});
        const auto session =
            Session::compile(nets::named({std::make_shared<op::Multiply>(x, two)}, {x}), nets::uncached());
        EXPECT_EQ(session->inputs()[0].type, type.get_type_name());
        const auto answer = session->run_one({Array({1, 3}, {1.0F, 5.0F, 60.0F})});
        EXPECT_EQ(answer[0].shape(), (Shape{1, 3}));
        EXPECT_EQ((std::vector<float>(answer[0].values().begin(), answer[0].values().end())),
                  (std::vector<float>{2.0F, 10.0F, 120.0F}))
            << type;
    }
    const auto flag = nets::rows("flag", {3}, ov::element::boolean);
    const auto session =
        Session::compile(nets::named({std::make_shared<op::LogicalNot>(flag)}, {flag}), nets::uncached());
    const auto answer = session->run_one({Array({1, 3}, {1.0F, 0.0F, 0.5F})});
    EXPECT_EQ((std::vector<float>(answer[0].values().begin(), answer[0].values().end())),
              (std::vector<float>{0.0F, 1.0F, 0.0F}));
}

TEST(Session, RefusesValuesThatAnIntegerCannotHold) {
    const auto x = nets::rows("x", {1}, ov::element::u8);
    const auto session = Session::compile(nets::named({std::make_shared<op::Multiply>(x, x)}, {x}), nets::uncached());
    for (const float value : {-1.0F, 256.0F, 1e30F, std::numeric_limits<float>::quiet_NaN()}) {
        try {
            (void)session->run_one({Array({1, 1}, {value})});
            ADD_FAILURE() << value;
        } catch (const Error& error) {
            EXPECT_EQ(error.code(), ErrorCode::kUnsupported);
            EXPECT_NE(std::string(error.what()).find("'x'"), std::string::npos);
        }
    }
}

TEST(Session, TakesOpenExtentsFromTheArrays) {
    const auto x = nets::rows("x", {-1, 2});
    const auto axis = op::Constant::create(ov::element::i64, {1}, {1});
    const auto session =
        Session::compile(nets::named({std::make_shared<op::ReduceSum>(x, axis, false)}, {x}), nets::uncached());
    EXPECT_EQ(session->inputs()[0].row_shape, (Shape{-1, 2}));
    for (const std::int64_t length : {1, 3, 2}) {
        std::vector<float> values(static_cast<std::size_t>(2 * length), 1.0F);
        const auto answer = session->run_one({Array({1, length, 2}, values)});
        EXPECT_EQ(answer[0].shape(), (Shape{1, 2}));
        EXPECT_EQ(answer[0][0], static_cast<float>(length));
    }
    EXPECT_THROW((void)session->run_one({Array({1, 3, 3})}), Error);
}

/// Row r has 1 + r / 5 positions, each of value 1.
class GrowingRows final : public Rows {
public:
    [[nodiscard]] std::int64_t count() const override { return 23; }
    void fill(std::int64_t /*row*/, std::span<const std::span<float>> inputs) const override {
        std::fill(inputs[0].begin(), inputs[0].end(), 1.0F);
    }
    [[nodiscard]] std::vector<Shape> row_shapes(std::int64_t row) const override { return {{1 + row / 5, 2}}; }
};

TEST(Session, StreamsRowsOfSeveralShapes) {
    const auto x = nets::rows("x", {-1, 2});
    const auto axis = op::Constant::create(ov::element::i64, {1}, {1});
    const auto session =
        Session::compile(nets::named({std::make_shared<op::ReduceSum>(x, axis, false)}, {x}), nets::uncached());
    nets::Keep keep;
    EXPECT_EQ(stream(*session, GrowingRows(), keep, {}).rows, 23);
    for (std::size_t row = 0; row < keep.answers.size(); ++row) {
        EXPECT_EQ(keep.order[row], static_cast<std::int64_t>(row));
        EXPECT_EQ(keep.answers[row], (std::vector<float>(2, static_cast<float>(1 + row / 5))));
    }
}

TEST(Session, RunsOneRowARequestWhereABatchIsFixed) {
    auto x = nets::rows("x", {4});
    x->set_partial_shape({1, 4});
    x->validate_and_infer_types();
    const auto model = nets::named({std::make_shared<op::Relu>(x)}, {x});
    CompileOptions options = nets::uncached();
    const auto session = Session::compile(model, options);
    EXPECT_EQ(session->block(), 1);
    EXPECT_FALSE(session->notes().empty());
    options.forced_block = 1;
    EXPECT_TRUE(Session::compile(model, options)->notes().empty());
    EXPECT_EQ(nets::answers(*session, 7).size(), 7U);
}

TEST(Session, PassesWholeTensorsWhereThereIsNoRowAxis) {
    auto x = nets::rows("x", {});
    x->set_partial_shape({3, 2});
    x->validate_and_infer_types();
    const auto session = Session::compile(nets::named({std::make_shared<op::Relu>(x)}, {x}), nets::uncached());
    EXPECT_FALSE(session->inputs()[0].batched);
    EXPECT_EQ(session->inputs()[0].row_shape, (Shape{3, 2}));
    const auto answer = session->run_one({Array({3, 2}, {1, -1, 2, -2, 3, -3})});
    EXPECT_EQ(answer[0].shape(), (Shape{3, 2}));
    EXPECT_EQ(answer[0][4], 3.0F);
}

TEST(Session, SaysWhatDoesNotFit) {
    const auto session = Session::compile(nets::linear(5, 2, 1).model(), nets::uncached());
    EXPECT_THROW((void)session->run_one({}), Error);
    EXPECT_THROW((void)session->run_one({Array({2, 5})}), Error);
    EXPECT_THROW((void)session->run_one({Array({1, 6})}), Error);
    EXPECT_THROW((void)session->run_one({Array({5})}), Error);
    CompileOptions options = nets::uncached();
    options.precision = "f8";
    EXPECT_THROW((void)Session::compile(nets::linear(5, 2, 1).model(), options), Error);
    options = nets::uncached();
    options.device = "TPU";
    try {
        (void)Session::compile(nets::linear(5, 2, 1).model(), options);
        ADD_FAILURE();
    } catch (const Error& error) {
        EXPECT_EQ(error.code(), ErrorCode::kUnsupported);
        EXPECT_EQ(std::string(error.what()).find('\n'), std::string::npos);
    }
}

TEST(Session, PadsAShortBlockWithItsLastRow) {
    const auto session = Session::compile(nets::linear(2, 2, 1).model(), nets::uncached());
    BlockRequest request(dynamic_cast<CompiledSession&>(*session));
    for (int row = 0; row < session->block(); ++row) {
        std::fill(request.row(row)[0].begin(), request.row(row)[0].end(), static_cast<float>(row));
    }
    request.finish_rows(3);
    for (int row = 0; row < session->block(); ++row) {
        EXPECT_EQ(request.row(row)[0][1], static_cast<float>(std::min(row, 2)));
    }
}

TEST(Session, HasAsManyStreamsAsThreads) {
    // What the promise of equal bits stands on: one thread a stream, so no kernel is chosen by the number of threads.
    CompileOptions options = nets::uncached(2);
    for (const bool single : {false, true}) {
        options.single_pass = single;
        const auto session = Session::compile(nets::linear(5, 2, 1).model(), options);
        const int cores = static_cast<int>(std::max(1U, std::thread::hardware_concurrency()));
        EXPECT_EQ(dynamic_cast<CompiledSession&>(*session).streams(), single ? 1 : std::min(2, cores));
    }
}

TEST(Session, SinglePassAgreesWithTheStream) {
    CompileOptions options = nets::uncached();
    options.single_pass = true;
    const auto single = Session::compile(nets::small_cnn(33, 3), options);
    EXPECT_EQ(single->block(), 1);
    const auto a = nets::answers(*single, 5);
    const auto b = nets::answers(*Session::compile(nets::small_cnn(33, 3), nets::uncached()), 5);
    for (std::size_t row = 0; row < a.size(); ++row) {
        for (std::size_t at = 0; at < a[row].size(); ++at) {
            // Single passes promise 1e-6, of sums whose terms are of the size of 1.
            EXPECT_NEAR(double{a[row][at]}, double{b[row][at]}, 1e-6);
        }
    }
}

TEST(Block, FollowsTheGraphAlone) {
    EXPECT_EQ(choose_block(0), 16);
    EXPECT_EQ(choose_block(1U << 20U), 16);
    EXPECT_EQ(choose_block(10U << 20U), 2);
    EXPECT_EQ(choose_block(1ULL << 40U), 1);
    // x, x W and x W + b live at once: 5 + 2 + 2 floats, less x once it is used.
    const auto model = nets::linear(5, 2, 1).model();
    model->reshape(ov::PartialShape{1, 5});
    EXPECT_EQ(peak_bytes(*model), (5U + 2U) * sizeof(float));
}

}  // namespace
