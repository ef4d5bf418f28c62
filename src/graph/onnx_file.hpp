#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace pellucid::graph {

/// What can be told of an ONNX file without building it: its fields are walked, weights are skipped.
struct OnnxOutline {
    bool well_formed = false;              ///< every length lies within the file, and there is a graph
    std::int64_t opset = 0;                ///< of the default domain
    std::vector<std::string> external;     ///< locations of weights kept in other files, as written
};

[[nodiscard]] OnnxOutline outline_onnx(std::span<const std::byte> bytes);

/// Whether bytes are a frozen graph of TensorFlow as far as lengths go, with at least one node. Its front end would go on
/// to read others as text, and write what it thinks of them to stderr.
[[nodiscard]] bool is_frozen_graph(std::span<const std::byte> bytes);

/// What can be told of the text of an OpenVINO IR.
struct IrOutline {
    bool begins = false, ends = false;   ///< whether there is a <net>, and its end
    std::string version;                 ///< as <net> says; empty where it does not
};

[[nodiscard]] IrOutline outline_ir(std::span<const std::byte> bytes);

}  // namespace pellucid::graph
