// The same networks in several exporters' spellings have the same units.
#include "graph/canonical.hpp"

#include <gtest/gtest.h>

#include <numeric>

#include "graph/read.hpp"
#include "graph/small_nets.hpp"

namespace pellucid::graph::testing {
namespace {

const char* name_of(UnitKind kind) {
    switch (kind) {
        case UnitKind::kAffine:
            return "affine";
        case UnitKind::kNormalisation:
            return "normalisation";
        case UnitKind::kGelu:
            return "gelu";
        case UnitKind::kAttention:
            return "attention";
        case UnitKind::kGate:
            return "gate";
        case UnitKind::kResidualSum:
            return "sum";
        case UnitKind::kSingle:
            return "single";
    }
    return "";
}

std::shared_ptr<ov::Model> from_fixture(const std::string& file) {
    return read(std::filesystem::path(PELLUCID_SOURCE_DIR) / "tests/graph/data" / file).model;
}

/// Names of the units' kinds in order, single nodes left out. An exporter may fold a normalisation into the convolution
/// before it: with `folded`, those right behind a convolution are left out too.
std::string kinds_of(const Canonical& canonical, bool folded) {
    std::string kinds;
    for (const Unit& unit : canonical.units) {
        const auto source =
            unit.inputs.empty() ? canonical.unit_of.end() : canonical.unit_of.find(unit.inputs[0].get_node());
        const bool behind_affine =
            source != canonical.unit_of.end() && canonical.units[source->second].kind == UnitKind::kAffine;
        const bool left_out =
            unit.kind == UnitKind::kSingle || (folded && unit.kind == UnitKind::kNormalisation && behind_affine);
        kinds += left_out ? "" : std::string(kinds.empty() ? "" : " ") + name_of(unit.kind);
    }
    return kinds;
}

/// What must hold of any list of units.
void check_partition(const Canonical& canonical) {
    std::size_t members = 0;
    for (const Unit& unit : canonical.units) {
        members += unit.nodes.size();
        EXPECT_EQ(unit.name, unit.output.get_node()->get_friendly_name());
        for (const auto& node : unit.nodes) {
            EXPECT_EQ(canonical.unit_of.at(node.get()), static_cast<std::size_t>(&unit - canonical.units.data()));
        }
        const auto inside = [&](const ov::Node* node) {
            return std::any_of(unit.nodes.begin(), unit.nodes.end(),
                               [&](const auto& one) { return one.get() == node; });
        };
        EXPECT_TRUE(inside(unit.main.get()));
        EXPECT_TRUE(inside(unit.output.get_node()));
        for (const Value& input : unit.inputs) {
            EXPECT_FALSE(inside(input.get_node())) << unit.name;
        }
    }
    EXPECT_EQ(members, canonical.unit_of.size()) << "no node in two units";
}

struct Spelling {
    const char* net;
    const char* kinds;
    bool folded = false;
};

class CanonicalSpellings : public ::testing::TestWithParam<Spelling> {};

TEST_P(CanonicalSpellings, HaveTheSameUnits) {
    for (const char* exporter : {"_opset14.onnx", "_torchscript.onnx", "_dynamo.onnx", "_onnx.xml", "_torch.xml"}) {
        SCOPED_TRACE(GetParam().net + std::string(exporter));
        const auto model = from_fixture(GetParam().net + std::string(exporter));
        const Canonical canonical = find_units(model);
        EXPECT_EQ(kinds_of(canonical, GetParam().folded), GetParam().kinds);
        check_partition(canonical);
    }
}

constexpr const char* kTransformer =
    "affine "
    "normalisation affine attention affine sum normalisation affine gelu affine sum "
    "normalisation affine attention affine sum normalisation affine gelu affine sum "
    "normalisation affine";

INSTANTIATE_TEST_SUITE_P(
    Nets, CanonicalSpellings,
    ::testing::Values(
        Spelling{"residual", "affine affine affine sum affine", true}, Spelling{"vit", kTransformer},
        Spelling{"vit_tanh", kTransformer},
        Spelling{
            "gates",
            "affine affine affine gate affine affine gate affine affine affine affine sum gate affine gate affine"},
        Spelling{"norms", "affine normalisation affine normalisation affine normalisation normalisation affine"}),
    [](const auto& test) { return std::string(test.param.net); });

TEST(Canonical, NormalisationsAreFoundWhereTheyStand) {
    EXPECT_EQ(kinds_of(find_units(residual_net()), false),
              "affine normalisation affine normalisation affine normalisation sum affine normalisation affine "
              "normalisation sum affine");
    EXPECT_EQ(kinds_of(find_units(from_fixture("residual_opset14.onnx")), false),
              "affine normalisation affine normalisation affine normalisation sum affine");
}

/// x * scale + shift behind a convolution: a batch normalisation that was written as two ops.
TEST(Canonical, ScaleAndShiftBehindAConvolution) {
    SmallNet net(1);
    const Value x = net.convolve("conv", net.input({-1, 3, 8, 8}), 4, 3);
    const Value scaled = net.multiply("scaled", x, net.weights({1, 4, 1, 1}));
    const auto model = net.model({net.relu("relu", net.add("shifted", scaled, net.weights({1, 4, 1, 1})))});
    const Canonical canonical = find_units(model);
    EXPECT_EQ(kinds_of(canonical, false), "affine normalisation");
    EXPECT_EQ(canonical.units.at(1).name, "shifted");
}

TEST(Canonical, AnAffineUnitHoldsItsBias) {
    SmallNet net(1);
    const auto model = net.model({net.dense("dense", net.input({-1, 8}), 4)});
    const Canonical canonical = find_units(model);
    ASSERT_EQ(canonical.units.size(), 1U);
    EXPECT_EQ(canonical.units[0].kind, UnitKind::kAffine);
    EXPECT_EQ(canonical.units[0].main->get_friendly_name(), "dense/product");
    ASSERT_TRUE(canonical.units[0].bias);
    EXPECT_EQ(canonical.units[0].bias->get_friendly_name(), "dense");
    EXPECT_EQ(canonical.units[0].inputs, std::vector<Value>{model->input(0).get_node()->output(0)});
}

TEST(Canonical, AGateKnowsWhatIsGated) {
    const auto model = squeeze_net();
    for (const Unit& unit : find_units(model).units) {
        if (unit.kind == UnitKind::kGate) {
            EXPECT_EQ(unit.name, "gated");
            EXPECT_EQ(unit.inputs[0], find_node(model, "conv1/relu"));
            EXPECT_EQ(unit.inputs[1], find_node(model, "excite"));
            return;
        }
    }
    FAIL() << "no gate";
}

TEST(Canonical, LookalikesAreNotTaken) {
    SmallNet net(1);
    const Value x = net.convolve("conv", net.input({-1, 4, 8, 8}), 4, 3);
    const Value swish = net.multiply("swish", x, net.sigmoid("sigmoid", x));
    const Value read_twice = net.dense("dense", swish, 8);
    const auto product = read_twice.get_node_shared_ptr()->input_value(0);   // read outside its bias as well
    const auto model = net.model({read_twice, net.relu("relu", product)});
    EXPECT_EQ(kinds_of(find_units(model), false), "affine affine") << "swish is no gate";
    for (const Unit& unit : find_units(model).units) {
        EXPECT_FALSE(unit.kind == UnitKind::kAffine && unit.bias)
            << "an inner tensor that is read outside ends the unit";
    }
}

}  // namespace
}  // namespace pellucid::graph::testing
