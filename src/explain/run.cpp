#include <algorithm>

#include "explain/task.hpp"
#include "pellucid/error.hpp"
#include "pellucid/methods.hpp"

namespace pellucid {

namespace {

/// Options in the method's order: what the request gives, else the default.
std::vector<std::pair<std::string, std::string>> options_in_force(const MethodRow& row, const Request& request) {
    std::vector<std::pair<std::string, std::string>> values;
    for (const OptionField& field : row.options()) {
        const auto given = request.options.find(field.name);
        values.emplace_back(field.name, given == request.options.end() ? field.default_value : given->second);
    }
    return values;
}

/// Several streams of a run say the same.
void keep_first_of_each(std::vector<std::string>& notes) {
    std::vector<std::string> kept;
    for (std::string& note : notes) {
        if (std::find(kept.begin(), kept.end(), note) == kept.end()) {
            kept.push_back(std::move(note));
        }
    }
    notes = std::move(kept);
}

bool is_zero(const Array& array) {
    return std::all_of(array.values().begin(), array.values().end(), [](float value) { return value == 0.0F; });
}

/// A picture without colour is an answer too, but looks like a fault: says why. Of class activation maps the method knows
/// more, and has said it.
void note_empty(const MethodRow& row, std::vector<Explanation>& explanations) {
    std::string empty;
    for (const Explanation& explanation : explanations) {
        const bool all = is_zero(explanation.attribution) &&
                         std::all_of(explanation.further_inputs.begin(), explanation.further_inputs.end(),
                                     [](const auto& further) { return is_zero(further.second); });
        empty += !all ? "" : (empty.empty() ? "'" : ", '") + explain::name_of_target(explanation.target) + "'";
    }
    if (empty.empty() || row.family == "cam") {
        return;
    }
    const char* const why =
        row.family == "gradient"
            ? "the gradient is 0 here (dead or saturated units), or the input is 0 or equals the baseline; "
              "ask occlusion, which "
              "changes the input by more, or take another --score"
            : "nothing that was covered moved it; cover more at a time, or with another fill";
    for (Explanation& explanation : explanations) {
        explanation.notes.push_back("the attribution of " + empty + " is 0 everywhere: " + why);
    }
}

void refuse_what_cannot_be(const MethodRow& row, const Request& request) {
    const std::string name(row.name);
    if (request.model == nullptr) {
        if (request.predictor == nullptr) {
            throw Error(ErrorCode::kUsage, name + ": there is no model and no predictor to explain");
        }
        if (needs_graph(row)) {
            throw Error(ErrorCode::kUnsupported, name + " needs a model's graph, and a black-box program has none",
                        "use occlusion or lime");
        }
        return;
    }
    const std::string reason = row.refuse(*request.model, request.options);
    if (!reason.empty()) {
        throw Error(ErrorCode::kUnsupported, name + ": " + reason);
    }
}

}  // namespace

bool needs_graph(const MethodRow& row) {
    return std::any_of(row.needs.begin(), row.needs.end(),
                       [](Need need) { return need == Need::kGradients || need == Need::kSpatialLayer; });
}

std::vector<Explanation> run(const MethodRow& row, const Request& request) {
    refuse_what_cannot_be(row, request);
    std::vector<Explanation> explanations = row.run(request);
    note_empty(row, explanations);
    for (Explanation& explanation : explanations) {
        explanation.method = row.name;
        explanation.options = options_in_force(row, request);
        if (request.model != nullptr) {
            const auto& notes = request.model->notes();
            explanation.notes.insert(explanation.notes.begin(), notes.begin(), notes.end());
        }
        const auto& notes = request.input->notes;
        explanation.notes.insert(explanation.notes.begin(), notes.begin(), notes.end());
        keep_first_of_each(explanation.notes);
    }
    return explanations;
}

}  // namespace pellucid
