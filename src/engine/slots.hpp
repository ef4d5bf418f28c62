#pragma once

#include <memory>
#include <vector>

#include "openvino/core/model.hpp"

#include "engine/session.hpp"

namespace pellucid::engine {

/// One input or output as the executor handles it.
struct Slot {
    SlotInfo info;
    ov::element::Type type;
    bool dynamic = false;      ///< an extent besides the batch is dynamic
    std::size_t row_size = 0;  ///< floats; 0 while dynamic
};

/// A graph whose batch axis is fixed.
struct BlockGraph {
    std::shared_ptr<ov::Model> model;   ///< a clone
    int block = 1;
    std::vector<Slot> inputs, outputs;
    std::uint64_t request_bytes = 0;
    std::vector<std::string> notes;
};

/// Fixes axis 0 of every input to the block that the graph calls for (or `options` forces).
/// Throws Error(kUnsupported) naming the input that rows cannot be given to.
[[nodiscard]] BlockGraph fix_block(const std::shared_ptr<ov::Model>& model, const CompileOptions& options);

/// Full tensor shape of one request: the batch axis in front where the slot has one.
[[nodiscard]] ov::Shape tensor_shape(const Slot& slot, const Shape& row_shape, int block);

}  // namespace pellucid::engine
