#include "cli/explain_output.hpp"

#include <algorithm>
#include <cmath>
#include <optional>
#include <set>

#include <fmt/format.h>

#include "cli/terminal.hpp"
#include "core/files.hpp"
#include "explain/scores.hpp"
#include "explain/task.hpp"
#include "model/chance.hpp"
#include "model/network.hpp"
#include "model/score.hpp"
#include "model/score_model.hpp"
#include "pellucid/render.hpp"

namespace pellucid::cli {

namespace {

constexpr int kAnswers = 5;

/// A label as part of a file name: letters, digits and bytes of other scripts kept, anything else a dash.
std::string file_part(const std::string& label) {
    std::string part;
    for (const char letter : label) {
        const auto byte = static_cast<unsigned char>(letter);
        const bool keep = byte >= 0x80U || std::isalnum(byte) != 0;
        if (keep) {
            part += letter;
        } else if (!part.empty() && part.back() != '-') {
            part += '-';
        }
    }
    while (!part.empty() && part.back() == '-') {
        part.pop_back();
    }
    return part.empty() ? "target" : part.substr(0, 80);
}

/// Pictures of an earlier run into the same folder, which may have had other targets.
void remove_pictures(const std::filesystem::path& folder) {
    std::error_code failure;
    for (const auto& entry : std::filesystem::directory_iterator(folder, failure)) {
        const std::string name = entry.path().filename().string();
        if (name.starts_with("overlay") && name.ends_with(".png")) {
            std::filesystem::remove(entry.path(), failure);
        }
    }
}

/// What an explanation says of itself, in the table and under its picture: where it was cut short, that first.
std::string quality_text(const Explanation& explanation) {
    const auto measure = [&explanation](const char* name) {
        const auto found = explanation.measures.find(name);
        return found == explanation.measures.end() ? std::optional<double>() : found->second;
    };
    if (explanation.completeness) {
        return fmt::format("completeness error {:.3g} %", 100.0 * explanation.completeness->error);
    }
    if (const auto r2 = measure("r2")) {
        const double samples = measure("samples").value_or(0.0), features = measure("features").value_or(0.0);
        const bool few = samples <= features;
        return fmt::format("R2 {:.2f}", *r2) +
               (few ? fmt::format(" by {:.0f} samples of {:.0f} superpixels", samples, features) : "");
    }
    const auto windows = measure("windows"), planned = measure("windows_planned");
    if (windows && planned && *windows < *planned) {
        return fmt::format("{:.0f} of {:.0f} windows", *windows, *planned);
    }
    const auto error = measure("relative_standard_error");
    return error ? fmt::format("standard error {:.1f} %", 100.0 * *error) : "-";
}

std::string evaluations_text(const Evaluations& evaluations) {
    return evaluations.backward == 0 ? fmt::format("{}", evaluations.forward)
                                     : fmt::format("{} + {} back", evaluations.forward, evaluations.backward);
}

std::string program_answers_text(Predictor& program, const Input& input) {
    const Array scores = explain::predictor_scores(program, input);
    std::vector<std::int64_t> order = explain::by_rank(scores);
    order.resize(std::min<std::size_t>(order.size(), kAnswers));
    std::vector<std::vector<std::string>> rows;
    for (const std::int64_t index : order) {
        rows.push_back({"", fmt::format("class {}", index),
                        fmt::format("(answer {:.4g})", scores[static_cast<std::size_t>(index)])});
    }
    return printable(input.source) + "\n" + table(rows);
}

/// "95.11 %"; of a dense output the share of its positions.
std::string sureness_text(const model::ClassAnswer& answer) {
    if (!std::isfinite(answer.probability)) {
        return "";
    }
    std::string positions;
    for (const std::int64_t extent : answer.grid) {
        positions += (positions.empty() ? " of " : "x") + std::to_string(extent);
    }
    return fmt::format("{:6.2f} %{}{}", 100.0 * answer.probability, positions, positions.empty() ? "" : " positions");
}

/// Why there is no list of answers.
std::string no_answers_text(const Model& model) {
    const TensorInfo& output = model.outputs()[model::usual_output(model.impl())];
    const char* const why = output.shape.size() < 2
                                ? "has no axis of classes beside the batch's; --target INDEX names one of its values"
                                : "is taken as values, not classes; kind in its card says otherwise";
    return fmt::format("  no list of answers: output '{}' {} {}\n", printable(output.name), to_string(output.shape),
                       why);
}

}  // namespace

std::string answers_text(const Subject& subject, const Input& input) {
    if (subject.model() == nullptr) {
        return program_answers_text(*subject.predictor(), input);
    }
    bool unsure = false;
    const auto answers = model::top_answers(*subject.model(), input, kAnswers, unsure);
    std::vector<std::vector<std::string>> rows;
    for (const model::ClassAnswer& answer : answers) {
        rows.push_back({"", sureness_text(answer),
                        answer.label.empty() ? fmt::format("class {}", answer.index) : answer.label,
                        fmt::format("({}, output {:.4g})", answer.index, answer.score)});
    }
    std::string text =
        printable(input.source) + "\n" + (rows.empty() ? no_answers_text(*subject.model()) : table(rows));
    if (unsure) {
        text += std::string("  warning: ") + model::kChanceWarning + "\n";
    }
    return text;
}

void write_result(const std::vector<Explanation>& explanations, const explain::Provenance& provenance,
                  const Input& input, int channel_axis, const std::filesystem::path& folder) {
    remove_pictures(folder);
    explain::save(explanations, provenance, folder);
    if (!input.picture) {
        return;
    }
    std::set<std::string> names;
    core::write_whole(folder / "overlay.png",
                      draw_overlay(explanations.front(), *input.picture, input.field, channel_axis));
    for (const Explanation& explanation : explanations) {
        if (explanations.size() > 1) {
            std::string name = file_part(explain::name_of_target(explanation.target));
            for (int number = 2; !names.insert(name).second; ++number) {
                name = file_part(explain::name_of_target(explanation.target)) + "-" + std::to_string(number);
            }
            core::write_whole(folder / ("overlay-" + name + ".png"),
                              draw_overlay(explanation, *input.picture, input.field, channel_axis));
        }
    }
}

void write_contact_sheet(const std::vector<SheetRow>& rows, const Input& input, int channel_axis,
                         const std::filesystem::path& folder) {
    ContactSheet sheet;
    for (const SheetRow& row : rows) {
        const Explanation& first = row.explanations.front();
        const std::string quality = quality_text(first);
        sheet.cells.push_back(
            {&first, fmt::format("{} · {} {:.3g} · {}, {} evaluations{}", explain::name_of_target(first.target),
                                 name_of(first.score), first.f_input, seconds_text(first.total_seconds),
                                 first.evaluations.forward + first.evaluations.backward,
                                 quality == "-" ? "" : ", " + quality)});
    }
    sheet.title = fmt::format("{}: {}", input.stem, explain::name_of_target(sheet.cells.front().explanation->target));
    core::write_whole(folder / "contact-sheet.png",
                      draw_contact_sheet(*input.picture, input.field, channel_axis, sheet));
}

std::vector<std::string> result_row(const std::vector<Explanation>& explanations, const Input& input) {
    const Explanation& first = explanations.front();
    const std::string more = explanations.size() > 1 ? fmt::format(" (and {} more)", explanations.size() - 1) : "";
    return {input.stem,
            first.method,
            explain::name_of_target(first.target) + more,
            fmt::format("{} {:.4g}{}", name_of(first.score), first.f_input,
                        first.target.reading.empty() ? "" : " (" + first.target.reading + ")"),
            seconds_text(first.total_seconds),
            evaluations_text(first.evaluations),
            quality_text(first)};
}

}  // namespace pellucid::cli
