#include "graph/rules.hpp"

#include "graph/facts/table.hpp"

namespace pellucid::graph {
namespace {

using Family = std::span<const OpFacts> (*)();

/// The one table: every family of op types that Pellucid knows.
constexpr std::array kFamilies{
    Family{facts::arithmetic}, Family{facts::activations},  Family{facts::convolutions},  Family{facts::pooling},
    Family{facts::products},   Family{facts::reductions},   Family{facts::movement},      Family{facts::slicing},
    Family{facts::indexing},   Family{facts::resampling},   Family{facts::normalisation}, Family{facts::blocked},
    Family{facts::scattering}, Family{facts::embedding},    Family{facts::sampling},      Family{facts::regions},
    Family{facts::spectral},   Family{facts::quantisation}, Family{facts::recurrent},     Family{facts::control_flow},
};

std::map<ov::DiscreteTypeInfo, const OpFacts*> index_rows() {
    std::map<ov::DiscreteTypeInfo, const OpFacts*> rows;
    for (const auto family : kFamilies) {
        for (const auto& row : family()) rows.emplace(row.op, &row);
    }
    return rows;
}

const std::map<ov::DiscreteTypeInfo, const OpFacts*>& rows() {
    static const auto kRows = index_rows();
    return kRows;
}

}  // namespace

const OpFacts* facts_of(const ov::Node& node) {
    const auto found = rows().find(node.get_type_info());
    return found == rows().end() ? nullptr : found->second;
}

std::vector<const OpFacts*> all_facts() {
    std::vector<const OpFacts*> all;
    for (const auto family : kFamilies) {
        for (const auto& row : family()) all.push_back(&row);
    }
    return all;
}

const RuleSet& plain_rules() {
    static const RuleSet kPlain{
        .name = "plain",
        .carries = Carries::kGradient,
        .twin = false,
        .overrides = {},
        .plain_for = {Law::kMovement, Law::kLinear, Law::kBilinear, Law::kElementwise, Law::kNormalising,
                      Law::kSelecting, Law::kBlocked},
    };
    return kPlain;
}

namespace facts {

std::int64_t elements(const ov::PartialShape& shape) {
    return shape.is_static() ? static_cast<std::int64_t>(ov::shape_size(shape.to_shape())) : 0;
}

}  // namespace facts
}  // namespace pellucid::graph
