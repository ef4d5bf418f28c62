#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <numeric>

#include "openvino/op/result.hpp"

#include "model/chance.hpp"
#include "model/logits.hpp"
#include "model/score_form.hpp"
#include "model/score_model.hpp"
#include "pellucid/error.hpp"

namespace pellucid::model {

namespace {

/// Whether a softmax of the output's logits is not one of all its classes in their places, so that the graph takes it.
bool needs_logs(const LogitTensor& logits) {
    return !logits.behind.empty() && (logits.found == "softmax" || logits.found == "log-softmax");
}

std::shared_ptr<ov::op::v0::Result> result_of(const ov::Output<ov::Node>& value, const std::string& name) {
    auto result = std::make_shared<ov::op::v0::Result>(value);
    result->set_friendly_name("pellucid/" + name);
    return result;
}

/// The logits of all outputs, then what Logits::logs holds.
std::shared_ptr<ov::Model> logits_model(const Model::Impl& impl) {
    const auto copy = impl.network->clone();
    ov::ResultVector results, logs;
    for (std::size_t output = 0; output < impl.card.outputs.size(); ++output) {
        const LogitTensor found = find_logits(*copy, output, logits_of(impl, output).axis);
        const std::string number = std::to_string(output);
        results.push_back(result_of(as_output(found, found.tensor), "logits/" + number));
        if (needs_logs(found)) {
            logs.push_back(result_of(scored_by({Transform::kLogSoftmax, found.axis}, found), "logs/" + number));
        }
    }
    results.insert(results.end(), logs.begin(), logs.end());
    return std::make_shared<ov::Model>(results, copy->get_parameters(), "pellucid/logits");
}

void refuse_non_finite(const Array& logits, const std::string& output) {
    for (const float value : logits.values()) {
        if (!std::isfinite(value)) {
            throw Error(ErrorCode::kUnsupported, "the model's answer '" + output + "' is not finite for this input",
                        "look for values outside what it was trained on");
        }
    }
}

/// The mean of each class over its positions.
std::vector<double> class_means(const Row& row) {
    std::vector<double> means(static_cast<std::size_t>(row.classes()), 0.0);
    for (std::size_t at = 0; at < row.values.size(); ++at) {
        means[row.class_at(at)] += double{row.values[at]} / static_cast<double>(row.positions());
    }
    return means;
}

/// The share of the positions at which each class is the likeliest; of independent classes, at which it is likelier than not.
std::vector<double> shares_won(const Row& row, bool independent) {
    const auto positions = static_cast<std::size_t>(row.positions());
    std::vector<double> best(positions, -std::numeric_limits<double>::infinity());
    std::vector<std::size_t> winner(positions, 0);
    std::vector<double> shares(static_cast<std::size_t>(row.classes()), 0.0);
    for (std::size_t at = 0; at < row.values.size(); ++at) {
        const std::size_t position = row.position_at(at);
        const double p = double{row.values[at]};
        if (independent) {
            shares[row.class_at(at)] += p > 0.5 ? 1.0 / static_cast<double>(positions) : 0.0;
        } else if (p > best[position]) {
            best[position] = p;
            winner[position] = row.class_at(at);
        }
    }
    for (std::size_t position = 0; position < positions && !independent; ++position) {
        shares[winner[position]] += 1.0 / static_cast<double>(positions);
    }
    return shares;
}

/// Whether each class is a yes or no of its own: by the card, by the activation, else by sums above one.
bool are_independent(const OutputCard& card, const Row& probabilities, Transform transform) {
    constexpr double kAboveOne = 1.01;   // a softmax's sum is off by rounding only
    if (card.independent || transform == Transform::kSigmoid || transform == Transform::kSoftmax) {
        return transform != Transform::kSoftmax;
    }
    const std::vector<double> means = class_means(probabilities);
    return means.size() == 1 || std::accumulate(means.begin(), means.end(), 0.0) > kAboveOne;
}

/// The answers of an output of classes.
std::vector<ClassAnswer> answers_of(const Model::Impl& impl, std::size_t output, const Logits& logits) {
    const ScoreForm form = form_of(impl, output, Score::kProbability);
    const Row probabilities = row_of(impl, logits, output, form);
    const bool independent = are_independent(impl.card.outputs[output], probabilities, form.transform);
    const std::vector<double> means = class_means(probabilities);
    const std::vector<double> scores = class_means(row_of(impl, logits, output, form_of_output(impl, output)));
    const bool dense = probabilities.positions() > 1;
    const std::vector<double> shown = dense ? shares_won(probabilities, independent) : means;
    std::vector<ClassAnswer> answers;
    for (std::size_t index = 0; index < scores.size(); ++index) {
        const auto number = static_cast<std::int64_t>(index);
        answers.push_back({number, label_of(impl, output, number), shown[index], scores[index], {}});
        if (dense) {
            answers.back().grid = probabilities.grid();
        }
    }
    std::stable_sort(answers.begin(), answers.end(), [&](const ClassAnswer& a, const ClassAnswer& b) {
        const auto mean = [&](const ClassAnswer& one) { return means[static_cast<std::size_t>(one.index)]; };
        return a.probability != b.probability ? a.probability > b.probability : mean(a) > mean(b);
    });
    return answers;
}

}  // namespace

bool is_chance(const Model::Impl& impl, std::size_t output, const Logits& logits) {
    if (!answers_classes(impl, output)) {
        return false;
    }
    const ScoreForm form = form_of(impl, output, Score::kProbability);
    const Row probabilities = row_of(impl, logits, output, form);
    return is_chance(probabilities, are_independent(impl.card.outputs[output], probabilities, form.transform));
}

std::vector<Array> tensors_of(const Model& model, const Input& input) {
    std::vector<Array> tensors;
    for (const TensorInfo& info : model.inputs()) {
        const auto found = input.tensors.find(info.name);
        if (found == input.tensors.end()) {
            throw Error(ErrorCode::kUsage,
                        "'" + input.source + "' has no tensor for the network's input '" + info.name + "'",
                        "give a .npz with one array for each input");
        }
        tensors.push_back(found->second);
    }
    return tensors;
}

/// f(x) is asked for by the list of answers, the targets of every method and the self-check.
struct KnownLogits {
    std::vector<Array> input;
    Logits logits;

    /// To the bit: what differs in nothing but the sign of a zero is another input.
    [[nodiscard]] bool is_of(const std::vector<Array>& tensors) const {
        return std::equal(input.begin(), input.end(), tensors.begin(), tensors.end(),
                          [](const Array& a, const Array& b) {
                              return a.shape() == b.shape() &&
                                     std::memcmp(a.values().data(), b.values().data(), a.size() * sizeof(float)) == 0;
                          });
    }
};

namespace {

std::shared_ptr<engine::Session> logits_session(Model::Impl& impl) {
    if (const auto* kept = impl.sessions.find("logits")) {
        return kept->session;
    }
    engine::CompileOptions options = compile_options(impl, true);
    options.threads = 1;  // f(x) is part of what sampling methods answer, whose bits follow no number of threads
    const auto graph = logits_model(impl);
    GradientSession made;
    made.session = engine::Session::compile(graph, options);
    impl.first_use |= made.session->newly_cached();
    return impl.sessions.keep("logits", std::move(made), weight_bytes(*graph)).session;
}

}  // namespace

Logits run_logits(const Model& model, const Input& input) {
    Model::Impl& impl = model.impl();
    std::vector<Array> tensors = tensors_of(model, input);
    if (impl.last_logits && impl.last_logits->is_of(tensors)) {
        return impl.last_logits->logits;
    }
    const auto session = logits_session(impl);
    Logits logits;
    logits.tensors = session->run_one(tensors);
    for (std::size_t output = 0, extra = impl.card.outputs.size(); output < impl.card.outputs.size(); ++output) {
        refuse_non_finite(logits.tensors[output], impl.card.outputs[output].name);
        logits.batched.push_back(session->outputs()[output].batched);
        if (needs_logs(logits_of(impl, output))) {
            logits.logs.emplace(output, std::move(logits.tensors[extra++]));
        }
    }
    logits.tensors.resize(impl.card.outputs.size());
    impl.last_logits = std::make_shared<const KnownLogits>(KnownLogits{std::move(tensors), logits});
    return logits;
}

Array answer(const Model& model, const Input& input, const ScoreTensor& tensor) {
    const ScoreForm form = form_of(model.impl(), tensor.output, tensor.score);
    return row_of(model.impl(), run_logits(model, input), tensor.output, form).values;
}

std::vector<ClassAnswer> top_answers(const Model& model, const Input& input, int count, bool& no_surer_than_chance) {
    Model::Impl& impl = model.impl();
    no_surer_than_chance = false;
    const Logits logits = run_logits(model, input);
    look_at_kinds(impl, logits);
    const std::size_t output = usual_output(impl);
    if (answers_classes(impl, output)) {
        no_surer_than_chance = is_chance(impl, output, logits);
        std::vector<ClassAnswer> answers = answers_of(impl, output, logits);
        answers.resize(std::min(answers.size(), static_cast<std::size_t>(std::max(count, 0))));
        return answers;
    }
    const Row as_is = row_of(impl, logits, output, form_of_output(impl, output));
    if (as_is.values.size() != 1 || count < 1) {
        return {};
    }
    const double nothing = std::numeric_limits<double>::quiet_NaN();
    return {{0, label_of(impl, output, 0), nothing, double{as_is.values[0]}, {}}};
}

}  // namespace pellucid::model
