#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <vector>

namespace ov {
class Model;
}

namespace pellucid::graph {

/// An operator that the engine computes otherwise than the format says, or may.
struct EngineFault {
    std::string op, node;  ///< "Attention", and the node's name or that of its first output
    std::string what;      ///< "the engine ignores its left_window_size"
    bool certain = false;  ///< every answer would be another network's: refused; otherwise told among the notes
};

/// The faults that a file would meet, by the table in engine_faults_onnx.cpp: each was found by the operator tests of ONNX, whose
/// answers the engine misses (docs/trust.md). One of each kind and node, in the order of the file.
[[nodiscard]] std::vector<EngineFault> find_engine_faults(std::span<const std::byte> onnx);

/// Those that the graph tells, whatever format it came in.
[[nodiscard]] std::vector<EngineFault> find_engine_faults(const ov::Model& model);

}  // namespace pellucid::graph
