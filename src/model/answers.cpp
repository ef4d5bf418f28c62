#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "openvino/op/result.hpp"

#include "model/logits.hpp"
#include "model/score_form.hpp"
#include "model/score_model.hpp"
#include "pellucid/error.hpp"

namespace pellucid::model {

namespace {

/// The logit tensors of all outputs.
std::shared_ptr<ov::Model> logits_model(const Model::Impl& impl) {
    const auto copy = impl.network->clone();
    ov::ResultVector results;
    for (std::size_t output = 0; output < impl.card.outputs.size(); ++output) {
        const LogitTensor known = logits_of(impl, output);
        results.push_back(std::make_shared<ov::op::v0::Result>(find_logits(*copy, output, known.axis).tensor));
        results.back()->set_friendly_name("pellucid/logits/" + std::to_string(output));
    }
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

/// The most likely first; equal ones in the order of their indices.
std::vector<std::int64_t> ranked(const std::vector<double>& by) {
    std::vector<std::int64_t> order(by.size());
    std::iota(order.begin(), order.end(), 0);
    std::stable_sort(order.begin(), order.end(), [&](std::int64_t a, std::int64_t b) {
        return by[static_cast<std::size_t>(a)] > by[static_cast<std::size_t>(b)];
    });
    return order;
}

/// The mean of each class over its positions.
std::vector<double> class_means(const Row& row) {
    const auto classes = static_cast<std::size_t>(row.classes());
    std::vector<double> means(classes, 0.0);
    std::size_t inner = 1;
    for (std::size_t axis = row.class_axis.value_or(0) + 1; axis < row.values.rank(); ++axis) {
        inner *= static_cast<std::size_t>(row.values.shape()[axis]);
    }
    for (std::size_t at = 0; at < row.values.size(); ++at) {
        means[at / inner % classes] += double{row.values[at]} / static_cast<double>(row.positions());
    }
    return means;
}

bool no_surer(double top, std::size_t classes) {
    constexpr std::size_t kFew = 3;
    const double factor = classes <= kFew ? 1.2 : 2.0;   // of two classes the sure one cannot have twice one half
    return classes > 1 && top < factor / static_cast<double>(classes);
}

}  // namespace

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

Logits run_logits(const Model& model, const Input& input) {
    Model::Impl& impl = model.impl();
    auto& session = impl.sessions["logits"];
    if (!session) {
        engine::CompileOptions options = compile_options(impl, true);
        options.threads = 1;
        session = engine::Session::compile(logits_model(impl), options);
    }
    Logits logits;
    logits.tensors = session->run_one(tensors_of(model, input));
    for (std::size_t output = 0; output < logits.tensors.size(); ++output) {
        refuse_non_finite(logits.tensors[output], impl.card.outputs[output].name);
        logits.batched.push_back(session->outputs()[output].batched);
    }
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
    const Row as_is = row_of(impl, logits, output, form_of_output(impl, output));
    const std::vector<double> scores = class_means(as_is);
    std::vector<double> chances(scores.size(), std::numeric_limits<double>::quiet_NaN());
    if (answers_classes(impl, output)) {
        chances = class_means(row_of(impl, logits, output, form_of(impl, output, Score::kProbability)));
    } else if (scores.size() > 1) {
        return {};
    }
    const std::vector<std::int64_t> order = ranked(answers_classes(impl, output) ? chances : scores);
    std::vector<ClassAnswer> answers;
    for (std::size_t at = 0; at < std::min(order.size(), static_cast<std::size_t>(std::max(count, 0))); ++at) {
        const auto index = static_cast<std::size_t>(order[at]);
        answers.push_back({order[at], label_of(impl, output, order[at]), chances[index], scores[index]});
    }
    const bool one_of_many = logits_of(impl, output).found != "sigmoid";
    no_surer_than_chance = one_of_many && !answers.empty() && no_surer(answers.front().probability, scores.size());
    return answers;
}

}  // namespace pellucid::model
