#include <algorithm>
#include <numeric>

#include "core/files.hpp"
#include "core/suggest.hpp"
#include "model/classes.hpp"
#include "model/reduction.hpp"
#include "model/score_form.hpp"
#include "model/score_model.hpp"
#include "model/target_text.hpp"
#include "pellucid/error.hpp"

namespace pellucid::model {

double ResolvedTarget::value(std::span<const float> row) const {
    double sum = 0.0, largest = -std::numeric_limits<double>::infinity();
    for (std::size_t at = 0; at < weights.size(); ++at) {
        if (weights[at] != 0.0F) {
            sum += double{weights[at]} * double{row[at]};
            largest = std::max(largest, double{row[at]});
        }
    }
    return tensor.maximum ? largest : sum;
}

namespace {

/// Targets of one call, against one answer.
class Resolver {
public:
    Resolver(const Model& model, const Input& input, Score asked, std::vector<std::string>& notes)
        : impl_(model.impl()), logits_(run_logits(model, input)), asked_(asked), notes_(notes) {
        look_at_kinds(impl_, logits_);
    }

    [[nodiscard]] std::vector<ResolvedTarget> resolve(const std::vector<Target>& targets) {
        for (std::size_t at = 0; at < targets.size(); ++at) {
            std::size_t together = 1;
            while (!targets[at].whole.empty() && at + together < targets.size() &&
                   targets[at + together].whole == targets[at].whole) {
                ++together;
            }
            if (together > 1 && is_label(names(usual_output(impl_)), targets[at].whole)) {
                add(Target::label(targets[at].whole));
                at += together - 1;
            } else {
                add(targets[at]);
            }
        }
        refuse_mixed();
        return std::move(resolved_);
    }

private:
    void add(const Target& target) {
        switch (target.kind) {
            case Target::Kind::kTop:
                return add_top(target);
            case Target::Kind::kClass:
                return add_class(target);
            case Target::Kind::kMargin:
                return add_margin(target);
            case Target::Kind::kMask:
                return add_mask(target);
            case Target::Kind::kReduction:
                return add_reduction(target);
        }
    }

    void add_top(const Target& target) {
        const std::size_t output = choose_output();
        const Row row = row_at(output);
        if (row.values.size() == 1) {
            return add_index(output, 0);
        }
        const std::string name = "'" + impl_.card.outputs[output].name + "' " + to_string(row.values.shape());
        if (!answers_classes(impl_, output)) {
            throw Error(ErrorCode::kUsage, "output " + name + " is no classification, so there is no top class",
                        "give a target: an index, or OUTPUT[…].sum, .max or .mean");
        }
        if (row.positions() > 1) {
            throw Error(ErrorCode::kUsage,
                        "output " + name + " answers a class at each of " + std::to_string(row.positions()) +
                            " positions, so there is no one top class",
                        "give a class (its map is summed), mask:FILE@CLASS, or OUTPUT[0,CLASS,…].sum");
        }
        if (target.count > row.classes()) {
            notes_.push_back("the model has " + std::to_string(row.classes()) + " classes, so no top " +
                             std::to_string(target.count));
        }
        const std::vector<std::int64_t> order = ranked(row.values);
        for (std::size_t at = 0; at < std::min(order.size(), static_cast<std::size_t>(target.count)); ++at) {
            add_index(output, order[at]);
        }
    }

    void add_class(const Target& target) {
        std::string text = target.text;
        const std::size_t output = take_output(text);
        add_index(output, find(output, text, target.quoted));
    }

    void add_margin(const Target& target) {
        const std::size_t output = choose_output();
        const Pair pair = target.whole.empty() ? Pair{find(output, target.text, target.quoted),
                                                      find(output, target.other, target.quoted)}
                                               : find_pair(names(output), target.whole, notes_);
        if (pair.plus == pair.minus) {
            throw Error(
                ErrorCode::kUsage,
                "target 'margin:" + target.text + "-" + target.other + "': both are class " + std::to_string(pair.plus),
                "name two classes");
        }
        ResolvedTarget made = blank(output);
        select_class(made.weights, output, pair.plus, 1.0F);
        select_class(made.weights, output, pair.minus, -1.0F);
        made.explained.label = name_of_class(output, pair.plus) + " - " + name_of_class(output, pair.minus);
        finish(std::move(made));
    }

    void add_mask(const Target& target) {
        std::string file = target.text, name;
        std::error_code error;
        if (const auto at = file.rfind('@'); at != std::string::npos && !std::filesystem::exists(file, error)) {
            name = trimmed(std::string_view(file).substr(at + 1));
            file = file.substr(0, at);
        }
        const std::size_t output = choose_output();
        ResolvedTarget made = blank(output);
        const Array mask = read_mask(file);
        const bool per_class = mask.size() == made.weights.size();
        if (!per_class && name.empty()) {
            throw Error(ErrorCode::kUsage,
                        "mask '" + file + "' is " + to_string(mask.shape()) + ", and the output is " +
                            to_string(made.weights.shape()),
                        "give a mask of that shape, or a class: mask:FILE@CLASS");
        }
        if (per_class && name.empty()) {
            std::copy(mask.values().begin(), mask.values().end(), made.weights.values().begin());
        } else {
            const bool quoted = unquote(name);
            spread_mask(made.weights, output, find(output, name, quoted), mask, file);
        }
        made.explained.label = "mask:" + target.text;
        finish(std::move(made));
    }

    void add_reduction(const Target& target) {
        const Reduction reduction = parse_reduction(target.text);
        const std::size_t output =
            reduction.output == "OUTPUT" || reduction.output.empty() ? choose_output() : output_named(reduction.output);
        ResolvedTarget made = blank(output);
        Shape shape = made.weights.shape();
        if (row_at(output).batched) {
            shape.insert(shape.begin(), 1);
        }
        made.weights = selection(reduction, shape, target.text).reshaped(made.weights.shape());
        const auto selected = std::count(made.weights.values().begin(), made.weights.values().end(), 1.0F);
        if (reduction.how == Reduction::How::kElement && selected > 1) {
            throw Error(ErrorCode::kUsage,
                        "target '" + target.text + "' selects " + std::to_string(selected) + " values",
                        "end it with .sum, .max or .mean");
        }
        made.tensor.maximum = reduction.how == Reduction::How::kMax;
        if (reduction.how == Reduction::How::kMean) {
            for (float& weight : made.weights.values()) {
                weight /= static_cast<float>(selected);
            }
        }
        made.explained.label = target.text;
        finish(std::move(made));
    }

    void add_index(std::size_t output, std::int64_t index) {
        ResolvedTarget made = blank(output);
        select_class(made.weights, output, index, 1.0F);
        made.explained.index = index;
        made.explained.label = label_of(impl_, output, index);
        if (row_at(output).positions() > 1) {
            notes_.push_back("the score of class " + name_of_class(output, index) + " is summed over its " +
                             std::to_string(row_at(output).positions()) + " positions");
        }
        finish(std::move(made));
    }

    /// The score that is meant for an output, as it is.
    [[nodiscard]] Score score_of(std::size_t output) {
        const OutputCard& card = impl_.card.outputs[output];
        const bool bare = logits_of(impl_, output).found.empty();
        const bool values = card.kind == OutputKind::kOther || card.kind == OutputKind::kBoxes;
        if (bare && values) {
            if (asked_ != Score::kLogit) {
                note("output '" + card.name + "' is no classification: it is explained as it is");
            }
            return Score::kLogit;
        }
        if (bare && asked_ == Score::kLogit && card.kind != OutputKind::kLogits) {
            const bool logs = card.kind == OutputKind::kLogProbabilities;
            note("no softmax or sigmoid ends the graph at '" + card.name +
                 "', so the output is explained as it is, a " + (logs ? "log-probability" : "probability"));
            return logs ? Score::kLogProbability : Score::kProbability;
        }
        return asked_;
    }

    [[nodiscard]] Row row_at(std::size_t output) {
        return row_of(impl_, logits_, output, form_of(impl_, output, score_of(output)));
    }

    [[nodiscard]] ResolvedTarget blank(std::size_t output) {
        ResolvedTarget made;
        made.tensor = {output, score_of(output), false};
        made.weights = Array(row_at(output).values.shape());
        return made;
    }

    void finish(ResolvedTarget made) {
        made.explained.score = made.value(row_at(made.tensor.output).values.values());
        resolved_.push_back(std::move(made));
    }

    void select_class(Array& weights, std::size_t output, std::int64_t index, float weight) {
        const Row row = row_at(output);
        std::size_t inner = 1;
        for (std::size_t axis = row.class_axis.value_or(weights.rank()) + 1; axis < weights.rank(); ++axis) {
            inner *= static_cast<std::size_t>(weights.shape()[axis]);
        }
        for (std::size_t at = 0; at < weights.size(); ++at) {
            if (at / inner % static_cast<std::size_t>(row.classes()) == static_cast<std::size_t>(index)) {
                weights[at] = weight;
            }
        }
    }

    void spread_mask(Array& weights, std::size_t output, std::int64_t index, const Array& mask,
                     const std::string& file) {
        if (static_cast<std::int64_t>(mask.size()) != row_at(output).positions()) {
            throw Error(ErrorCode::kUsage,
                        "mask '" + file + "' is " + to_string(mask.shape()) + ", and a class has " +
                            std::to_string(row_at(output).positions()) + " positions in " + to_string(weights.shape()),
                        "give a mask of the output's size");
        }
        select_class(weights, output, index, 1.0F);
        std::size_t next = 0;
        for (float& weight : weights.values()) {
            weight = weight != 0.0F ? mask[next++] : 0.0F;
        }
    }

    [[nodiscard]] static Array read_mask(const std::string& file) {
        if (std::filesystem::path(file).extension() != ".npy") {
            throw Error(ErrorCode::kUnsupported, "mask '" + file + "' is no .npy file",
                        "save it as a NumPy array of the output's size, 0 where nothing counts");
        }
        Array mask = core::read_npy(file);
        const auto values = mask.values();
        if (std::none_of(values.begin(), values.end(), [](float value) { return value != 0.0F; })) {
            throw Error(ErrorCode::kUsage, "mask '" + file + "' is zero everywhere", "set what counts to 1");
        }
        return mask;
    }

    [[nodiscard]] ClassNames names(std::size_t output) {
        return {impl_.card.outputs[output].labels, row_at(output).classes()};
    }

    /// Of two labels for one output, no and yes, the second is what the output says.
    [[nodiscard]] std::int64_t find(std::size_t output, const std::string& text, bool quoted) {
        const ClassNames all = names(output);
        const std::int64_t index = find_class(all, text, quoted, notes_);
        if (all.classes > 1 || (!quoted && is_index(text))) {
            return index;
        }
        if (all.labels.size() == 2 && index == 0) {
            throw Error(
                ErrorCode::kUsage,
                "the model has one output, the score of '" + all.labels[1] + "', and none for '" + all.labels[0] + "'",
                "explain '" + all.labels[1] + "' and read the signs the other way round");
        }
        return 0;
    }

    [[nodiscard]] std::string name_of_class(std::size_t output, std::int64_t index) {
        const std::string label = label_of(impl_, output, index);
        return label.empty() ? std::to_string(index) : label;
    }

    [[nodiscard]] std::size_t choose_output() {
        const std::size_t output = usual_output(impl_);
        if (impl_.card.outputs.size() > 1) {
            note("of " + std::to_string(impl_.card.outputs.size()) + " outputs, '" + impl_.card.outputs[output].name +
                 "' is explained");
        }
        return output;
    }

    [[nodiscard]] std::size_t output_named(const std::string& name) const {
        std::vector<std::string> known;
        for (const TensorInfo& info : impl_.outputs) {
            known.push_back(info.name);
        }
        const auto found = std::find(known.begin(), known.end(), name);
        if (found == known.end()) {
            known.emplace_back("OUTPUT");
            throw Error(ErrorCode::kUsage, "the network has no output '" + name + "'", core::did_you_mean(name, known));
        }
        return static_cast<std::size_t>(found - known.begin());
    }

    /// "NAME:CLASS" where there are several outputs; `text` keeps the class.
    [[nodiscard]] std::size_t take_output(std::string& text) {
        for (std::size_t output = 0; impl_.outputs.size() > 1 && output < impl_.outputs.size(); ++output) {
            const std::string prefix = impl_.outputs[output].name + ":";
            if (text.rfind(prefix, 0) == 0) {
                text = trimmed(std::string_view(text).substr(prefix.size()));
                return output;
            }
        }
        return choose_output();
    }

    void note(const std::string& text) {
        if (std::find(notes_.begin(), notes_.end(), text) == notes_.end()) {
            notes_.push_back(text);
        }
    }

    void refuse_mixed() const {
        for (const ResolvedTarget& target : resolved_) {
            if (target.tensor != resolved_.front().tensor) {
                throw Error(ErrorCode::kUsage, "targets of one run must read one output in one way",
                            "explain them in separate runs");
            }
        }
    }

    [[nodiscard]] static std::vector<std::int64_t> ranked(const Array& values) {
        std::vector<std::int64_t> order(values.size());
        std::iota(order.begin(), order.end(), 0);
        std::stable_sort(order.begin(), order.end(), [&](std::int64_t a, std::int64_t b) {
            return values[static_cast<std::size_t>(a)] > values[static_cast<std::size_t>(b)];
        });
        return order;
    }

    Model::Impl& impl_;
    Logits logits_;
    Score asked_;
    std::vector<std::string>& notes_;
    std::vector<ResolvedTarget> resolved_;
};

}  // namespace

std::vector<ResolvedTarget> resolve(const Model& model, const Input& input, const std::vector<Target>& targets,
                                    Score score, Score fallback, std::vector<std::string>& notes) {
    if (targets.empty()) {
        throw Error(ErrorCode::kUsage, "there is no target to explain");
    }
    const Score asked = score == Score::kDefault ? fallback : score;
    return Resolver(model, input, asked == Score::kDefault ? Score::kLogit : asked, notes).resolve(targets);
}

}  // namespace pellucid::model
