#pragma once

#include <future>
#include <memory>
#include <optional>
#include <string>

#include "cli/explain_options.hpp"
#include "explain/document.hpp"
#include "pellucid/model.hpp"
#include "pellucid/predictor.hpp"

namespace pellucid::cli {

/// What the command line explains: a model, or a black-box program with an optional card.
class Subject {
public:
    /// Loads the model, or starts the program.
    explicit Subject(const ExplainOptions& options);
    Subject(const Subject&) = delete;
    Subject& operator=(const Subject&) = delete;
    /// Ends the program. A model is left to the end of the process: to take a network apart node by node is work for
    /// nothing.
    ~Subject();

    /// Whether the command line's MODEL is program:COMMAND.
    [[nodiscard]] static bool is_program(const std::string& model) { return model.starts_with("program:"); }
    [[nodiscard]] const Model* model() const { return model_ ? &*model_ : nullptr; }
    [[nodiscard]] Predictor* predictor() const { return predictor_.get(); }
    [[nodiscard]] const Card* card() const { return predictor_ ? &card_ : nullptr; }
    [[nodiscard]] Input load(const std::string& source) const;
    [[nodiscard]] explain::Provenance provenance(const Input& input) const;
    /// Axis of the colours in the network's input; 1 where the input is no picture.
    [[nodiscard]] int channel_axis() const;

private:
    const ExplainOptions& options_;
    std::optional<Model> model_;
    std::unique_ptr<Predictor> predictor_;
    Card card_;
    std::shared_future<std::string> model_hash_;
};

}  // namespace pellucid::cli
