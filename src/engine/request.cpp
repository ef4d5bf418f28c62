#include "engine/request.hpp"

#include <algorithm>

#include "engine/convert.hpp"
#include "pellucid/error.hpp"

namespace pellucid::engine {

namespace {

void check_shape(const Slot& slot, const Shape& row_shape) {
    const Shape& wanted = slot.info.row_shape;
    bool fits = row_shape.size() == wanted.size();
    for (std::size_t axis = 0; fits && axis < wanted.size(); ++axis) {
        fits = wanted[axis] == row_shape[axis] || (wanted[axis] == -1 && row_shape[axis] >= 0);
    }
    if (!fits) {
        throw Error(ErrorCode::kUsage, "input '" + slot.info.name + "' takes rows of shape " + to_string(wanted) +
                                           " (-1: any), not " + to_string(row_shape));
    }
}

}  // namespace

float* BlockRequest::Tensor::data() {
    return tensor.get_element_type() == ov::element::f32 ? tensor.data<float>() : floats.data();
}

BlockRequest::BlockRequest(CompiledSession& session)
    : session_(session),
      request_(session.make_request()),
      inputs_(session.input_slots().size()),
      outputs_(session.output_slots().size()) {
    for (std::size_t index = 0; index < inputs_.size(); ++index) {
        if (!session.input_slots()[index].dynamic) {
            bind_input(index, session.input_slots()[index].info.row_shape);
        }
    }
}

void BlockRequest::bind_input(std::size_t index, const Shape& row_shape) {
    const Slot& slot = session_.input_slots()[index];
    Tensor& input = inputs_[index];
    if (input.tensor && input.row_shape == row_shape) {
        return;
    }
    check_shape(slot, row_shape);
    input.tensor = ov::Tensor(slot.type, tensor_shape(slot, row_shape, session_.block()));
    input.row_shape = row_shape;
    input.row_size = element_count(row_shape);
    if (slot.type != ov::element::f32) {
        input.floats.resize(input.tensor.get_size());
    }
    request_.set_input_tensor(index, input.tensor);
}

void BlockRequest::set_shapes(const std::vector<Shape>& row_shapes) {
    for (std::size_t index = 0; index < inputs_.size(); ++index) {
        if (index < row_shapes.size()) {
            bind_input(index, row_shapes[index]);
        } else if (!inputs_[index].tensor) {
            throw Error(ErrorCode::kInternal, "rows of input '" + session_.input_slots()[index].info.name +
                                                  "' have no shape, and the graph leaves it open");
        }
    }
}

std::vector<std::span<float>> BlockRequest::row(int row) {
    std::vector<std::span<float>> spans;
    for (Tensor& input : inputs_) {
        spans.emplace_back(input.data() + static_cast<std::size_t>(row) * input.row_size, input.row_size);
    }
    return spans;
}

void BlockRequest::finish_rows(int rows) {
    for (std::size_t index = 0; index < inputs_.size(); ++index) {
        Tensor& input = inputs_[index];
        float* const data = input.data();
        const float* const last = data + static_cast<std::size_t>(rows - 1) * input.row_size;
        for (int row = rows; row < session_.block(); ++row) {
            std::copy_n(last, input.row_size, data + static_cast<std::size_t>(row) * input.row_size);
        }
        const Slot& slot = session_.input_slots()[index];
        if (slot.type != ov::element::f32) {
            from_floats(input.floats, slot.type, input.tensor.data(), "input '" + slot.info.name + "'");
        }
    }
}

void BlockRequest::collect() {
    for (std::size_t index = 0; index < outputs_.size(); ++index) {
        const Slot& slot = session_.output_slots()[index];
        Tensor& output = outputs_[index];
        output.tensor = request_.get_output_tensor(index);
        const ov::Shape& shape = output.tensor.get_shape();
        const auto rows = static_cast<std::size_t>(slot.info.batched ? session_.block() : 1);
        if (slot.info.batched && (shape.empty() || shape[0] != rows)) {
            throw Error(ErrorCode::kUnsupported, "output '" + slot.info.name + "' does not answer one row a row",
                        "run the model one row a request");
        }
        output.row_size = output.tensor.get_size() / rows;
        output.row_shape.assign(shape.begin() + (slot.info.batched ? 1 : 0), shape.end());
        if (slot.type != ov::element::f32) {
            output.floats.resize(output.tensor.get_size());
            to_floats(std::as_const(output.tensor).data(), slot.type, output.floats);
        }
    }
}

std::vector<std::span<const float>> BlockRequest::answer(int row) const {
    std::vector<std::span<const float>> spans;
    for (const Tensor& output : outputs_) {
        const float* data = output.tensor.get_element_type() == ov::element::f32 ? output.tensor.data<const float>()
                                                                                 : output.floats.data();
        spans.emplace_back(data + static_cast<std::size_t>(row) * output.row_size, output.row_size);
    }
    return spans;
}

Shape BlockRequest::answer_shape(std::size_t output) const { return outputs_[output].row_shape; }

}  // namespace pellucid::engine
