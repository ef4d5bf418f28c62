#pragma once

#include <mutex>

#include "openvino/runtime/compiled_model.hpp"
#include "openvino/runtime/infer_request.hpp"

#include "engine/cache.hpp"
#include "engine/session.hpp"
#include "engine/slots.hpp"

namespace pellucid::engine {

/// What Session::compile returns.
class CompiledSession final : public Session {
public:
    CompiledSession(BlockGraph graph, ov::CompiledModel compiled, int streams, const GraphCache& cache);

    [[nodiscard]] const std::vector<SlotInfo>& inputs() const override { return inputs_; }
    [[nodiscard]] const std::vector<SlotInfo>& outputs() const override { return outputs_; }
    [[nodiscard]] int block() const override { return graph_.block; }
    [[nodiscard]] std::uint64_t request_bytes() const override { return graph_.request_bytes; }
    [[nodiscard]] std::vector<std::string> notes() const override { return graph_.notes; }
    [[nodiscard]] std::optional<std::string> known(const std::string& topic) const override;
    bool make_known(const std::string& topic, const std::string& line) const override;
    [[nodiscard]] bool newly_cached() const override { return cache_.stored(); }
    [[nodiscard]] std::vector<Array> run_one(const std::vector<Array>& inputs) override;

    [[nodiscard]] const std::vector<Slot>& input_slots() const { return graph_.inputs; }
    [[nodiscard]] const std::vector<Slot>& output_slots() const { return graph_.outputs; }
    /// Requests that run at the same time.
    [[nodiscard]] int streams() const { return streams_; }
    [[nodiscard]] bool from_cache() const { return cache_.hit(); }
    [[nodiscard]] ov::InferRequest make_request() { return compiled_.create_infer_request(); }

private:
    [[nodiscard]] Shape row_shape_of(const Slot& slot, const Array& array) const;

    BlockGraph graph_;
    ov::CompiledModel compiled_;
    int streams_;
    GraphCache cache_;   ///< as it was after compiling; without a key where nothing is kept
    std::vector<SlotInfo> inputs_, outputs_;
};

}  // namespace pellucid::engine
