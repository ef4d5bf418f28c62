#pragma once

#include <mutex>

#include "openvino/runtime/compiled_model.hpp"
#include "openvino/runtime/infer_request.hpp"

#include "engine/session.hpp"
#include "engine/slots.hpp"

namespace pellucid::engine {

/// What Session::compile returns.
class CompiledSession final : public Session {
public:
    CompiledSession(BlockGraph graph, ov::CompiledModel compiled, int streams, bool from_cache);

    [[nodiscard]] const std::vector<SlotInfo>& inputs() const override { return inputs_; }
    [[nodiscard]] const std::vector<SlotInfo>& outputs() const override { return outputs_; }
    [[nodiscard]] int block() const override { return graph_.block; }
    [[nodiscard]] std::uint64_t request_bytes() const override { return graph_.request_bytes; }
    [[nodiscard]] std::vector<std::string> notes() const override { return graph_.notes; }
    [[nodiscard]] std::vector<Array> run_one(const std::vector<Array>& inputs) override;

    [[nodiscard]] const std::vector<Slot>& input_slots() const { return graph_.inputs; }
    [[nodiscard]] const std::vector<Slot>& output_slots() const { return graph_.outputs; }
    /// Requests that run at the same time.
    [[nodiscard]] int streams() const { return streams_; }
    [[nodiscard]] bool from_cache() const { return from_cache_; }
    [[nodiscard]] ov::InferRequest make_request() { return compiled_.create_infer_request(); }

private:
    [[nodiscard]] Shape row_shape_of(const Slot& slot, const Array& array) const;

    BlockGraph graph_;
    ov::CompiledModel compiled_;
    int streams_;
    bool from_cache_;
    std::vector<SlotInfo> inputs_, outputs_;
};

}  // namespace pellucid::engine
