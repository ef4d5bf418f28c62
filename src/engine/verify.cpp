#include "engine/verify.hpp"

#include <cmath>

#include "core/random.hpp"
#include "engine/cache.hpp"
#include "engine/convert.hpp"
#include "engine/core.hpp"
#include "openvino/op/constant.hpp"
#include "openvino/op/reshape.hpp"
#include "openvino/runtime/infer_request.hpp"
#include "pellucid/error.hpp"

namespace pellucid::engine {

namespace {

bool first_axis_is(const ov::PartialShape& shape, const ov::Dimension& extent) {
    return shape.rank().is_static() && shape.size() > 0 && shape[0] == extent;
}

/// Gives every input `extent` rows; false when the graph cannot have that or an output does not follow.
bool set_rows(ov::Model& model, const ov::Dimension& extent, std::string& why_not) {
    std::map<std::size_t, ov::PartialShape> shapes;
    for (std::size_t index = 0; index < model.inputs().size(); ++index) {
        ov::PartialShape shape = model.input(index).get_partial_shape();
        if (shape.rank().is_dynamic() || shape.size() == 0) {
            why_not = "input '" + model.input(index).get_node()->get_friendly_name() + "' has no first axis";
            return false;
        }
        shape[0] = extent;
        shapes[index] = shape;
    }
    try {
        model.reshape(shapes);
    } catch (const std::exception& error) {
        why_not = engine_reason(error);
        return false;
    }
    for (const auto& output : model.outputs()) {
        if (!first_axis_is(output.get_partial_shape(), extent)) {
            why_not = "output '" + output.get_node()->get_input_node_ptr(0)->get_friendly_name() +
                      "' does not follow the first axis of the inputs";
            return false;
        }
    }
    return true;
}

/// One value of an input. Bytes are pixels, of which 0 and 1 are both black; other integers stay 0 or 1, which every table
/// of embeddings has.
float drawn(const ov::element::Type& type, float scale, core::RandomStream& random) {
    if (type.is_real()) {
        return scale * (2.0F * random.uniform() - 1.0F);
    }
    return static_cast<float>(random.below(type == ov::element::u8 ? 256 : 2));
}

/// Values for two rows of one input.
ov::Tensor two_rows(const ov::Output<const ov::Node>& input, float scale, std::uint32_t number) {
    constexpr std::size_t kOpenExtent = 64;
    ov::Shape shape{2};
    const ov::PartialShape& partial = input.get_partial_shape();
    for (std::size_t axis = 1; axis < partial.size(); ++axis) {
        const auto most = static_cast<std::size_t>(partial[axis].get_max_length());
        const bool open = partial[axis].is_dynamic();
        shape.push_back(open && (partial[axis].get_max_length() < 0 || most > kOpenExtent) ? kOpenExtent : most);
    }
    const ov::element::Type type = input.get_element_type();
    core::RandomStream random(17, number, 0);
    std::vector<float> values(ov::shape_size(shape));
    for (float& value : values) {
        value = drawn(type, scale, random);
    }
    ov::Tensor tensor(type, shape);
    from_floats(values, type, tensor.data(), "an input");
    return tensor;
}

std::vector<std::vector<float>> run(ov::InferRequest& request, const std::vector<ov::Tensor>& inputs) {
    for (std::size_t index = 0; index < inputs.size(); ++index) {
        request.set_input_tensor(index, inputs[index]);
    }
    request.infer();
    std::vector<std::vector<float>> answers;
    for (std::size_t index = 0; index < request.get_compiled_model().outputs().size(); ++index) {
        const ov::Tensor output = request.get_output_tensor(index);
        answers.emplace_back(output.get_size());
        to_floats(output.data(), output.get_element_type(), answers.back());
    }
    return answers;
}

std::vector<ov::Tensor> one_row(const std::vector<ov::Tensor>& both, std::size_t row) {
    std::vector<ov::Tensor> rows;
    for (const ov::Tensor& tensor : both) {
        ov::Coordinate begin(tensor.get_shape().size(), 0), end(tensor.get_shape());
        begin[0] = row;
        end[0] = row + 1;
        rows.emplace_back(tensor, begin, end);
    }
    return rows;
}

struct Comparison {
    bool same = true;
    bool telling = false;   ///< the two rows answer differently, so mixing them would show
};

/// Kernels differ between batch sizes, but by rounding, far below a thousandth of the largest answer. A model that mixes rows is off
/// by far more.
Comparison compare(const std::vector<std::vector<float>>& both, const std::vector<std::vector<float>>& first,
                   const std::vector<std::vector<float>>& second) {
    constexpr float kTolerance = 1e-3F;
    Comparison result;
    for (std::size_t output = 0; output < both.size(); ++output) {
        const std::size_t size = first[output].size();
        if (both[output].size() != 2 * size || second[output].size() != size) {
            return {false, true};
        }
        float largest = 1e-6F;
        for (const float value : both[output]) {
            largest = std::max(largest, std::abs(value));
        }
        for (std::size_t at = 0; at < size; ++at) {
            const float a = first[output][at], b = second[output][at];
            const float off = std::max(std::abs(both[output][at] - a), std::abs(both[output][size + at] - b));
            result.same = result.same && off <= kTolerance * largest;  // false for NaN
            result.telling = result.telling || std::abs(a - b) > kTolerance * largest;
        }
    }
    return result;
}

std::string try_rows(ov::CompiledModel& compiled) {
    ov::InferRequest request = compiled.create_infer_request();
    for (const float scale : {1.0F, 10.0F, 255.0F}) {
        std::vector<ov::Tensor> both;
        for (std::uint32_t index = 0; index < compiled.inputs().size(); ++index) {
            both.push_back(two_rows(compiled.input(index), scale, index));
        }
        const auto together = run(request, both);
        const auto first = run(request, one_row(both, 0));
        const auto second = run(request, one_row(both, 1));
        const Comparison comparison = compare(together, first, second);
        if (!comparison.same) {
            return "its answer to a row depends on the rows beside it";
        }
        if (comparison.telling) {
            return {};
        }
    }
    return "its answers to random rows are all the same, so mixing them would not show";
}

}  // namespace

std::shared_ptr<ov::Model> with_dynamic_batch(const std::shared_ptr<ov::Model>& model, std::string& why_not) {
    // At two rows first: a batch baked into a reshape shows there, where a dynamic extent would hide it.
    if (!set_rows(*model->clone(), 2, why_not)) {
        return nullptr;
    }
    auto clone = model->clone();
    return set_rows(*clone, ov::Dimension::dynamic(), why_not) ? clone : nullptr;
}

bool rows_are_independent(const std::shared_ptr<ov::Model>& model, const CompileOptions& options,
                          std::string& why_not) {
    CompileOptions latency = options;
    latency.single_pass = true;
    const ov::AnyMap properties = compile_properties(latency);
    try {
        const GraphCache cache;
        const std::string key = options.cache ? cache.key(model, options.device, properties) : std::string();
        if (const auto verdict = cache.recall(key)) {
            why_not = *verdict;
            return why_not.empty();
        }
        ov::CompiledModel compiled = core().compile_model(model, options.device, properties);
        why_not = try_rows(compiled);
        cache.remember(key, why_not);
    } catch (const std::exception& error) {
        why_not = "it could not be tried: " + engine_reason(error);
    }
    return why_not.empty();
}

}  // namespace pellucid::engine
