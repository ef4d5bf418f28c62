#pragma once

#include <map>
#include <string>
#include <vector>

#include "model/classes.hpp"
#include "model/score_form.hpp"

namespace pellucid::model {

/// One answer of the model, each output read as the score that was asked for.
class Reading {
public:
    /// Runs the model once.
    Reading(const Model& model, const Input& input, Score asked, std::vector<std::string>& notes);

    [[nodiscard]] const Row& row(std::size_t output);
    /// The score that is meant for an output.
    [[nodiscard]] Score score_of(std::size_t output);

    /// The output that is meant where none was named; of several, a note says which.
    [[nodiscard]] std::size_t usual();
    /// Throws Error(kUsage) with the near name.
    [[nodiscard]] std::size_t named(const std::string& output) const;
    /// Of "NAME:CLASS" where there are several outputs the one of that name, and `text` keeps the class; else usual().
    [[nodiscard]] std::size_t taken_from(std::string& text);

    /// The class that `text` names. Of two labels for one output, no and yes, the second is what the output says.
    [[nodiscard]] std::int64_t find(std::size_t output, const std::string& text, bool quoted);
    /// Throws Error(kUsage) where one output answers two labels, no and yes: there is no second score to subtract.
    void refuse_margin_of_one(std::size_t output);
    /// Throws Error(kUsage) with the near name where `text` is "NAME:CLASS" of no output, and no label of `output` holds a
    /// colon either.
    void refuse_unknown_output(std::size_t output, const std::string& text);
    [[nodiscard]] ClassNames names(std::size_t output);
    /// Empty where there is none.
    [[nodiscard]] std::string label(std::size_t output, std::int64_t index) const {
        return label_of(impl_, output, index);
    }
    /// Its label, else its index.
    [[nodiscard]] std::string name_of_class(std::size_t output, std::int64_t index) const;

    /// A target of `output` whose weights are still zero.
    [[nodiscard]] ResolvedTarget blank(std::size_t output);
    /// Adds `weight` times class `index`: of several positions, times its mean over them.
    void add_class(ResolvedTarget& target, std::int64_t index, float weight);

    [[nodiscard]] const OutputCard& card(std::size_t output) const { return impl_.card.outputs[output]; }
    [[nodiscard]] bool answers_classes(std::size_t output) const { return model::answers_classes(impl_, output); }
    /// "'y' [21, 64, 64]"
    [[nodiscard]] std::string shown(std::size_t output);
    /// Says it once.
    void note(const std::string& text);
    [[nodiscard]] std::vector<std::string>& notes() { return notes_; }

private:
    Model::Impl& impl_;
    Logits logits_;
    Score asked_;
    std::vector<std::string>& notes_;
    std::map<std::size_t, Row> rows_;
};

/// "64x64"
[[nodiscard]] std::string grid_text(const Shape& grid);

}  // namespace pellucid::model
