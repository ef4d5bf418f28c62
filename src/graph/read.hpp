#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "openvino/core/model.hpp"

#include "graph/engine_faults.hpp"

namespace pellucid::graph {

struct ReadModel {
    std::shared_ptr<ov::Model> model;  ///< as read, constants folded, names made unique; batch not yet changed
    std::string format;                ///< "onnx", "ir", "tensorflow" or "tflite"
    std::string opset;                 ///< "onnx 13", "ir 11", … where the file says
    std::vector<EngineFault> faults;   ///< what the engine is known to compute wrong of it
};

/// Reads a network without the engine (ov::Core). Throws Error(kUnreadable): missing, truncated, not a network, unknown
/// ops (named), external data missing or outside the model's folder; Error(kUnsupported): an input or output whose number
/// of axes is open.
[[nodiscard]] ReadModel read(const std::filesystem::path& path);

}  // namespace pellucid::graph
