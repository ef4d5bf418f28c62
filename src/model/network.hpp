#pragma once

// Model's insides, for src/model and the verbs that describe a graph. Needs OpenVINO's headers.

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "openvino/core/model.hpp"

#include "graph/canonical.hpp"
#include "graph/read.hpp"
#include "pellucid/model.hpp"

#include "engine/session.hpp"

namespace pellucid {

struct Model::Impl {
    std::filesystem::path path, card_path;
    LoadOptions options;
    graph::ReadModel read;                        ///< as read
    std::shared_ptr<ov::Model> network;           ///< batch made dynamic where that was verified, guards applied
    bool rebatched = true;                        ///< false: one row a request
    Card card;
    bool card_given = false;
    std::vector<TensorInfo> inputs, outputs;
    std::vector<std::string> notes;
    std::map<std::string, std::shared_ptr<engine::Session>> sessions;   ///< by a key that names the graph
    std::map<std::string, std::vector<std::string>> session_notes;
};

namespace model {

/// The tensor that carries the logits of output `index`: the input of its final (log-)softmax or sigmoid, or the output
/// as it is. `found` tells which.
struct LogitTensor {
    ov::Output<ov::Node> tensor;
    std::string found;   ///< "softmax", "log-softmax", "sigmoid", "" (the output as it is)
    int axis = 1;        ///< of the classes
};
[[nodiscard]] LogitTensor logits_of(const Model::Impl& impl, std::size_t output);

}  // namespace model
}  // namespace pellucid
