#include "ops/max_pool_backward/max_pool_backward.hpp"

#include "ops/max_pool_backward/kernel.hpp"

namespace pellucid::ops {
namespace {

namespace op = ov::op;

constexpr std::size_t kAxes = 3;

/// Pads before the data: given, or worked out from the sizes.
std::size_t pad_begin(const MaxPoolWindow& window, std::size_t axis, std::size_t in, std::size_t out) {
    if (window.auto_pad == op::PadType::EXPLICIT) return window.pads_begin[axis];
    if (window.auto_pad == op::PadType::VALID) return 0;
    const auto covered = (out - 1) * window.strides[axis] + window.dilations[axis] * (window.kernel[axis] - 1) + 1;
    const auto total = covered > in ? covered - in : 0;
    return window.auto_pad == op::PadType::SAME_UPPER ? total / 2 : total - total / 2;
}

/// As three spatial axes, the missing ones in front and of extent 1.
PoolGeometry geometry(const MaxPoolWindow& window, const ov::Shape& in, const ov::Shape& out) {
    PoolGeometry made;
    made.planes = in[0] * in[1];
    const auto axes = window.kernel.size();
    for (std::size_t axis = 0; axis < axes; ++axis) {
        auto& to = made.axis[kAxes - axes + axis];
        to.in = static_cast<std::int64_t>(in[axis + 2]);
        to.out = static_cast<std::int64_t>(out[axis + 2]);
        to.kernel = static_cast<std::int64_t>(window.kernel[axis]);
        to.stride = static_cast<std::int64_t>(window.strides[axis]);
        to.dilation = static_cast<std::int64_t>(window.dilations[axis]);
        to.pad = static_cast<std::int64_t>(pad_begin(window, axis, in[axis + 2], out[axis + 2]));
    }
    return made;
}

template <class T>
void run(const PoolGeometry& pool, const ov::TensorVector& inputs, ov::Tensor& output) {
    // T of the tensor may be f16 or bf16: the reference serves every type.
    max_pool_backward_reference(pool, inputs[0].data<T>(), inputs[1].data<T>(), output.data<T>());
}

}  // namespace

MaxPoolBackward::MaxPoolBackward(const ov::Output<ov::Node>& x, const ov::Output<ov::Node>& g, MaxPoolWindow window)
    : Op({x, g}), window_(std::move(window)) {
    constructor_validate_and_infer_types();
}

void MaxPoolBackward::validate_and_infer_types() {
    const auto axes = window_.kernel.size();
    const auto& rank = get_input_partial_shape(0).rank();
    NODE_VALIDATION_CHECK(this, axes >= 1 && axes <= kAxes, "one to three spatial axes, not ", axes);
    NODE_VALIDATION_CHECK(this, rank.is_dynamic() || static_cast<std::size_t>(rank.get_length()) == axes + 2,
                          "the kernel has ", axes, " axes, the data rank ", rank);
    NODE_VALIDATION_CHECK(this,
                          window_.strides.size() == axes && window_.dilations.size() == axes &&
                              window_.pads_begin.size() == axes && window_.pads_end.size() == axes,
                          "strides, dilations and pads must have the ", axes, " axes of the kernel");
    NODE_VALIDATION_CHECK(this, get_input_element_type(0) == get_input_element_type(1),
                          "data and cotangent have different types");
    set_output_type(0, get_input_element_type(0), get_input_partial_shape(0));
}

bool MaxPoolBackward::visit_attributes(ov::AttributeVisitor& visitor) {
    visitor.on_attribute("kernel", window_.kernel);
    visitor.on_attribute("strides", window_.strides);
    visitor.on_attribute("dilations", window_.dilations);
    visitor.on_attribute("pads_begin", window_.pads_begin);
    visitor.on_attribute("pads_end", window_.pads_end);
    visitor.on_attribute("rounding_type", window_.rounding);
    visitor.on_attribute("auto_pad", window_.auto_pad);
    return true;
}

std::shared_ptr<ov::Node> MaxPoolBackward::clone_with_new_inputs(const ov::OutputVector& inputs) const {
    check_new_args_count(this, inputs);
    return std::make_shared<MaxPoolBackward>(inputs[0], inputs[1], window_);
}

bool MaxPoolBackward::has_evaluate() const {
    const auto type = get_input_element_type(0);
    return type == ov::element::f32 || type == ov::element::f16 || type == ov::element::bf16 ||
           type == ov::element::f64;
}

bool MaxPoolBackward::evaluate(ov::TensorVector& outputs, const ov::TensorVector& inputs) const {
    outputs[0].set_shape(inputs[0].get_shape());
    const auto pool = geometry(window_, inputs[0].get_shape(), inputs[1].get_shape());
    switch (inputs[0].get_element_type()) {
        case ov::element::f32:
            max_pool_backward(pool, inputs[0].data<float>(), inputs[1].data<float>(), outputs[0].data<float>());
            return true;
        case ov::element::f64:
            run<double>(pool, inputs, outputs[0]);
            return true;
        case ov::element::f16:
            run<ov::float16>(pool, inputs, outputs[0]);
            return true;
        case ov::element::bf16:
            run<ov::bfloat16>(pool, inputs, outputs[0]);
            return true;
        default:
            return false;
    }
}

}  // namespace pellucid::ops
