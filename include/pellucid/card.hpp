#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace pellucid {

enum class Modality { kImage, kText, kTable, kSound, kTensor };

/// How one input of the network is made from what a user has. Values are in the picture's units, 0 to 255, before
/// `scale_to_unit`; then (x - mean) / std per channel.
struct InputCard {
    std::string name;                       ///< the network's input; empty: its only one
    Modality modality = Modality::kTensor;
    std::string layout;                     ///< "NCHW", "NHWC", "CHW", "HW", …; empty for a plain tensor
    std::string color = "RGB";              ///< "RGB", "BGR" or "gray"
    std::int64_t height = 0, width = 0;     ///< of the network's input, in pixels
    std::string resize = "bilinear";        ///< kernel, as in PIL: nearest, bilinear, bicubic, lanczos, box, hamming
    std::string fit = "stretch";            ///< stretch, crop (shorter side, then centre crop) or pad
    double resize_ratio = 1.0;  ///< with crop: shorter side is resized to size / ratio (0.875: 256 -> 224)
    double divide_by = 255.0;  ///< pixel values are divided by this first (1: left as 0–255)
    std::vector<double> mean;  ///< per channel, after the division; empty: 0
    std::vector<double> std;  ///< per channel; empty: 1
};

enum class OutputKind { kLogits, kProbabilities, kLogProbabilities, kBoxes, kOther };

struct OutputCard {
    std::string name;  ///< the network's output; empty: its only one
    OutputKind kind = OutputKind::kOther;
    std::optional<int> class_axis;  ///< axis of the classes; the batch is axis 0
    std::vector<std::string> labels;  ///< one a class; may be empty
    bool independent = false;  ///< each class is a yes or no of its own: a sigmoid each, no softmax over them
};

/// What a network takes and answers: the file `model.card.json` beside it. Schema: docs/reference/card.schema.json.
struct Card {
    std::string task;  ///< "classification", "segmentation", …
    std::vector<InputCard> inputs;
    std::vector<OutputCard> outputs;
    std::string license, provenance;
    std::vector<std::string> notes;  ///< what was guessed, and why; shown to the user

    /// Validates; an unknown key is an Error(kUnreadable) that suggests the near one.
    static Card parse(const std::string& json_text, const std::string& origin);
    static Card read(const std::filesystem::path& path);
    [[nodiscard]] std::string to_json() const;
};

}  // namespace pellucid
