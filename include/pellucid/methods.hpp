#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "pellucid/explanation.hpp"
#include "pellucid/input.hpp"
#include "pellucid/model.hpp"
#include "pellucid/predictor.hpp"
#include "pellucid/run.hpp"
#include "pellucid/target.hpp"

namespace pellucid {

/// One option of a method, as help, Python signatures and docs show it.
struct OptionField {
    std::string name;
    std::string type;           ///< "integer", "number", "flag", "choice", "text"
    std::string default_value;
    std::string doc;            ///< one sentence, with units
    std::vector<std::string> choices;
};

enum class Need { kScores, kGradients, kSpatialLayer, kPicture };

/// What a method is asked: one input, several targets, its options as text (parsed and checked by the method's fields).
struct Request {
    const Model* model = nullptr;           ///< null with a bare predictor
    Predictor* predictor = nullptr;         ///< for perturbation methods; null: the model itself
    const Card* card = nullptr;             ///< with a bare predictor: what its rows are; null: plain tensors
    const Input* input = nullptr;
    std::vector<Target> targets;            ///< empty: the method's default (top1; LIME: its top_labels)
    Score score = Score::kDefault;
    std::map<std::string, std::string> options;
    RunOptions run;
};

/// What a run will take, before it runs.
struct Cost {
    std::int64_t forward = 0, backward = 0; ///< evaluations; at most, where a method may stop early
};

/// A method: one row of the one table (src/methods.cpp). Everything that shows methods reads it.
struct MethodRow {
    std::string_view name;                  ///< kebab-case of the literature's
    std::string_view family;                ///< "gradient", "cam", "perturbation"
    std::string_view question;              ///< the question it answers, one sentence
    std::string_view source;                ///< citation
    std::vector<Need> needs;
    std::vector<std::string> inputs;        ///< modalities: "image", "tensor", …
    Score default_score = Score::kLogit;
    std::vector<OptionField> (*options)() = nullptr;
    /// Empty when the model admits the method; else the one-line reason with what to use instead.
    std::string (*refuse)(const Model&, const std::map<std::string, std::string>& options) = nullptr;
    std::string_view cost_doc;              ///< the cost in words, in terms of the options
    Cost (*cost)(const Request&) = nullptr;
    /// Where the method may stop early: what a shorter run of it lets expect. Null: it takes `cost`.
    Cost (*expected)(const Request&, const std::vector<Explanation>& probe) = nullptr;
    /// One explanation a target. Called through pellucid::run.
    std::vector<Explanation> (*run)(const Request&) = nullptr;
};

[[nodiscard]] std::span<const MethodRow> methods();
/// Throws Error(kUsage) that suggests the near name.
[[nodiscard]] const MethodRow& method(std::string_view name);

/// Whether the method needs a model's graph, which a black-box program has not.
[[nodiscard]] bool needs_graph(const MethodRow& row);

/// Runs a method: checks its options, asks `refuse`, runs it, and fills in what all explanations share.
[[nodiscard]] std::vector<Explanation> run(const MethodRow& row, const Request& request);

}  // namespace pellucid
