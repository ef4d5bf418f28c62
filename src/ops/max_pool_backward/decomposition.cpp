#include "ops/max_pool_backward/max_pool_backward.hpp"

#include "openvino/opsets/opset16.hpp"

namespace pellucid::ops {
namespace {

namespace op = ov::op;
using Value = ov::Output<ov::Node>;

Value integers(const std::vector<std::int64_t>& values) {
    return std::make_shared<op::v0::Constant>(ov::element::i64, ov::Shape{values.size()}, values);
}

/// [N, C, spatial…] as [N, C, all].
Value flat(const Value& v) { return std::make_shared<op::v1::Reshape>(v, integers({0, 0, -1}), true); }

}  // namespace

Value MaxPoolBackward::indices(const Value& x, const MaxPoolWindow& window) {
    return std::make_shared<op::v14::MaxPool>(x, window.strides, window.dilations, window.pads_begin, window.pads_end,
                                              window.kernel, window.rounding, window.auto_pad, ov::element::i64, 2)
        ->output(1);
}

Value MaxPoolBackward::decomposition() const {
    const auto x = input_value(0);
    const auto shape = std::make_shared<op::v3::ShapeOf>(x);
    const auto zero = std::make_shared<op::v0::Constant>(x.get_element_type(), ov::Shape{}, 0);
    const auto zeros = std::make_shared<op::v3::Broadcast>(zero, shape);
    const auto axis = std::make_shared<op::v0::Constant>(ov::element::i64, ov::Shape{}, 2);
    const auto scattered =
        std::make_shared<op::v12::ScatterElementsUpdate>(flat(zeros), flat(indices(x, window_)), flat(input_value(1)),
                                                         axis, op::v12::ScatterElementsUpdate::Reduction::SUM);
    return std::make_shared<op::v1::Reshape>(scattered, shape, false);
}

}  // namespace pellucid::ops
