#pragma once

// Model's insides, for src/model and the verbs that describe a graph. Needs OpenVINO's headers.

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "openvino/core/model.hpp"

#include "graph/canonical.hpp"
#include "graph/read.hpp"
#include "pellucid/model.hpp"

#include "engine/session.hpp"
#include "model/kept_sessions.hpp"
#include "model/score.hpp"

namespace pellucid {

namespace model {
struct KnownLogits;
}

struct Model::Impl {
    std::filesystem::path path, card_path;
    LoadOptions options;
    graph::ReadModel read;                        ///< as read
    std::shared_ptr<ov::Model> network;           ///< batch made dynamic where that was verified, guards applied
    bool rebatched = true;                        ///< false: one row a request
    bool rows_checked = false;                    ///< whether rows were seen to be independent (at the first stream)
    Card card;                                    ///< completed: an entry for each input and output, in their order
    bool card_given = false;
    std::vector<bool> kind_guessed;  ///< for each output: its kind stands on no card and no last activation
    std::vector<TensorInfo> inputs, outputs;
    std::vector<std::string> notes;
    model::KeptSessions sessions;
    bool first_use = false;   ///< something was compiled or found out that the next process finds on the disk
    std::map<std::string, std::string> no_gradient;   ///< by place: why_no_gradient
    std::shared_ptr<const model::KnownLogits> last_logits;   ///< of the input that was run last
};

namespace model {

/// Where the logits of an output are: what its last (log-)softmax or sigmoid reads, seen through what only moves or picks
/// values behind it; or, where there is none, the output as it is.
struct LogitTensor {
    ov::Output<ov::Node> tensor;  ///< what the activation reads, or the output
    std::string found;            ///< "softmax", "log-softmax", "sigmoid", "" (the output as it is)
    int axis = 1;                 ///< of the classes in `tensor`
    std::vector<ov::Output<ov::Node>> behind = {};  ///< between the activation and the output, in that order
    std::optional<int> output_axis = std::nullopt;  ///< the softmax's axis in the output, where it is known and whole
};
[[nodiscard]] LogitTensor logits_of(const Model::Impl& impl, std::size_t output);

/// How a graph of this model is compiled.
[[nodiscard]] engine::CompileOptions compile_options(const Model::Impl& impl, bool single_pass);

/// Before the first stream of more than one row at a time: tries whether rows are independent. If they are not, rows go
/// one a request from then on, and a note says so.
void check_rows(Model::Impl& impl);

}  // namespace model
}  // namespace pellucid
