// The layers that a map can stand on, and how they are named.
#include "graph/layers.hpp"

#include <gtest/gtest.h>

#include "graph/read.hpp"
#include "graph/small_nets.hpp"
#include "pellucid/error.hpp"

namespace pellucid::graph::testing {
namespace {

using Network = std::shared_ptr<ov::Model>;

std::string last_of(const Network& model) {
    return find_layer(model, score_of(model), "last-spatial").get_node()->get_friendly_name();
}

std::vector<std::string> names_of(const Network& model) {
    std::vector<std::string> names;
    for (const SpatialLayer& layer : spatial_layers(model, score_of(model))) {
        names.push_back(layer.name);
    }
    return names;
}

bool lists(const Network& model, const std::string& name) {
    const auto names = names_of(model);
    return std::find(names.begin(), names.end(), name) != names.end();
}

/// The error of a layer that cannot be had.
Error refusal(const Network& model, const std::string& spec) {
    try {
        (void)find_layer(model, score_of(model), spec);
    } catch (const Error& error) {
        return error;
    }
    return Error(ErrorCode::kInternal, "not refused");
}

Network from_fixture(const std::string& file) {
    return read(std::filesystem::path(PELLUCID_SOURCE_DIR) / "tests/graph/data" / file).model;
}

TEST(Layers, LastSpatialIsWhatGradCamsUsersTake) {
    EXPECT_EQ(last_of(residual_net()), "block2/relu2");
    EXPECT_EQ(last_of(squeeze_net()), "conv2/relu") << "the squeezed branch has no extents";
    EXPECT_EQ(last_of(cbam_net()), "spatial/gated") << "behind the gate, not the gate";
    EXPECT_EQ(last_of(vgg_net()), "stage2/pool") << "features[-1] is the last max-pool";
    EXPECT_EQ(last_of(unet()), "last/relu") << "of a map of scores, what the last product reads";
}

TEST(Layers, ListsMapsInOrderAndNothingElse) {
    EXPECT_EQ(names_of(squeeze_net()),
              (std::vector<std::string>{"conv1", "conv1/relu", "gated", "conv2", "conv2/relu"}));
    const Network gates = cbam_net();
    EXPECT_FALSE(lists(gates, "spatial/conv")) << "one channel";
    EXPECT_FALSE(lists(gates, "spatial/sigmoid")) << "within the gate";
    EXPECT_FALSE(lists(gates, "channel/sigmoid")) << "no extents";
    EXPECT_FALSE(lists(unet(), "classes")) << "the score itself";
    EXPECT_TRUE(lists(unet(), "skip"));
}

TEST(Layers, OnlyWhatLeadsToTheScore) {
    const Network model = two_headed_net();
    for (const SpatialLayer& layer : spatial_layers(model, score_of(model, 0))) {
        EXPECT_TRUE(layer.name.starts_with("conv1")) << layer.name;
    }
}

TEST(Layers, ByNameAndByIndex) {
    const Network model = squeeze_net();
    const Value score = score_of(model);
    EXPECT_EQ(find_layer(model, score, "gated"), find_node(model, "gated"));
    EXPECT_EQ(find_layer(model, score, "0"), find_node(model, "conv1"));
    EXPECT_EQ(find_layer(model, score, "2"), find_node(model, "gated"));
    EXPECT_EQ(find_layer(model, score, "-1"), find_node(model, "conv2/relu"));
    EXPECT_EQ(find_layer(model, score, "-5"), find_node(model, "conv1"));
}

TEST(Layers, RefusesWithWhatToDo) {
    const Network model = squeeze_net();
    EXPECT_EQ(refusal(model, "5").code(), ErrorCode::kUsage);
    EXPECT_NE(std::string(refusal(model, "-6").what()).find("-1 to -5"), std::string::npos);
    const Error near = refusal(model, "conv2/rleu");
    EXPECT_EQ(near.code(), ErrorCode::kUsage);
    EXPECT_NE(near.remedy().find("'conv2/relu'"), std::string::npos) << near.what();
    const Error other = refusal(model, "squeeze");
    EXPECT_EQ(other.code(), ErrorCode::kUnsupported) << "it is there, but has no extents";
    EXPECT_NE(std::string(other.what()).find("Convolution"), std::string::npos) << other.what();
}

TEST(Layers, ANetworkWithoutMaps) {
    SmallNet net(1);
    const Network model = net.model({net.dense("out", net.relu("relu", net.dense("in", net.input({-1, 8}), 8)), 3)});
    EXPECT_TRUE(spatial_layers(model, score_of(model)).empty());
    const Error error = refusal(model, "last-spatial");
    EXPECT_EQ(error.code(), ErrorCode::kUnsupported);
    EXPECT_NE(error.remedy().find("occlusion"), std::string::npos) << error.what();
}

TEST(Layers, GridsOfTokens) {
    const auto grid = [](ov::PartialShape shape) { return token_grid(shape, {}); };
    EXPECT_FALSE(grid({-1, 12, 8}));
    EXPECT_FALSE(grid({-1, 1, 8}));
    EXPECT_FALSE(grid({-1, -1, 8}));
    EXPECT_FALSE(grid({-1, 16}));
    ASSERT_TRUE(grid({-1, 197, 768}));
    EXPECT_EQ(grid({-1, 197, 768})->prefix, 1);
    EXPECT_EQ(grid({-1, 197, 768})->rows, 14);
    EXPECT_EQ(grid({-1, 197, 768})->columns, 14);
    EXPECT_TRUE(grid({-1, 197, 768})->guessed);
    EXPECT_EQ(grid({1, 198, 768})->prefix, 2);
    EXPECT_EQ(grid({1, 64, 8})->prefix, 0);
    EXPECT_EQ(grid({1, 64, 8})->rows, 8);
}

/// Two attentions, each with a residual sum, over patches of 4x4; then the class token, or the mean over tokens.
Network patch_transformer(std::int64_t rows, std::int64_t columns, bool class_token) {
    namespace opset = ov::opset16;
    constexpr std::size_t kChannels = 6;
    SmallNet net(11);
    const auto integers = [](const std::vector<std::int64_t>& values) {
        return opset::Constant::create(ov::element::i64, {values.size()}, values);
    };
    const auto x = net.input({1, 3, 4 * rows, 4 * columns});
    const ov::CoordinateDiff none(2, 0);
    const auto patches = std::make_shared<opset::Convolution>(x, net.weights({kChannels, 3, 4, 4}), ov::Strides{4, 4},
                                                              none, none, ov::Strides{1, 1});
    patches->set_friendly_name("patches");
    const auto flat =
        std::make_shared<opset::Reshape>(patches, integers({1, std::int64_t{kChannels}, rows * columns}), false);
    Value tokens = std::make_shared<opset::Transpose>(flat, integers({0, 2, 1}));
    if (class_token) {
        tokens = net.concat("with-class", {net.weights({1, 1, kChannels}), tokens});
    }
    for (const std::string& block : std::vector<std::string>{"first", "second"}) {
        const auto project = [&] {
            return std::make_shared<opset::MatMul>(tokens, net.weights({kChannels, kChannels}))->output(0);
        };
        const Value query = project(), key = project(), value = project();
        const auto weights =
            std::make_shared<opset::Softmax>(std::make_shared<opset::MatMul>(query, key, false, true), 2);
        tokens = net.add(block + "/sum", tokens, std::make_shared<opset::MatMul>(weights, value));
    }
    const Value read =
        class_token ? Value(std::make_shared<opset::Gather>(tokens, opset::Constant::create(ov::element::i64, {}, {0}),
                                                            opset::Constant::create(ov::element::i64, {}, {1})))
                    : net.average("pool", tokens, {1}, false);
    return net.model({net.dense("logits", read, 5)});
}

struct GridCase {
    std::int64_t rows, columns;
    bool class_token;
    std::string last;   ///< the last grid that the gradient reaches in every token
};
class GridsOfPatches : public ::testing::TestWithParam<GridCase> {};

/// 6x8 + 1 = 49 = 7x7, 3x12 = 6x6, and 7x14 is near no square: what the patch convolution makes decides.
TEST_P(GridsOfPatches, AreThoseOfThePatchConvolution) {
    const GridCase& expected = GetParam();
    const Network model = patch_transformer(expected.rows, expected.columns, expected.class_token);
    std::size_t grids = 0;
    for (const SpatialLayer& layer : spatial_layers(model, score_of(model))) {
        if (layer.tokens) {
            ++grids;
            EXPECT_EQ(layer.tokens->prefix, expected.class_token ? 1 : 0) << layer.name;
            EXPECT_EQ(layer.tokens->rows, expected.rows) << layer.name;
            EXPECT_EQ(layer.tokens->columns, expected.columns) << layer.name;
            EXPECT_FALSE(layer.tokens->guessed) << layer.name;
        }
    }
    EXPECT_GT(grids, 0U);
    EXPECT_EQ(last_of(model), expected.last);
}

INSTANTIATE_TEST_SUITE_P(Extents, GridsOfPatches,
                         ::testing::Values(GridCase{6, 8, true, "first/sum"}, GridCase{3, 12, false, "second/sum"},
                                           GridCase{7, 14, false, "second/sum"}, GridCase{7, 14, true, "first/sum"}),
                         [](const auto& test) {
                             return std::to_string(test.param.rows) + "x" + std::to_string(test.param.columns) +
                                    (test.param.class_token ? "_class" : "");
                         });

/// The largest gradient entry of each token, for a seed of ones.
std::vector<double> gradient_by_token(const Network& model, const Value& layer) {
    auto compiled = compile(differentiate(model, {layer}, score_of(model)).model);
    Random random(9);
    const auto outputs = run(compiled, {random_tensor({1, 3, 16, 16}, random), random_tensor({1, 5}, random)});
    const ov::Tensor& gradient = outputs.back();
    const ov::Shape shape = gradient.get_shape();
    std::vector<double> largest(shape[1], 0.0);
    for (std::size_t at = 0; at < gradient.get_size(); ++at) {
        double& token = largest[at / shape[2]];
        token = std::max(token, std::abs(static_cast<double>(gradient.data<float>()[at])));
    }
    return largest;
}

class LayersOfTokens : public ::testing::TestWithParam<std::string> {};

/// The class token alone is read at the end: the last layer whose gradient reaches the others is the normalised input of
/// the last attention, and what is listed is reached everywhere.
TEST_P(LayersOfTokens, AClassTokenAtTheEnd) {
    const Network model = from_fixture(GetParam());
    const auto layers = spatial_layers(model, score_of(model));
    ASSERT_FALSE(layers.empty());
    std::size_t grids = 0;
    for (const SpatialLayer& layer : layers) {
        SCOPED_TRACE(layer.name);
        if (layer.tokens) {
            ++grids;
            EXPECT_EQ(layer.tokens->prefix, 1);
            EXPECT_EQ(layer.tokens->rows, 4);
            EXPECT_EQ(layer.tokens->columns, 4);
            EXPECT_FALSE(layer.tokens->guessed);
            const auto largest = gradient_by_token(model, layer.tensor);
            EXPECT_GT(*std::min_element(largest.begin(), largest.end()), 0.0);
        }
    }
    // Of two blocks: norm1, the sum behind attention, norm2 and the sum behind the MLP of the first; norm1 of the second.
    // The sum with positions is no residual sum: they are fixed.
    EXPECT_EQ(grids, 5U);
    const Value last = find_layer(model, score_of(model), "last-spatial");
    EXPECT_EQ(last, layers.back().tensor);
    EXPECT_EQ(find_layer(model, score_of(model), layers.back().name), last);
    EXPECT_EQ(find_layer(model, score_of(model), "-1"), last);
    EXPECT_EQ(last.get_partial_shape(), (ov::PartialShape{-1, 17, 16}));
}

INSTANTIATE_TEST_SUITE_P(Exporters, LayersOfTokens,
                         ::testing::Values("vit_opset14.onnx", "vit_torchscript.onnx", "vit_dynamo.onnx",
                                           "vit_onnx.xml", "vit_torch.xml"),
                         [](const auto& test) {
                             return test.param.substr(0, test.param.find('.')) +
                                    (test.param.ends_with("xml") ? "_ir" : "");
                         });

TEST(Layers, PooledTokensEndInTheLastNormalisation) {
    const auto path = std::filesystem::path(PELLUCID_ASSETS_DIR) / "random_attention.onnx";
    ASSERT_TRUE(std::filesystem::exists(path)) << path << " is missing: run ./dev setup";
    const Network model = read(path).model;
    const auto layers = spatial_layers(model, score_of(model));
    ASSERT_TRUE(layers.back().tokens.has_value());
    EXPECT_EQ(layers.back().tokens->rows, 8);
    EXPECT_EQ(layers.back().tokens->columns, 8);
    EXPECT_EQ(layers.back().tokens->prefix, 0);
    EXPECT_EQ(find_layer(model, score_of(model), "last-spatial"), layers.back().tensor);
    EXPECT_EQ(layers.front().name, "patches") << "the patch embedding is a map like any other";
    // The last normalisation is what the mean over tokens reads.
    const auto readers = layers.back().tensor.get_target_inputs();
    ASSERT_EQ(readers.size(), 1U);
    EXPECT_STREQ(readers.begin()->get_node()->get_type_name(), "ReduceMean");
}

}  // namespace
}  // namespace pellucid::graph::testing
