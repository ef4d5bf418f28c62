#include <cmath>

#include "model/logits.hpp"
#include "model/score_form.hpp"

namespace pellucid::model {

namespace {

/// Not negative, and summing to one over the classes at every position: to what rounding leaves of a softmax.
bool is_distribution(const Row& row) {
    constexpr double kTolerance = 1e-3;
    const auto classes = static_cast<std::size_t>(row.classes());
    if (!row.class_axis || classes < 2) {
        return false;
    }
    std::vector<double> sums(row.values.size() / classes, 0.0);
    for (std::size_t at = 0; at < row.values.size(); ++at) {
        if (double{row.values[at]} < -kTolerance) {
            return false;
        }
        sums[row.position_at(at)] += double{row.values[at]};
    }
    for (const double sum : sums) {
        if (std::abs(sum - 1.0) > kTolerance) {
            return false;
        }
    }
    return true;
}

void note_once(Model::Impl& impl, const std::string& note) {
    for (const std::string& there : impl.notes) {
        if (there == note) {
            return;
        }
    }
    impl.notes.push_back(note);
}

}  // namespace

void look_at_kinds(Model::Impl& impl, const Logits& logits) {
    for (std::size_t output = 0; output < impl.card.outputs.size(); ++output) {
        OutputCard& card = impl.card.outputs[output];
        if (card.kind != OutputKind::kLogits || !logits_of(impl, output).found.empty()) {
            continue;
        }
        if (!is_distribution(row_of(impl, logits, output, {Transform::kIdentity, *card.class_axis}))) {
            continue;
        }
        if (impl.kind_guessed[output]) {
            card.kind = OutputKind::kProbabilities;
            note_once(impl, "no card: the values of output '" + card.name +
                                "' are not negative and sum to one, so they are taken as probabilities");
        } else {
            note_once(impl, "the card calls output '" + card.name +
                                "' logits, and its values are not negative and sum to one, as probabilities do");
        }
    }
}

std::string label_of(const Model::Impl& impl, std::size_t output, std::int64_t index) {
    const std::vector<std::string>& labels = impl.card.outputs[output].labels;
    const Shape& shape = impl.outputs[output].shape;
    const int axis = impl.card.outputs[output].class_axis.value_or(0);
    const bool yes_or_no = labels.size() == 2 && axis > 0 && shape[static_cast<std::size_t>(axis)] == 1;
    const auto at = static_cast<std::size_t>(index + (yes_or_no ? 1 : 0));
    return at < labels.size() ? labels[at] : "";
}

}  // namespace pellucid::model
