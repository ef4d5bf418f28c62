#pragma once

#include <span>
#include <vector>

#include "openvino/runtime/infer_request.hpp"

#include "engine/compiled_session.hpp"

namespace pellucid::engine {

/// One inference request with the memory of one block: rows as float32 in, rows as float32 out.
class BlockRequest {
public:
    explicit BlockRequest(CompiledSession& session);

    /// Before rows are written. `row_shapes`: one for each input; empty: the session's own, all static.
    void set_shapes(const std::vector<Shape>& row_shapes);
    /// Where row `row` of the block is written, one span an input.
    [[nodiscard]] std::vector<std::span<float>> row(int row);
    /// Repeats row `rows - 1` to the end of the block and casts to the graph's types.
    void finish_rows(int rows);
    [[nodiscard]] ov::InferRequest& request() { return request_; }
    /// After the inference: casts the answers.
    void collect();
    [[nodiscard]] std::vector<std::span<const float>> answer(int row) const;
    /// Of one row, without the batch axis where the slot is batched.
    [[nodiscard]] Shape answer_shape(std::size_t output) const;

private:
    struct Tensor {
        ov::Tensor tensor;
        std::vector<float> floats;   ///< used where the element type is not float32
        std::size_t row_size = 0;
        Shape row_shape;
        [[nodiscard]] float* data();
    };

    void bind_input(std::size_t index, const Shape& row_shape);

    CompiledSession& session_;
    ov::InferRequest request_;
    std::vector<Tensor> inputs_, outputs_;
};

}  // namespace pellucid::engine
