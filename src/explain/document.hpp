#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "pellucid/explanation.hpp"

namespace pellucid::explain {

/// Where an explanation came from: what reproduces it.
struct Provenance {
    std::string model_path, model_sha256;
    std::string card_path, card_sha256;     ///< empty where there is no card
    std::string input_path, input_sha256;   ///< empty hash for standard input
    int threads = 0;
    std::string device, precision;
    std::string time;                       ///< ISO 8601, UTC
};

/// The document `explanation.json` (schema version 1, docs/reference/explanation.md) for the explanations of one input by
/// one method, one a target. What belongs to a target stands in `targets`; the first target's also at the top level.
[[nodiscard]] std::string explanation_json(const std::vector<Explanation>& explanations, const Provenance& provenance);

/// Writes explanation.json, attribution.npy (a leading axis only for several targets), and where they exist features.npy,
/// standard_error.npy and further_inputs.npz (the first target.s maps of a network.s other inputs), each whole or not at all. Makes the folder.
void save(const std::vector<Explanation>& explanations, const Provenance& provenance,
          const std::filesystem::path& folder);

}  // namespace pellucid::explain
