#include "model/reading.hpp"

#include <algorithm>

#include "core/suggest.hpp"
#include "model/chance.hpp"
#include "model/score_model.hpp"
#include "model/target_text.hpp"
#include "pellucid/error.hpp"

namespace pellucid::model {

namespace {

/// Two labels for one output, no and yes: nothing answers 'no'.
[[noreturn]] void refuse_no(const ClassNames& all, const std::string& remedy) {
    throw Error(ErrorCode::kUsage,
                "the model has one output, the score of '" + all.labels[1] + "', and none for '" + all.labels[0] + "'",
                remedy);
}

}  // namespace

Reading::Reading(const Model& model, const Input& input, Score asked, std::vector<std::string>& notes)
    : impl_(model.impl()), logits_(run_logits(model, input)), asked_(asked), notes_(notes) {
    look_at_kinds(impl_, logits_);
    if (is_chance(impl_, usual_output(impl_), logits_)) {
        note(kChanceWarning);
    }
}

const Row& Reading::row(std::size_t output) {
    auto found = rows_.find(output);
    if (found == rows_.end()) {
        const ScoreForm form = form_of(impl_, output, score_of(output));
        found = rows_.emplace(output, row_of(impl_, logits_, output, form)).first;
    }
    return found->second;
}

Score Reading::score_of(std::size_t output) {
    const OutputCard& described = card(output);
    if (!logits_of(impl_, output).found.empty()) {
        return asked_;
    }
    if (described.kind == OutputKind::kOther || described.kind == OutputKind::kBoxes) {
        if (asked_ != Score::kLogit) {
            note("output '" + described.name + "' is no classification: it is explained as it is");
        }
        return Score::kLogit;
    }
    if (asked_ == Score::kLogit && described.kind != OutputKind::kLogits) {
        const bool logs = described.kind == OutputKind::kLogProbabilities;
        note("no one softmax or sigmoid ends the graph at '" + described.name +
             "', so there are no logits, and the output is explained as it is, a " +
             (logs ? "log-probability" : "probability"));
        return logs ? Score::kLogProbability : Score::kProbability;
    }
    return asked_;
}

std::size_t Reading::usual() {
    const std::size_t output = usual_output(impl_);
    if (impl_.card.outputs.size() > 1) {
        std::string others;
        for (std::size_t other = 0; other < impl_.outputs.size(); ++other) {
            others += other == output ? "" : (others.empty() ? "'" : ", '") + impl_.outputs[other].name + "'";
        }
        const std::string& first = impl_.outputs[output == 0 ? 1 : 0].name;
        note("of " + std::to_string(impl_.card.outputs.size()) + " outputs, '" + card(output).name +
             "' is explained; others (" + others + ") are chosen in the target: " + first + ":CLASS or " + first +
             "[0,…].sum");
    }
    return output;
}

std::size_t Reading::named(const std::string& output) const {
    std::vector<std::string> known;
    for (const TensorInfo& info : impl_.outputs) {
        known.push_back(info.name);
    }
    const auto found = std::find(known.begin(), known.end(), output);
    if (found == known.end()) {
        known.emplace_back("OUTPUT");
        throw Error(ErrorCode::kUsage, "the network has no output '" + output + "'", core::did_you_mean(output, known));
    }
    return static_cast<std::size_t>(found - known.begin());
}

std::size_t Reading::taken_from(std::string& text) {
    for (std::size_t output = 0; impl_.outputs.size() > 1 && output < impl_.outputs.size(); ++output) {
        const std::string prefix = impl_.outputs[output].name + ":";
        if (text.rfind(prefix, 0) == 0) {
            text = trimmed(std::string_view(text).substr(prefix.size()));
            return output;
        }
    }
    return usual();
}

std::int64_t Reading::find(std::size_t output, const std::string& text, bool quoted) {
    const ClassNames all = names(output);
    const std::int64_t index = find_class(all, text, quoted, notes_);
    if (all.classes > 1 || (!quoted && is_index(text))) {
        return index;
    }
    if (all.labels.size() == 2 && index == 0) {
        refuse_no(all, "explain '" + all.labels[1] + "' and read the signs the other way round");
    }
    return 0;
}

void Reading::refuse_margin_of_one(std::size_t output) {
    const ClassNames all = names(output);
    if (all.classes == 1 && all.labels.size() == 2) {
        refuse_no(all,
                  "explain '" + all.labels[1] + "' alone: what speaks for it speaks against '" + all.labels[0] + "'");
    }
}

void Reading::refuse_unknown_output(std::size_t output, const std::string& text) {
    const std::size_t colon = text.find(':');
    const ClassNames all = names(output);
    const bool in_labels = std::any_of(all.labels.begin(), all.labels.end(),
                                       [](const std::string& label) { return label.find(':') != std::string::npos; });
    if (impl_.outputs.size() > 1 && colon != std::string::npos && !in_labels) {
        static_cast<void>(named(trimmed(std::string_view(text).substr(0, colon))));
    }
}

ClassNames Reading::names(std::size_t output) { return {card(output).labels, row(output).classes()}; }

std::string Reading::name_of_class(std::size_t output, std::int64_t index) const {
    const std::string known = label(output, index);
    return known.empty() ? std::to_string(index) : known;
}

ResolvedTarget Reading::blank(std::size_t output) {
    ResolvedTarget made;
    made.tensor = {output, score_of(output), false};
    made.weights = Array(row(output).values.shape());
    made.explained.output = card(output).name;
    return made;
}

void Reading::add_class(ResolvedTarget& target, std::int64_t index, float weight) {
    const Row& answered = row(target.tensor.output);
    const std::int64_t positions = answered.positions();
    const float each = weight / static_cast<float>(positions);
    for (std::size_t at = 0; at < target.weights.size(); ++at) {
        target.weights[at] += answered.class_at(at) == static_cast<std::size_t>(index) ? each : 0.0F;
    }
    if (positions > 1) {
        target.explained.reading = "mean over " + grid_text(answered.grid()) + " positions";
        note("the score of class " + name_of_class(target.tensor.output, index) + " is its " +
             target.explained.reading);
    }
}

std::string Reading::shown(std::size_t output) {
    return "'" + card(output).name + "' " + to_string(row(output).values.shape());
}

void Reading::note(const std::string& text) {
    if (std::find(notes_.begin(), notes_.end(), text) == notes_.end()) {
        notes_.push_back(text);
    }
}

std::string grid_text(const Shape& grid) {
    std::string text;
    for (const std::int64_t extent : grid) {
        text += text.empty() ? "" : "x";
        text += std::to_string(extent);
    }
    return text;
}

}  // namespace pellucid::model
