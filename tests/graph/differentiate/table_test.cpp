// The table of ops against the cases that check it: who adds a row adds a case (docs: how to add an operator).
#include <gtest/gtest.h>

#include <map>
#include <set>

#include "graph/differentiate/cases.hpp"
#include "graph/rules.hpp"
#include "openvino/op/ops.hpp"

namespace pellucid::graph::testing {
namespace {

using Family = std::vector<Case> (*)();

/// Every family of cases. A new file of cases gets a line here.
constexpr std::array kFamilies{
    Family{convolution_cases},   Family{elementwise_cases}, Family{indexing_cases}, Family{movement_cases},
    Family{normalisation_cases}, Family{pooling_cases},     Family{product_cases},  Family{quantisation_cases},
    Family{reduction_cases},     Family{resampling_cases},  Family{sampling_cases}, Family{scattering_cases},
    Family{slicing_cases},       Family{spectral_cases},
};

std::vector<Case> all_cases() {
    std::vector<Case> all;
    for (const auto family : kFamilies) {
        for (const auto& c : family()) all.push_back(c);
    }
    return all;
}

std::string name_of(const ov::DiscreteTypeInfo& type) {
    return std::string(type.name) + " of " + (type.version_id == nullptr ? "Pellucid" : type.version_id);
}

/// What only begins or ends a graph.
bool is_end(const ov::Node& node) {
    return ov::is_type<ov::op::v0::Parameter>(&node) || ov::is_type<ov::op::v0::Result>(&node) ||
           ov::is_type<ov::op::v0::Constant>(&node);
}

std::set<ov::DiscreteTypeInfo> types_of(const std::shared_ptr<ov::Model>& model) {
    std::set<ov::DiscreteTypeInfo> types;
    for (const auto& node : model->get_ordered_ops()) {
        if (!is_end(*node)) types.insert(node->get_type_info());
    }
    return types;
}

std::shared_ptr<ov::Model> gradient_of(const std::shared_ptr<ov::Model>& model) {
    std::vector<Value> wrt;
    for (const auto& parameter : model->get_parameters()) wrt.push_back(parameter->output(0));
    try {
        return differentiate(model, wrt, model->get_results()[0]->input_value(0)).model;
    } catch (const std::exception& error) {
        ADD_FAILURE() << model->get_friendly_name() << ": " << error.what();
        return model;
    }
}

/// Rows that are written out as others have their cases in recurrent_test.cpp and control_flow_test.cpp.
TEST(DifferentiateTable, EveryRowWithARuleHasACase) {
    std::set<ov::DiscreteTypeInfo> met;
    for (const auto& c : all_cases()) {
        const auto model = model_of(c);
        met.merge(types_of(model));
        // Ops of our own are met in gradients only, and checked as derivatives of derivatives.
        for (const auto& type : types_of(gradient_of(model))) {
            if (std::string_view(type.version_id) == "pellucid") met.insert(type);
        }
    }
    for (const auto* row : all_facts()) {
        if (row->law == Law::kBlocked || row->decompose != nullptr) continue;
        EXPECT_EQ(met.count(row->op), 1U) << name_of(row->op) << " has a rule and no case in tests/graph/differentiate";
    }
}

/// Or derivatives of derivatives would end at an op that a rule of ours made.
TEST(DifferentiateTable, EveryOpThatARuleMakesHasARow) {
    std::set<ov::DiscreteTypeInfo> known;
    for (const auto* row : all_facts()) known.insert(row->op);
    std::map<std::string, std::string> without;  // and the case that it was first met in
    for (const auto& c : all_cases()) {
        for (const auto& type : types_of(gradient_of(model_of(c)))) {
            if (known.count(type) == 0) without.emplace(name_of(type), c.name);
        }
    }
    for (const auto& [op, name] : without) ADD_FAILURE() << "no row for " << op << ", first met in '" << name << "'";
}

}  // namespace
}  // namespace pellucid::graph::testing
