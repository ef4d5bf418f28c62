#include "explain/task.hpp"

#include <algorithm>

#include "explain/scores.hpp"
#include "input/mask.hpp"
#include "pellucid/error.hpp"

namespace pellucid::explain {

engine::StreamOptions Spending::next(const std::string& stage, std::int64_t cost_per_row) const {
    engine::StreamOptions options;
    options.budget = run_.budget;
    if (options.budget.seconds) {
        options.budget.seconds = std::max(0.0, *options.budget.seconds - seconds());
    }
    if (options.budget.evaluations) {
        const std::int64_t spent = evaluations_.forward + evaluations_.backward;
        options.budget.evaluations = std::max<std::int64_t>(0, *options.budget.evaluations - spent);
    }
    options.cost_per_row = cost_per_row;
    options.checkpoint = 16;
    options.stage = stage;
    options.progress = run_.progress;
    options.cancel = run_.cancel;
    return options;
}

void Spending::charge(const engine::StreamReport& report, std::int64_t forward_per_row, std::int64_t backward_per_row) {
    charge({report.rows * forward_per_row, report.rows * backward_per_row}, report.busy);
}

void Spending::charge(Evaluations evaluations, const engine::BusySeconds& busy) {
    evaluations_.forward += evaluations.forward;
    evaluations_.backward += evaluations.backward;
    busy_.any += busy.any;
    busy_.streams += busy.streams;
}

double Spending::seconds() const {
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - start_).count();
}

namespace {

std::vector<Target> targets_of(const Request& request, int default_top) {
    return request.targets.empty() ? std::vector<Target>{Target::top(default_top)} : request.targets;
}

}  // namespace

const Input& input_of(const Request& request) {
    if (request.input == nullptr) {
        throw Error(ErrorCode::kUsage, "there is no input to explain");
    }
    return *request.input;
}

Task::Task(const Request& asked, Score fallback, int default_top)
    : request(asked), input(input_of(asked)), space(space_of(asked)), spending(asked.run) {
    const std::vector<Target> wanted = targets_of(request, default_top);
    targets = request.predictor != nullptr
                  ? predictor_targets(*request.predictor, input, wanted, request.score, fallback)
                  : model::resolve(model(), input, {wanted, request.score, fallback, input::read_mask}, notes);
    if (request.predictor != nullptr) {
        notes.emplace_back("scores are explained as the program gives them");
    }
    spending.charge(Evaluations{1, 0}, {});
}

const Model& Task::model() const {
    if (request.model == nullptr) {
        throw Error(ErrorCode::kUnsupported, "this method needs a model's graph, and a black-box program has none",
                    "use occlusion or lime");
    }
    return *request.model;
}

std::vector<std::span<const float>> Task::tensors() const {
    std::vector<std::span<const float>> spans;
    for (const TensorInfo& info : space.inputs) {
        const auto found = input.tensors.find(info.name);
        if (found == input.tensors.end()) {
            throw Error(ErrorCode::kUsage, input.source + " has no tensor for the network's input '" + info.name + "'",
                        "give a .npz with one array for each input");
        }
        spans.push_back(found->second.values());
    }
    return spans;
}

std::vector<Explanation> Task::explanations() const {
    std::vector<Explanation> made;
    for (const model::ResolvedTarget& target : targets) {
        Explanation explanation;
        explanation.target = target.explained;
        explanation.score = target.tensor.score;
        explanation.f_input = target.explained.score;
        explanation.seed = request.run.seed;
        made.push_back(std::move(explanation));
    }
    return made;
}

void Task::finish(std::vector<Explanation>& explanations) const {
    for (Explanation& explanation : explanations) {
        explanation.notes.insert(explanation.notes.begin(), notes.begin(), notes.end());
        explanation.evaluations = spending.evaluations();
        explanation.model_seconds = spending.busy().any;
        explanation.stream_seconds = spending.busy().streams;
        explanation.total_seconds = spending.seconds();
    }
}

std::string name_of_target(const ExplainedTarget& target) {
    return target.label.empty() ? "class " + std::to_string(target.index) : target.label;
}

void note_held_inputs(Task& task) {
    std::string held;
    for (std::size_t input = 1; input < task.space.inputs.size(); ++input) {
        held += (held.empty() ? "'" : ", '") + task.space.inputs[input].name + "'";
    }
    if (!held.empty()) {
        task.notes.push_back("only input '" + task.space.inputs[0].name + "' is perturbed; held as given: " + held);
    }
}

void settle_stop(const engine::StreamReport& report, std::int64_t planned, const std::string& what, bool usable,
                 std::vector<std::string>& notes) {
    notes.insert(notes.end(), report.notes.begin(), report.notes.end());
    if (report.stop == engine::Stop::kComplete || report.stop == engine::Stop::kDone) {
        return;
    }
    const std::string got = std::to_string(report.rows) + " of " + std::to_string(planned) + " " + what;
    const bool cancelled = report.stop == engine::Stop::kCancelled;
    if (!usable) {
        throw cancelled ? Error(ErrorCode::kInterrupted, "interrupted before any usable result (" + got + ")")
                        : Error(ErrorCode::kBudget, "the budget ended before any usable result (" + got + ")",
                                "give more seconds or evaluations with --budget");
    }
    notes.push_back((cancelled ? "interrupted after " : "the budget ended after ") + got);
}

}  // namespace pellucid::explain
