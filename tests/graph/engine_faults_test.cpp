// What the engine is known to compute wrong is found in a file's nodes and in the graph, and nothing else is.
#include <gtest/gtest.h>

#include <cstring>

#include "graph/engine_faults.hpp"
#include "openvino/openvino.hpp"
#include "openvino/opsets/opset16.hpp"

namespace pellucid::graph {
namespace {

namespace op = ov::op;

// A file of one node, written as protocol buffers are: a key of field and kind, then a number or a length and bytes.
std::string number(std::uint64_t value) {
    std::string bytes;
    for (; value > 0x7FU; value >>= 7U) bytes += static_cast<char>((value & 0x7FU) | 0x80U);
    return bytes + static_cast<char>(value);
}
std::string field(std::uint64_t at, std::uint64_t value) { return number(at << 3U) + number(value); }
std::string field(std::uint64_t at, const std::string& bytes) {
    return number(at << 3U | 2U) + number(bytes.size()) + bytes;
}
std::string integer(const std::string& name, std::int64_t value) {
    return field(5, field(1, name) + field(3, static_cast<std::uint64_t>(value)));
}
std::string text(const std::string& name, const std::string& value) {
    return field(5, field(1, name) + field(4, value));
}

std::vector<EngineFault> faults_of(const std::string& type, const std::string& rest) {
    const std::string node = rest + field(2, std::string("y")) + field(4, type);
    const std::string file = field(7, field(1, node));
    return find_engine_faults(std::as_bytes(std::span(file.data(), file.size())));
}

std::string inputs(std::size_t count) {
    std::string bytes;
    for (std::size_t i = 0; i < count; ++i) bytes += field(1, std::string(1, static_cast<char>('a' + i)));
    return bytes;
}

struct Met {
    std::string type, rest, what;
    bool certain = true;
};

TEST(EngineFaults, AreFoundInTheNodesOfAFile) {
    const Met rows[] = {
        {"Attention", integer("left_window_size", 0), "left_window_size"},
        {"Attention", integer("right_window_size", 2), "right_window_size"},
        {"Attention", integer("is_causal", 1) + inputs(6), "past"},
        {"LSTM", integer("layout", 1), "layout"},
        {"GRU", integer("layout", 1), "layout"},
        {"RNN", integer("layout", 1), "layout"},
        {"SpaceToDepth", text("mode", "CRD"), "CRD"},
        {"Resize", integer("antialias", 1), "antialias"},
        {"Resize", integer("exclude_outside", 1), "exclude_outside"},
        {"Resize", text("keep_aspect_ratio_policy", "not_larger"), "keep_aspect_ratio_policy"},
        {"Resize", text("coordinate_transformation_mode", "align_corners"), "align_corners", false},
        {"DFT", integer("onesided", 1), "onesided"},
        {"DFT", inputs(3), "third input"},
        {"RoiAlign", text("mode", "max"), "maximum"},
        {"DynamicQuantizeLinear", "", "between two steps", false},
    };
    for (const auto& row : rows) {
        const auto found = faults_of(row.type, row.rest);
        ASSERT_EQ(found.size(), 1U) << row.type << ", " << row.what;
        EXPECT_EQ(found[0].op, row.type);
        EXPECT_EQ(found[0].node, "y");  // a node without a name is called by its output
        EXPECT_NE(found[0].what.find(row.what), std::string::npos) << found[0].what;
        EXPECT_EQ(found[0].certain, row.certain) << found[0].what;
    }
}

TEST(EngineFaults, AreNotFoundWhereTheEngineIsRight) {
    EXPECT_TRUE(faults_of("Attention", integer("left_window_size", -1) + integer("is_causal", 1) + inputs(4)).empty());
    // An omitted mask has an empty name.
    const auto omitted = inputs(3) + field(1, std::string()) + field(1, std::string("p")) + field(1, std::string("q"));
    EXPECT_TRUE(faults_of("Attention", integer("is_causal", 1) + omitted).empty());
    EXPECT_TRUE(faults_of("LSTM", integer("layout", 0)).empty());
    EXPECT_TRUE(faults_of("SpaceToDepth", text("mode", "DCR")).empty());
    EXPECT_TRUE(faults_of("Resize", text("keep_aspect_ratio_policy", "stretch") + integer("antialias", 0)).empty());
    EXPECT_TRUE(faults_of("DFT", inputs(2)).empty());
    EXPECT_TRUE(faults_of("RoiAlign", text("mode", "avg")).empty());
    EXPECT_TRUE(faults_of("LayerNormalization", integer("layout", 1)).empty());
}

TEST(EngineFaults, AreFoundInTheBodiesOfBranches) {
    const std::string inner = field(1, field(4, std::string("GRU")) + integer("layout", 1));
    const auto found = faults_of("If", field(5, field(1, std::string("then_branch")) + field(6, inner)));
    ASSERT_EQ(found.size(), 1U);
    EXPECT_EQ(found[0].op, "GRU");
}

std::vector<EngineFault> faults_of_pool(std::size_t kernel, std::size_t stride, std::size_t pad) {
    const auto x = std::make_shared<op::v0::Parameter>(ov::element::f32, ov::PartialShape{1, 1, 2, 2});
    const auto pool =
        std::make_shared<op::v1::MaxPool>(x, ov::Strides{stride, stride}, ov::Shape{pad, pad}, ov::Shape{pad, pad},
                                          ov::Shape{kernel, kernel}, op::RoundingType::CEIL);
    return find_engine_faults(ov::Model(ov::OutputVector{pool}, ov::ParameterVector{x}));
}

TEST(EngineFaults, AWindowOutsideTheDataIsFound) {
    EXPECT_EQ(faults_of_pool(2, 2, 1).size(), 0U);  // two windows: the second begins at 2, the last of the data
    EXPECT_EQ(faults_of_pool(2, 3, 1).size(), 1U);  // the second begins at 3, in the padding behind
}

/// @param lengths  of the two rows of five steps
std::vector<EngineFault> faults_of_sequence(const ov::Output<ov::Node>& lengths, ov::ParameterVector parameters) {
    const auto x = std::make_shared<op::v0::Parameter>(ov::element::f32, ov::PartialShape{2, 5, 3});
    const auto zeros = [](const ov::Shape& shape) { return op::v0::Constant::create(ov::element::f32, shape, {0.0F}); };
    const auto sequence =
        std::make_shared<op::v5::RNNSequence>(x, zeros({2, 1, 4}), lengths, zeros({1, 4, 3}), zeros({1, 4, 4}),
                                              zeros({1, 4}), 4, op::RecurrentSequenceDirection::FORWARD);
    parameters.push_back(x);
    return find_engine_faults(ov::Model(ov::OutputVector{sequence->output(0)}, parameters));
}

TEST(EngineFaults, LengthsOfSequencesAreFound) {
    const auto constant = [](std::int64_t a, std::int64_t b) {
        return op::v0::Constant::create(ov::element::i64, {2}, {a, b});
    };
    EXPECT_TRUE(faults_of_sequence(constant(5, 5), {}).empty());
    EXPECT_EQ(faults_of_sequence(constant(5, 3), {}).size(), 1U);
    const auto given = std::make_shared<op::v0::Parameter>(ov::element::i64, ov::PartialShape{2});
    EXPECT_EQ(faults_of_sequence(given, {given}).size(), 1U);
    // As the reader makes them where a file names none: the number of steps, as often as there are rows.
    const auto rows = std::make_shared<op::v3::ShapeOf>(given);
    const auto all = std::make_shared<op::v3::Broadcast>(op::v0::Constant::create(ov::element::i64, {}, {5}), rows);
    EXPECT_TRUE(faults_of_sequence(all, {given}).empty());
}

TEST(EngineFaults, UnsortedUniqueValuesAreFound) {
    const auto x = std::make_shared<op::v0::Parameter>(ov::element::f32, ov::PartialShape{6});
    const auto faults = [&](bool sorted, std::size_t used) {
        const auto unique = std::make_shared<op::v10::Unique>(x, sorted);
        ov::OutputVector results{unique->output(0)};
        if (used != 0) results.push_back(unique->output(used));
        return find_engine_faults(ov::Model(results, ov::ParameterVector{x})).size();
    };
    EXPECT_EQ(faults(false, 0), 1U);
    EXPECT_EQ(faults(false, 1), 1U);
    EXPECT_EQ(faults(false, 2), 0U);
    EXPECT_EQ(faults(true, 0), 0U);
    const auto axis = op::v0::Constant::create(ov::element::i64, {}, {0});
    const auto along = std::make_shared<op::v10::Unique>(x, axis, false);
    EXPECT_TRUE(find_engine_faults(ov::Model(ov::OutputVector{along->output(0)}, ov::ParameterVector{x})).empty());
}

TEST(EngineFaults, ABorderOfAComputedValueIsFound) {
    const auto x = std::make_shared<op::v0::Parameter>(ov::element::f32, ov::PartialShape{2});
    const auto value = std::make_shared<op::v0::Parameter>(ov::element::f32, ov::PartialShape{});
    const auto one = op::v0::Constant::create(ov::element::i64, {1}, {1});
    const auto zero = op::v0::Constant::create(ov::element::f32, {}, {0.0F});
    const auto faults = [&](const ov::Output<ov::Node>& border, op::PadMode mode) {
        const auto pad = std::make_shared<op::v12::Pad>(x, one, one, border, mode);
        return find_engine_faults(ov::Model(ov::OutputVector{pad}, ov::ParameterVector{x, value})).size();
    };
    EXPECT_EQ(faults(value, op::PadMode::CONSTANT), 1U);
    EXPECT_EQ(faults(zero, op::PadMode::CONSTANT), 0U);
    EXPECT_EQ(faults(value, op::PadMode::EDGE), 0U);
}

TEST(EngineFaults, RoundingToFewBitsIsTold) {
    const auto x = std::make_shared<op::v0::Parameter>(ov::element::f32, ov::PartialShape{2});
    const auto faults = [&](const ov::element::Type& type) {
        const auto rounded = std::make_shared<op::v0::Convert>(x, type);
        return find_engine_faults(ov::Model(ov::OutputVector{rounded}, ov::ParameterVector{x}));
    };
    ASSERT_EQ(faults(ov::element::f8e4m3).size(), 1U);
    EXPECT_FALSE(faults(ov::element::f8e4m3)[0].certain);
    EXPECT_TRUE(faults(ov::element::f16).empty());
    EXPECT_TRUE(faults(ov::element::i8).empty());
}

TEST(EngineFaults, AWindowThatSomeSizesWouldHaveIsTold) {
    const auto faults = [](std::size_t kernel, std::size_t stride) {
        const auto x = std::make_shared<op::v0::Parameter>(ov::element::f32, ov::PartialShape{1, 1, -1, -1});
        const auto pool =
            std::make_shared<op::v1::MaxPool>(x, ov::Strides{stride, stride}, ov::Shape{0, 0}, ov::Shape{0, 0},
                                              ov::Shape{kernel, kernel}, op::RoundingType::CEIL);
        return find_engine_faults(ov::Model(ov::OutputVector{pool}, ov::ParameterVector{x}));
    };
    EXPECT_TRUE(faults(3, 2).empty());
    ASSERT_EQ(faults(1, 2).size(), 1U);
    EXPECT_FALSE(faults(1, 2)[0].certain);
}

TEST(EngineFaults, ASpectrumThatIsFilledUpIsFound) {
    const auto x = std::make_shared<op::v0::Parameter>(ov::element::f32, ov::PartialShape{3, 4, 2});
    const auto faults = [&](const std::vector<std::int64_t>& axes, const std::vector<std::int64_t>& lengths) {
        const auto constant = [](const std::vector<std::int64_t>& values) {
            return op::v0::Constant::create(ov::element::i64, {values.size()}, values);
        };
        const auto signal = std::make_shared<op::v9::IRDFT>(x, constant(axes), constant(lengths));
        return find_engine_faults(ov::Model(ov::OutputVector{signal}, ov::ParameterVector{x})).size();
    };
    EXPECT_EQ(faults({1}, {7}), 0U);  // reads 7 / 2 + 1 = 4 elements: all there are
    EXPECT_EQ(faults({1}, {8}), 1U);
    EXPECT_EQ(faults({-1, 0}, {4, 5}), 0U);  // the last is the halved one: it reads 3
    EXPECT_EQ(faults({-1, 0}, {5, 5}), 1U);
}

TEST(EngineFaults, SlicesFromWithinAreFound) {
    const auto faults = [](const ov::PartialShape& shape, std::int64_t start, std::int64_t stride,
                           std::int64_t width = 1) {
        const auto x = std::make_shared<op::v0::Parameter>(ov::element::f32, shape);
        const auto slice = std::make_shared<op::v0::Parameter>(ov::element::f32, ov::PartialShape{width, 2});
        const auto body = std::make_shared<ov::Model>(ov::OutputVector{std::make_shared<op::v0::Tanh>(slice)},
                                                      ov::ParameterVector{slice});
        const auto loop = std::make_shared<op::v0::TensorIterator>();
        loop->set_body(body);
        const std::int64_t end = stride > 0 ? -1 : shape[0].is_static() ? shape[0].get_length() % width : 0;
        loop->set_sliced_input(slice, x, start, stride, width, end, 0);
        const auto all = loop->get_concatenated_slices(body->get_results()[0], 0, width, width, -1, 0);
        return find_engine_faults(ov::Model(ov::OutputVector{all}, ov::ParameterVector{x})).size();
    };
    for (const auto& shape : {ov::PartialShape{6, 2}, ov::PartialShape{-1, 2}}) {
        EXPECT_EQ(faults(shape, 0, 1), 0U);
        EXPECT_EQ(faults(shape, 2, 1), 1U);
        EXPECT_EQ(faults(shape, -1, -1), 0U);
        EXPECT_EQ(faults(shape, -3, -1), 1U);
    }
    EXPECT_EQ(faults({6, 2}, -7, 1), 0U);  // the first, counted from behind the last
    EXPECT_EQ(faults({6, 2}, 6, -1), 0U);
    EXPECT_EQ(faults({6, 2}, -1, -2, 2), 0U);
    EXPECT_EQ(faults({5, 2}, -1, -2, 2), 1U);   // what is left over lies in front, and the engine begins there
    EXPECT_EQ(faults({-1, 2}, -1, -2, 2), 1U);
}

/// What an LSTMCell of the first opset meets; that its peepholes are left out is always told.
TEST(EngineFaults, GatesThatTheFirstOpsetHasInOtherWaysAreFound) {
    const auto x = std::make_shared<op::v0::Parameter>(ov::element::f32, ov::PartialShape{1, 3});
    const auto zeros = [](const ov::Shape& shape) { return op::v0::Constant::create(ov::element::f32, shape, {0.0F}); };
    const auto certain = [&](op::LSTMWeightsFormat order, bool coupled) {
        const auto cell = std::make_shared<op::v0::LSTMCell>(x, zeros({1, 2}), zeros({1, 2}), zeros({8, 3}),
                                                             zeros({8, 2}), zeros({8}), 2, order,
                                                             std::vector<std::string>{"sigmoid", "tanh", "tanh"},
                                                             std::vector<float>{}, std::vector<float>{}, 0.0F, coupled);
        const auto found = find_engine_faults(ov::Model(ov::OutputVector{cell->output(0)}, ov::ParameterVector{x}));
        return std::count_if(found.begin(), found.end(), [](const EngineFault& fault) { return fault.certain; });
    };
    EXPECT_EQ(certain(op::LSTMWeightsFormat::FICO, false), 0);
    EXPECT_EQ(certain(op::LSTMWeightsFormat::IOFC, false), 1);
    EXPECT_EQ(certain(op::LSTMWeightsFormat::FICO, true), 1);
}

TEST(EngineFaults, RepeatsThatAreComputedAreTold) {
    const auto x = std::make_shared<op::v0::Parameter>(ov::element::f32, ov::PartialShape{1, 2});
    const auto repeats = std::make_shared<op::v0::Parameter>(ov::element::i64, ov::PartialShape{2});
    const auto computed = std::make_shared<op::v0::Tile>(x, repeats);
    const auto found = find_engine_faults(ov::Model(ov::OutputVector{computed}, ov::ParameterVector{x, repeats}));
    ASSERT_EQ(found.size(), 1U);
    EXPECT_FALSE(found[0].certain);
    const auto constant = std::make_shared<op::v0::Tile>(x, op::v0::Constant::create(ov::element::i64, {2}, {2, 2}));
    EXPECT_TRUE(find_engine_faults(ov::Model(ov::OutputVector{constant}, ov::ParameterVector{x})).empty());
}

}  // namespace
}  // namespace pellucid::graph
