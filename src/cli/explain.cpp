#include <algorithm>
#include <chrono>
#include <optional>
#include <set>
#include <thread>

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "cli/explain_options.hpp"
#include "cli/explain_output.hpp"
#include "cli/subject.hpp"
#include "cli/terminal.hpp"
#include "cli/verbs.hpp"
#include "explain/plan.hpp"
#include "model/chance.hpp"
#include "model/score.hpp"
#include "pellucid/error.hpp"

namespace pellucid::cli {

namespace {

using Json = nlohmann::ordered_json;

/// One run of the verb: the model, the methods, and what has come of them so far.
class ExplainRun {
public:
    ExplainRun(const ExplainOptions& options, const CancelToken& cancel)
        : options_(options),
          cancel_(cancel),
          rows_(named_methods(options.methods)),
          run_(run_options()),
          several_(options.inputs.size() * rows_.size() > 1) {
        for (const MethodRow* row : rows_) {
            method_options_.push_back(options_for(*row, rows_, options.set));
        }
        if (options.target) {
            targets_ = Target::parse(*options.target);
        }
        score_ = options.score ? score_from_name(*options.score) : Score::kDefault;
        said_.insert(model::kChanceWarning);   // said with each input's answers
    }

    void all() {
        check_inputs();
        check_output_folder();
        refuse_black_box();
        subject_.emplace(options_);
        leave_out_what_cannot_be();
        for (const std::string& source : options_.inputs) {
            if (cancel_.cancelled() || rows_.empty()) {
                break;
            }
            attempt("", [&] { one_input(source); });
        }
        finish();
    }

private:
    [[nodiscard]] RunOptions run_options() const {
        RunOptions run;
        if (options_.budget) {
            run.budget = parse_budget(*options_.budget);
        }
        if (options_.memory) {
            run.budget.memory_bytes = parse_bytes(*options_.memory);
        }
        run.seed = options_.seed;
        run.cancel = cancel_;
        run.progress = progress_bar(options_.quiet);
        return run;
    }

    void check_inputs() const {
        if (options_.text) {
            throw Error(ErrorCode::kUnsupported,
                        "--text: texts are not read yet, since cutting one into tokens is the model's own preparation",
                        "prepare it outside and give the tokens as .npy or .npz in the network's shape");
        }
        if (options_.inputs.empty()) {
            throw Error(ErrorCode::kUsage, "INPUT is missing", "name a picture, an .npy or an .npz after the model");
        }
        if (!options_.row_shape.empty() && !Subject::is_program(options_.model)) {
            throw Error(ErrorCode::kUsage, "--shape is for program:COMMAND; a network says itself what shape it takes",
                        "leave it out, or give an input of that shape");
        }
        if (std::count(options_.inputs.begin(), options_.inputs.end(), "-") > 1) {
            throw Error(ErrorCode::kUsage, "standard input (-) is named twice, and can be read once",
                        "give the second input as a file");
        }
    }

    /// Before anything is computed: a file in the way would cost the whole run.
    void check_output_folder() const {
        std::error_code failure;
        if (!options_.plan && std::filesystem::exists(options_.output, failure) &&
            !std::filesystem::is_directory(options_.output, failure)) {
            throw Error(ErrorCode::kUsage, "the output folder " + options_.output + " is a file",
                        "choose another with --output");
        }
    }

    /// A program is not even started for methods that need what it has not.
    void refuse_black_box() const {
        for (const MethodRow* row : rows_) {
            if (Subject::is_program(options_.model) && needs_graph(*row)) {
                throw Error(ErrorCode::kUnsupported,
                            std::string(row->name) + " needs a model's graph, and a black-box program has none",
                            "use occlusion or lime");
            }
        }
    }

    /// Methods that the model does not admit are named and left out; the others go on.
    void leave_out_what_cannot_be() {
        for (std::size_t at = 0; subject_->model() != nullptr && at < rows_.size();) {
            const std::string reason = rows_[at]->refuse(*subject_->model(), method_options_[at]);
            if (reason.empty()) {
                ++at;
                continue;
            }
            fail(Error(ErrorCode::kUnsupported, std::string(rows_[at]->name) + ": " + reason), "");
            rows_.erase(rows_.begin() + static_cast<std::ptrdiff_t>(at));
            method_options_.erase(method_options_.begin() + static_cast<std::ptrdiff_t>(at));
        }
    }

    /// Says an error; the first of a run decides the exit code.
    /// @param what  names what was done, where several things were asked for and the error itself does not
    void fail(const Error& error, const std::string& what) {
        say_error(what.empty() || !several_ ? error.what() : what + ": " + error.what());
        failure_ = failure_ == 0 ? static_cast<int>(error.code()) : failure_;
    }

    /// An error in one input or method is said, and the others go on.
    template <class Work>
    void attempt(const std::string& what, const Work& work) {
        try {
            work();
        } catch (const Error& error) {
            fail(error, what);
        }
    }

    [[nodiscard]] Request request_for(std::size_t at, const Input& input) const {
        Request request;
        request.model = subject_->model();
        request.predictor = subject_->predictor();
        request.card = subject_->card();
        request.input = &input;
        request.targets = targets_;
        request.score = score_;
        request.options = method_options_[at];
        request.run = run_;
        return request;
    }

    void one_input(const std::string& source) {
        Input input = subject_->load(source);
        input.stem = unique_stem(input.stem);
        say_answers(input);
        std::vector<SheetRow> sheet;
        for (std::size_t at = 0; at < rows_.size() && !cancel_.cancelled(); ++at) {
            attempt(input.stem + ", " + std::string(rows_[at]->name), [&] {
                const Request request = request_for(at, input);
                if (options_.plan) {
                    tell_plan(*rows_[at], request, input);
                } else {
                    one_method(*rows_[at], request, input, sheet);
                }
            });
        }
        clear_progress();
        if (input.picture && sheet.size() > 1) {
            write_contact_sheet(sheet, input, subject_->channel_axis(), folder(input));
        }
    }

    void one_method(const MethodRow& row, const Request& request, const Input& input, std::vector<SheetRow>& sheet) {
        std::vector<Explanation> explanations = run(row, request);
        clear_progress();
        const explain::Provenance provenance = subject_->provenance(input);
        write_result(explanations, provenance, input, subject_->channel_axis(), folder(input) / row.name);
        for (const std::string& note : explanations.front().notes) {
            if (said_.insert(note).second) {
                const std::string whose = several_ ? " (" + input.stem + ", " + std::string(row.name) + ")" : "";
                say("note" + whose + ": " + note, options_.quiet);
            }
        }
        if (options_.json) {
            documents_.push_back(Json::parse(explain::explanation_json(explanations, provenance)));
        } else {
            table_.push_back(result_row(explanations, input));
        }
        sheet.push_back({std::move(explanations)});
    }

    void tell_plan(const MethodRow& row, const Request& request, const Input& input) {
        const explain::Plan plan = explain::plan(row, request);
        if (options_.json) {
            documents_.push_back({{"input", input.source},
                                  {"method", row.name},
                                  {"evaluations", cost_json(plan.evaluations)},
                                  {"at_most", cost_json(plan.at_most)},
                                  {"seconds", plan.seconds},
                                  {"peak_bytes", plan.bytes}});
            return;
        }
        table_.push_back({input.stem, std::string(row.name), count_text(plan.evaluations.forward, plan.at_most.forward),
                          count_text(plan.evaluations.backward, plan.at_most.backward), seconds_text(plan.seconds),
                          bytes_text(plan.bytes)});
    }

    static Json cost_json(const Cost& cost) { return {{"forward", cost.forward}, {"backward", cost.backward}}; }

    static std::string count_text(std::int64_t expected, std::int64_t most) {
        return expected == most ? std::to_string(most) : fmt::format("{} (at most {})", expected, most);
    }

    void say_answers(const Input& input) const {
        const std::string text = answers_text(*subject_, input);
        if (options_.json || options_.plan) {
            std::fputs(options_.quiet ? "" : text.c_str(), stderr);
        } else {
            print_results(text);
        }
    }

    [[nodiscard]] std::filesystem::path folder(const Input& input) const {
        return std::filesystem::path(options_.output) / input.stem;
    }

    /// Two inputs of one name get folders of their own.
    std::string unique_stem(const std::string& stem) {
        std::string unique = stem;
        for (int number = 2; !stems_.insert(unique).second; ++number) {
            unique = stem + "-" + std::to_string(number);
        }
        return unique;
    }

    void finish() {
        if (options_.json) {
            print_results(Json(documents_).dump(2, ' ', false, Json::error_handler_t::replace) + "\n");
        } else if (!table_.empty()) {
            table_.insert(table_.begin(), options_.plan
                                              ? std::vector<std::string>{"INPUT", "METHOD", "FORWARD", "BACKWARD",
                                                                         "SECONDS", "PEAK MEMORY"}
                                              : std::vector<std::string>{"INPUT", "METHOD", "TARGET", "SCORE",
                                                                         "SECONDS", "EVALUATIONS", "QUALITY"});
            print_results("\n" + table(table_));
            if (!options_.plan) {
                say(fmt::format("written to {}", options_.output), options_.quiet);
            }
        }
        if (cancel_.cancelled()) {
            throw Finished{static_cast<int>(ErrorCode::kInterrupted)};
        }
        if (failure_ != 0) {
            throw Finished{failure_};
        }
    }

    const ExplainOptions& options_;
    CancelToken cancel_;
    std::vector<const MethodRow*> rows_;
    std::vector<std::map<std::string, std::string>> method_options_;
    std::vector<Target> targets_;
    Score score_ = Score::kDefault;
    RunOptions run_;
    bool several_;   ///< as asked for, whatever is left out later
    std::optional<Subject> subject_;
    std::set<std::string> stems_, said_;
    std::vector<std::vector<std::string>> table_;
    std::vector<Json> documents_;
    int failure_ = 0;
};

}  // namespace

void add_explain(CLI::App& app, const CancelToken& cancel) {
    auto options = std::make_shared<ExplainOptions>();
    declare_explain(app, options)->callback([options, cancel] { ExplainRun(*options, cancel).all(); });
}

}  // namespace pellucid::cli
