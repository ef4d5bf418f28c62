#pragma once

#include <cstddef>
#include <map>
#include <optional>
#include <vector>

#include "model/network.hpp"
#include "model/score.hpp"

namespace pellucid::model {

/// What makes a score of what the last activation reads (`logits_of`).
enum class Transform { kIdentity, kSoftmax, kLogSoftmax, kSigmoid, kLogSigmoid, kExp, kLog };

struct ScoreForm {
    Transform transform = Transform::kIdentity;
    int axis = 1;          ///< of the classes there, batch included
};

/// How `score` (not kDefault) of an output comes from its logits.
[[nodiscard]] ScoreForm form_of(const Model::Impl& impl, std::size_t output, Score score);
/// How the output itself comes from them.
[[nodiscard]] ScoreForm form_of_output(const Model::Impl& impl, std::size_t output);

/// In the graph, of the output's shape: nodes with deterministic names.
[[nodiscard]] ov::Output<ov::Node> scored_by(const ScoreForm& form, const LogitTensor& logits);
/// On values, in double; `logits` with its batch axis where it has one, and with all classes of a softmax.
[[nodiscard]] Array scored_by(const ScoreForm& form, const Array& logits);

/// One answer of an output.
struct Row {
    Array values;                          ///< without the batch axis
    bool batched = true;                   ///< whether there was one
    std::optional<std::size_t> class_axis; ///< in `values`
    [[nodiscard]] std::int64_t classes() const;
    /// Elements for each class.
    [[nodiscard]] std::int64_t positions() const;
    /// Extents of the positions: the shape without the classes.
    [[nodiscard]] Shape grid() const;
    [[nodiscard]] std::size_t class_at(std::size_t element) const;
    /// 0 to positions() - 1, in the order of grid().
    [[nodiscard]] std::size_t position_at(std::size_t element) const;

private:
    [[nodiscard]] std::size_t inner() const;
};

/// The logits of all outputs for one input, each in the output's shape, batch axis included where there is one: one graph,
/// compiled once, run on one thread, so that f(x) has the same bits for any number of threads and whatever is asked for.
struct Logits {
    std::vector<Array> tensors;
    std::map<std::size_t, Array> logs;  ///< of outputs that have not all classes of their softmax: its logarithm there
    std::vector<bool> batched;
};
[[nodiscard]] Logits run_logits(const Model& model, const Input& input);

/// Score `form` of output `output`.
[[nodiscard]] Row row_of(const Model::Impl& impl, const Logits& logits, std::size_t output, const ScoreForm& form);

/// Whether scores of this output are those of classes.
[[nodiscard]] bool answers_classes(const Model::Impl& impl, std::size_t output);

/// Where nothing told the kind of an output, its values may: what is not negative and sums to one is taken as
/// probabilities from then on, and a note says so.
void look_at_kinds(Model::Impl& impl, const Logits& logits);

/// The label of a class; empty where there is none.
[[nodiscard]] std::string label_of(const Model::Impl& impl, std::size_t output, std::int64_t index);

/// The tensors of `input` in the network's order. Throws Error(kUsage) naming the one that is missing.
[[nodiscard]] std::vector<Array> tensors_of(const Model& model, const Input& input);

}  // namespace pellucid::model
