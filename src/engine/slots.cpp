#include "engine/slots.hpp"

#include "engine/block.hpp"
#include "engine/convert.hpp"
#include "engine/core.hpp"
#include "pellucid/error.hpp"

namespace pellucid::engine {

namespace {

/// Where a graph has no names, "input 0".
std::string name_of_tensor(const ov::Output<ov::Node>& tensor, const char* kind, std::size_t index) {
    const auto& names = tensor.get_names();
    if (!names.empty()) {
        return tensor.get_any_name();
    }
    const std::string& friendly = tensor.get_node()->get_friendly_name();
    return friendly.empty() ? std::string(kind) + " " + std::to_string(index) : friendly;
}

Slot slot_of(const ov::Output<ov::Node>& tensor, const std::string& name, bool batched) {
    Slot slot;
    slot.type = tensor.get_element_type();
    if (!convertible(slot.type)) {
        throw Error(ErrorCode::kUnsupported, "'" + name + "' is of type " + slot.type.get_type_name(),
                    "only numbers and booleans can be given and answered");
    }
    slot.info.name = name;
    slot.info.type = slot.type.get_type_name();
    slot.info.batched = batched;
    const ov::PartialShape& shape = tensor.get_partial_shape();
    if (shape.rank().is_dynamic()) {
        throw Error(ErrorCode::kUnsupported, "the rank of '" + name + "' is not known",
                    "export the model with its ranks");
    }
    slot.row_size = 1;
    for (std::size_t axis = batched ? 1 : 0; axis < shape.size(); ++axis) {
        const bool known = shape[axis].is_static();
        slot.dynamic = slot.dynamic || !known;
        slot.info.row_shape.push_back(known ? shape[axis].get_length() : -1);
        slot.row_size *= known ? static_cast<std::size_t>(shape[axis].get_length()) : 0;
    }
    return slot;
}

bool has_axis_0(const ov::PartialShape& shape) { return shape.rank().is_static() && shape.size() > 0; }

/// Inputs whose first axis can carry rows: dynamic, or of extent 1 (then only one row a request).
bool carries_rows(const ov::PartialShape& shape) {
    return has_axis_0(shape) && (shape[0].is_dynamic() || shape[0] == 1);
}

bool all_dynamic_axis_0(const ov::Model& model) {
    const auto inputs = model.inputs();
    return !inputs.empty() && std::all_of(inputs.begin(), inputs.end(), [](const auto& input) {
        return has_axis_0(input.get_partial_shape()) && input.get_partial_shape()[0].is_dynamic();
    });
}

std::shared_ptr<ov::Model> at_batch(const std::shared_ptr<ov::Model>& model, int batch) {
    auto clone = model->clone();
    std::map<std::size_t, ov::PartialShape> shapes;
    for (std::size_t index = 0; index < clone->inputs().size(); ++index) {
        if (carries_rows(clone->input(index).get_partial_shape())) {
            ov::PartialShape shape = clone->input(index).get_partial_shape();
            shape[0] = batch;
            shapes[index] = shape;
        }
    }
    clone->reshape(shapes);
    return clone;
}

bool outputs_carry(const ov::Model& model, int batch) {
    const auto outputs = model.outputs();
    return std::all_of(outputs.begin(), outputs.end(), [&](const auto& output) {
        return has_axis_0(output.get_partial_shape()) && output.get_partial_shape()[0].compatible(batch);
    });
}

void describe(BlockGraph& graph) {
    for (std::size_t index = 0; index < graph.model->inputs().size(); ++index) {
        const auto tensor = graph.model->input(index);
        const bool batched = has_axis_0(tensor.get_partial_shape()) && tensor.get_partial_shape()[0] == graph.block;
        graph.inputs.push_back(slot_of(tensor, name_of_tensor(tensor, "input", index), batched));
    }
    for (std::size_t index = 0; index < graph.model->outputs().size(); ++index) {
        const auto tensor = graph.model->output(index);
        const bool batched =
            has_axis_0(tensor.get_partial_shape()) && tensor.get_partial_shape()[0].compatible(graph.block);
        graph.outputs.push_back(slot_of(tensor, name_of_tensor(tensor, "output", index), batched));
    }
}

}  // namespace

BlockGraph fix_block(const std::shared_ptr<ov::Model>& model, const CompileOptions& options) {
    BlockGraph graph;
    try {
        graph.model = at_batch(model, 1);
    } catch (const std::exception& error) {
        throw Error(ErrorCode::kUnsupported, "the graph does not take one row: " + engine_reason(error),
                    "export it with a dynamic first axis");
    }
    const std::uint64_t row_bytes = peak_bytes(*graph.model);
    if (options.single_pass) {
        graph.block = 1;
    } else if (!all_dynamic_axis_0(*model)) {
        graph.block = 1;
        if (options.forced_block != 1) {
            graph.notes.emplace_back("rows go one a request: not every input has a dynamic first axis");
        }
    } else {
        graph.block = options.forced_block > 0 ? options.forced_block : choose_block(row_bytes);
    }
    if (graph.block > 1) {
        try {
            auto blocked = at_batch(model, graph.block);
            if (!outputs_carry(*blocked, graph.block)) {
                throw Error(ErrorCode::kUnsupported, "an output has no row axis");
            }
            graph.model = std::move(blocked);
        } catch (const std::exception& error) {
            graph.notes.push_back("rows go one a request: " + engine_reason(error));
            graph.block = 1;
        }
    }
    describe(graph);
    graph.request_bytes = row_bytes * static_cast<std::uint64_t>(graph.block);
    return graph;
}

ov::Shape tensor_shape(const Slot& slot, const Shape& row_shape, int block) {
    ov::Shape shape;
    if (slot.info.batched) {
        shape.push_back(static_cast<std::size_t>(block));
    }
    for (const std::int64_t extent : row_shape) {
        shape.push_back(static_cast<std::size_t>(extent));
    }
    return shape;
}

}  // namespace pellucid::engine
