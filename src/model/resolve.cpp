#include <algorithm>
#include <array>
#include <limits>
#include <numeric>

#include "model/mask.hpp"
#include "model/reading.hpp"
#include "model/reduction.hpp"
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
    Resolver(const Model& model, const Input& input, const TargetRequest& request, std::vector<std::string>& notes)
        : reading_(model, input, asked(request), notes), input_(input), request_(request) {}

    [[nodiscard]] std::vector<ResolvedTarget> resolve() {
        const std::vector<Target>& targets = request_.targets;
        for (std::size_t at = 0; at < targets.size(); ++at) {
            std::size_t together = 1;
            while (!targets[at].whole.empty() && at + together < targets.size() &&
                   targets[at + together].whole == targets[at].whole) {
                ++together;
            }
            if (together > 1 && is_a_label(targets[at].whole)) {
                add(Target::label(targets[at].whole));
                at += together - 1;
            } else {
                add(targets[at]);
            }
        }
        return std::move(resolved_);
    }

private:
    [[nodiscard]] static Score asked(const TargetRequest& request) {
        const Score score = request.score == Score::kDefault ? request.fallback : request.score;
        return score == Score::kDefault ? Score::kLogit : score;
    }

    /// Of the output that is meant where none is named.
    [[nodiscard]] bool is_a_label(std::string text) {
        return is_label(reading_.names(reading_.taken_from(text)), text);
    }

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
        const std::size_t output = reading_.usual();
        const Row& row = reading_.row(output);
        if (row.values.size() == 1) {
            return add_index(output, 0);
        }
        if (!reading_.answers_classes(output)) {
            throw Error(ErrorCode::kUsage,
                        "output " + reading_.shown(output) + " is no classification, so there is no top class",
                        "give a target: an index, or OUTPUT[…].sum, .max or .mean");
        }
        if (row.positions() > 1) {
            throw Error(ErrorCode::kUsage,
                        "output " + reading_.shown(output) + " answers a class at each of " +
                            std::to_string(row.positions()) + " positions, so there is no one top class",
                        "give a class (the mean of its map), mask:FILE@CLASS, or OUTPUT[0,CLASS,…].sum");
        }
        if (target.count > row.classes()) {
            reading_.note("the model has " + std::to_string(row.classes()) + " classes, so no top " +
                          std::to_string(target.count));
        }
        const std::vector<std::int64_t> order = ranked(row.values);
        for (std::size_t at = 0; at < std::min(order.size(), static_cast<std::size_t>(target.count)); ++at) {
            add_index(output, order[at]);
        }
    }

    void add_class(const Target& target) {
        std::string text = target.text;
        const std::size_t output = reading_.taken_from(text);
        if (!target.quoted && text == target.text) {
            reading_.refuse_unknown_output(output, text);
        }
        add_index(output, reading_.find(output, text, target.quoted));
    }

    void add_margin(const Target& target) {
        const std::size_t output = reading_.usual();
        reading_.refuse_margin_of_one(output);
        const Pair pair = target.whole.empty() ? Pair{reading_.find(output, target.text, target.quoted),
                                                      reading_.find(output, target.other, target.quoted)}
                                               : find_pair(reading_.names(output), target.whole, reading_.notes());
        if (pair.plus == pair.minus) {
            throw Error(
                ErrorCode::kUsage,
                "target 'margin:" + target.text + "-" + target.other + "': both are class " + std::to_string(pair.plus),
                "name two classes");
        }
        ResolvedTarget made = reading_.blank(output);
        reading_.add_class(made, pair.plus, 1.0F);
        reading_.add_class(made, pair.minus, -1.0F);
        made.explained.label =
            reading_.name_of_class(output, pair.plus) + " - " + reading_.name_of_class(output, pair.minus);
        finish(std::move(made));
    }

    void add_mask(const Target& target) {
        MaskName name = mask_name(target.text);
        const std::size_t output = reading_.usual();
        ResolvedTarget made = reading_.blank(output);
        const Row& row = reading_.row(output);
        Masked masked{row, reading_.shown(output), std::nullopt};
        if (!name.class_name.empty()) {
            const bool quoted = unquote(name.class_name);
            masked.index = reading_.find(output, name.class_name, quoted);
        }
        made.weights = mask_weights(name.file, masked, input_, request_.read_mask, reading_.notes());
        const auto inside = made.weights.size() - count_of(made.weights, 0.0F);
        made.explained.reading =
            "sum over " + std::to_string(inside) + " of " + std::to_string(made.weights.size()) + " values";
        made.explained.label = "mask:" + target.text;
        finish(std::move(made));
    }

    void add_reduction(const Target& target) {
        const Reduction reduction = parse_reduction(target.text);
        const std::size_t output = reduction.output == "OUTPUT" || reduction.output.empty()
                                       ? reading_.usual()
                                       : reading_.named(reduction.output);
        ResolvedTarget made = reading_.blank(output);
        Shape shape = made.weights.shape();
        if (reading_.row(output).batched) {
            shape.insert(shape.begin(), 1);
        }
        made.weights = selection(reduction, shape, target.text).reshaped(made.weights.shape());
        const std::size_t selected = count_of(made.weights, 1.0F);
        if (reduction.how == Reduction::How::kElement && selected > 1) {
            throw Error(ErrorCode::kUsage,
                        "target '" + target.text + "' selects " + std::to_string(selected) + " values",
                        "end it with .sum, .max or .mean");
        }
        made.tensor.maximum = reduction.how == Reduction::How::kMax;
        for (float& weight : made.weights.values()) {
            weight /= reduction.how == Reduction::How::kMean ? static_cast<float>(selected) : 1.0F;
        }
        if (selected > 1) {
            static constexpr std::array<const char*, 3> kHow{"sum", "mean", "maximum"};
            made.explained.reading = std::string(kHow.at(static_cast<std::size_t>(reduction.how))) + " over " +
                                     std::to_string(selected) + " values";
        }
        made.explained.label = target.text;
        finish(std::move(made));
    }

    void add_index(std::size_t output, std::int64_t index) {
        ResolvedTarget made = reading_.blank(output);
        reading_.add_class(made, index, 1.0F);
        made.explained.index = index;
        made.explained.label = reading_.label(output, index);
        finish(std::move(made));
    }

    /// All of one call read one tensor; what was named before is not explained again.
    void finish(ResolvedTarget made) {
        const Row& row = reading_.row(made.tensor.output);
        for (const ResolvedTarget& other : resolved_) {
            if (other.tensor != made.tensor) {
                throw Error(ErrorCode::kUsage, "targets of one run must read one output in one way",
                            "explain them in separate runs");
            }
            const std::span<const float> old = other.weights.values(), now = made.weights.values();
            if (std::equal(old.begin(), old.end(), now.begin(), now.end())) {
                const ExplainedTarget& twice = made.explained;
                reading_.note("target '" + (twice.label.empty() ? std::to_string(twice.index) : twice.label) +
                              "' is named twice: it is explained once");
                return;
            }
        }
        made.explained.score = made.value(row.values.values());
        resolved_.push_back(std::move(made));
    }

    [[nodiscard]] static std::size_t count_of(const Array& array, float value) {
        const auto values = array.values();
        return static_cast<std::size_t>(std::count(values.begin(), values.end(), value));
    }

    [[nodiscard]] static std::vector<std::int64_t> ranked(const Array& values) {
        std::vector<std::int64_t> order(values.size());
        std::iota(order.begin(), order.end(), 0);
        std::stable_sort(order.begin(), order.end(), [&](std::int64_t a, std::int64_t b) {
            return values[static_cast<std::size_t>(a)] > values[static_cast<std::size_t>(b)];
        });
        return order;
    }

    Reading reading_;
    const Input& input_;
    const TargetRequest& request_;
    std::vector<ResolvedTarget> resolved_;
};

}  // namespace

std::vector<ResolvedTarget> resolve(const Model& model, const Input& input, const TargetRequest& request,
                                    std::vector<std::string>& notes) {
    if (request.targets.empty()) {
        throw Error(ErrorCode::kUsage, "there is no target to explain");
    }
    return Resolver(model, input, request, notes).resolve();
}

}  // namespace pellucid::model
