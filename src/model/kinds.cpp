#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>

#include "model/interpret.hpp"
#include "model/logits.hpp"
#include "model/score_form.hpp"

namespace pellucid::model {

namespace {

constexpr double kTolerance = 1e-3;   // what rounding leaves of a softmax

/// Not negative, and summing to one over the classes at every position: to what rounding leaves of a softmax.
bool is_distribution(const Row& row) {
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

/// The sum over the classes, at the position where it is farthest from one.
double farthest_sum(const Row& row) {
    std::vector<double> sums(static_cast<std::size_t>(row.positions()), 0.0);
    for (std::size_t at = 0; at < row.values.size(); ++at) {
        sums[row.position_at(at)] += double{row.values[at]};
    }
    const auto off = [](double a, double b) { return std::abs(a - 1.0) < std::abs(b - 1.0); };
    return *std::max_element(sums.begin(), sums.end(), off);
}

std::string number(double value) {
    std::array<char, 32> text{};
    static_cast<void>(std::snprintf(text.data(), text.size(), "%.4g", value));
    return text.data();
}

/// Why values are not the probabilities that a card calls them, and what to say instead; empty where they are.
std::string why_no_probabilities(const Row& row, bool independent) {
    if (row.values.size() == 0) {
        return {};
    }
    const auto [least, most] = std::minmax_element(row.values.values().begin(), row.values.values().end());
    if (double{*least} < -kTolerance || double{*most} > 1.0 + kTolerance) {
        return "its values go from " + number(double{*least}) + " to " + number(double{*most}) +
               ", outside of 0 to 1: if they are logits, say \"kind\": \"logits\" in the card";
    }
    if (!row.class_axis || row.classes() < 2 || independent) {
        return {};
    }
    const double sum = farthest_sum(row);
    return std::abs(sum - 1.0) <= kTolerance
               ? ""
               : "its classes sum to " + number(sum) +
                     ", not to one: if each is a yes or no of its own, say \"independent\": true in the card";
}

/// Said of an output once, whatever figures another input gives.
void warn_once(Model::Impl& impl, const std::string& about, const std::string& seen) {
    for (const std::string& there : impl.notes) {
        if (there.starts_with(about)) {
            return;
        }
    }
    impl.notes.push_back(about + seen);
}

void note_once(Model::Impl& impl, const std::string& note) {
    for (const std::string& there : impl.notes) {
        if (there == note) {
            return;
        }
    }
    impl.notes.push_back(note);
}

/// Whether neither an activation at the end nor anything before it shows that an output is probabilities.
bool is_bare(const Model::Impl& impl, std::size_t output) {
    return impl.card_given && logits_of(impl, output).found.empty() &&
           !made_in_graph(impl.network->get_results()[output]->input_value(0));
}

}  // namespace

void look_at_kinds(Model::Impl& impl, const Logits& logits) {
    for (std::size_t output = 0; output < impl.card.outputs.size(); ++output) {
        OutputCard& card = impl.card.outputs[output];
        if (card.kind == OutputKind::kProbabilities && is_bare(impl, output)) {
            const Row row = row_of(impl, logits, output, {Transform::kIdentity, card.class_axis.value_or(1)});
            if (const std::string why = why_no_probabilities(row, card.independent); !why.empty()) {
                warn_once(impl, "warning: the card calls output '" + card.name + "' probabilities, and ", why);
            }
        }
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
