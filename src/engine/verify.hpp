#pragma once

#include <memory>
#include <string>

#include "openvino/core/model.hpp"

#include "engine/session.hpp"

namespace pellucid::engine {

/// A clone whose inputs all have a dynamic first axis, which every output follows; null, with the reason in `why_not`,
/// where the graph does not let that happen (an input without axes, a batch baked into a reshape, …).
/// `model` is left as it was. What comes back still has to pass rows_are_independent.
[[nodiscard]] std::shared_ptr<ov::Model> with_dynamic_batch(const std::shared_ptr<ov::Model>& model,
                                                            std::string& why_not);

/// Whether a model with a dynamic first axis answers each row by itself: rows [a, b] against [a] and [b] alone, on random
/// values. False, with the reason in `why_not`, for a model that mixes rows (a baked Reshape([-1, 8]), a normalisation
/// over the batch), that answers at random, or that could not be tried. The verdict is kept beside the compiled graphs.
[[nodiscard]] bool rows_are_independent(const std::shared_ptr<ov::Model>& model, const CompileOptions& options,
                                        std::string& why_not);

}  // namespace pellucid::engine
