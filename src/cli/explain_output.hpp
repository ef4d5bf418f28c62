#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "cli/subject.hpp"
#include "explain/document.hpp"
#include "pellucid/explanation.hpp"
#include "pellucid/input.hpp"

namespace pellucid::cli {

/// What one method gave for one input, kept for the contact sheet.
struct SheetRow {
    std::vector<Explanation> explanations;
};

/// The five most likely answers, a line each, with a warning when the model is no surer than chance.
[[nodiscard]] std::string answers_text(const Subject& subject, const Input& input);

/// explanation.json, the arrays, and for pictures overlay.png (the first target's) and overlay-LABEL.png for each of several.
void write_result(const std::vector<Explanation>& explanations, const explain::Provenance& provenance,
                  const Input& input, int channel_axis, const std::filesystem::path& folder);

/// contact-sheet.png: the picture and the first target of each method.
void write_contact_sheet(const std::vector<SheetRow>& rows, const Input& input, int channel_axis,
                         const std::filesystem::path& folder);

/// The row of the table on stdout: input, method, target, score, seconds, evaluations, completeness or R2.
[[nodiscard]] std::vector<std::string> result_row(const std::vector<Explanation>& explanations, const Input& input);

}  // namespace pellucid::cli
