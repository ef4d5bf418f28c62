#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace pellucid::model {

/// Class labels from a file: a label a line, a JSON list of texts, or a JSON object {"0": "tench", …} with every index.
/// Throws Error(kUnreadable) naming the file.
[[nodiscard]] std::vector<std::string> read_labels(const std::filesystem::path& path);

/// The 1000 names of ImageNet-1k, in the order of its classes: imagenet_labels.json in $PELLUCID_DATA, or in
/// share/pellucid beside the installed program or library, or among the assets of a build tree.
/// Throws Error(kUnreadable) that says where it was looked for.
[[nodiscard]] std::vector<std::string> imagenet_labels();

/// `spec`: a file (relative to `folder`), or "imagenet".
[[nodiscard]] std::vector<std::string> labels_from(const std::string& spec, const std::filesystem::path& folder);

}  // namespace pellucid::model
