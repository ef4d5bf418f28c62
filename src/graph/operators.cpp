#include "pellucid/operators.hpp"

#include <algorithm>

#include "graph/rules.hpp"

namespace pellucid {
namespace {

std::string word(graph::Law law) {
    switch (law) {
        case graph::Law::kMovement:
            return "movement";
        case graph::Law::kLinear:
            return "linear";
        case graph::Law::kBilinear:
            return "bilinear";
        case graph::Law::kElementwise:
            return "elementwise";
        case graph::Law::kNormalising:
            return "normalising";
        case graph::Law::kSelecting:
            return "selecting";
        case graph::Law::kBlocked:
            return "blocked";
    }
    return "";
}

/// "opset13" as "13".
std::string number_of(const char* version) {
    const std::string text = version == nullptr ? "" : version;
    return text.starts_with("opset") ? text.substr(5) : text;
}

std::string gradient_of(const graph::OpFacts& facts) {
    if (facts.decompose != nullptr) return "decomposed";
    return facts.law == graph::Law::kBlocked ? "blocked" : "rule";
}

}  // namespace

std::vector<OperatorFacts> operators() {
    std::vector<OperatorFacts> rows;
    for (const auto* facts : graph::all_facts()) {
        rows.push_back({facts->op.name, number_of(facts->op.version_id),
                        facts->decompose == nullptr ? word(facts->law) : "composite", gradient_of(*facts),
                        facts->macs != nullptr, std::string(facts->note)});
    }
    std::sort(rows.begin(), rows.end(), [](const OperatorFacts& a, const OperatorFacts& b) {
        return std::pair(a.name, a.opset) < std::pair(b.name, b.opset);
    });
    return rows;
}

}  // namespace pellucid
