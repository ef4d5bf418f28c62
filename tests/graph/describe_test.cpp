// What is counted, against formulas by hand.
#include "graph/describe.hpp"

#include <gtest/gtest.h>

#include "graph/read.hpp"
#include "graph/small_nets.hpp"

namespace pellucid::graph::testing {
namespace {

TEST(Describe, ConvolutionsInOneAndTwoDimensions) {
    SmallNet flat(1);
    const auto one = describe(flat.model({flat.convolve("conv", flat.input({-1, 4, 20}), 6, 3, 2)}));
    EXPECT_EQ(one.macs, 6 * 10 * (4 * 3)) << "outputs times what each reads";
    EXPECT_EQ(one.parameters, 6 * 4 * 3);
    EXPECT_EQ(one.ops, (std::map<std::string, std::int64_t>{{"Convolution", 1}}));

    SmallNet square(1);
    const auto two = describe(square.model({square.convolve("conv", square.input({-1, 4, 10, 14}), 6, 5)}));
    EXPECT_EQ(two.macs, 6 * 10 * 14 * (4 * 5 * 5));
    EXPECT_TRUE(two.macs_complete);
}

TEST(Describe, GroupsReadTheirOwnChannelsOnly) {
    SmallNet net(1);
    const auto found = describe(net.model({net.convolve_groups("conv", net.input({-1, 8, 10, 14}), 4, 3, 3)}));
    EXPECT_EQ(found.macs, 4 * 3 * 10 * 14 * (8 / 4 * 3 * 3));
    EXPECT_EQ(found.parameters, 4 * 3 * 2 * 3 * 3);
}

TEST(Describe, TransposedConvolutionsWorkOnInputPositions) {
    SmallNet net(1);
    const auto found = describe(net.model({net.upsample("up", net.input({-1, 8, 5, 7}), 6)}));
    EXPECT_EQ(found.macs, 5 * 7 * 8 * 6 * 2 * 2);
}

TEST(Describe, ProductsOfMatrices) {
    SmallNet net(1);
    const auto found = describe(net.model({net.dense("dense", net.input({-1, 9, 16}), 5)}));
    EXPECT_EQ(found.macs, 9 * 16 * 5) << "a row a token";
    EXPECT_EQ(found.parameters, 16 * 5 + 5);

    const auto a = std::make_shared<ov::opset16::Parameter>(ov::element::f32, ov::PartialShape{-1, 2, 16, 9});
    const auto b = std::make_shared<ov::opset16::Parameter>(ov::element::f32, ov::PartialShape{-1, 2, 7, 16});
    const auto product = std::make_shared<ov::opset16::MatMul>(a, b, true, true);
    const auto both = describe(std::make_shared<ov::Model>(ov::OutputVector{product}, ov::ParameterVector{a, b}));
    EXPECT_EQ(both.macs, 2 * 9 * 7 * 16) << "both operands transposed";
    EXPECT_EQ(both.parameters, 0);
}

TEST(Describe, StatisticsAreNoParameters) {
    SmallNet net(1);
    const auto found = describe(net.model({net.normalise("norm", net.input({-1, 6, 4, 4}))}));
    EXPECT_EQ(found.parameters, 2 * 6);
}

TEST(Describe, SaysWhereASizeIsNotKnown) {
    SmallNet net(1);
    EXPECT_FALSE(describe(net.model({net.convolve("conv", net.input({-1, 4, -1, -1}), 6, 3)})).macs_complete);
}

struct Published {
    const char* file;
    double macs, parameters;   // in 1e9 and 1e6, as published for the architecture
    std::int64_t convolutions;
};

TEST(Describe, PublishedNetworks) {
    for (const Published& known :
         {Published{"resnet50_random.onnx", 4.09, 25.56, 53}, Published{"efficientnet_lite0.onnx", 0.385, 4.65, 49}}) {
        const auto path = std::filesystem::path(PELLUCID_ASSETS_DIR) / known.file;
        ASSERT_TRUE(std::filesystem::exists(path)) << path << " is missing: run ./dev setup";
        const auto found = describe(read(path).model);
        // Half a unit of the last digit published.
        EXPECT_NEAR(static_cast<double>(found.macs) / 1e9, known.macs, known.macs > 1 ? 0.005 : 0.0005) << known.file;
        EXPECT_NEAR(static_cast<double>(found.parameters) / 1e6, known.parameters, 0.005) << known.file;
        EXPECT_TRUE(found.macs_complete);
        std::int64_t convolutions = 0;
        for (const auto& [type, count] : found.ops) {
            convolutions += type == "Convolution" || type == "GroupConvolution" ? count : 0;
        }
        EXPECT_EQ(convolutions, known.convolutions) << known.file;
    }
}

}  // namespace
}  // namespace pellucid::graph::testing
