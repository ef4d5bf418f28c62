// Pools: windows that take the largest element, or the mean.
#include "graph/facts/table.hpp"
#include "ops/max_pool_backward/max_pool_backward.hpp"

namespace pellucid::graph::facts {
namespace {

namespace op = ov::op;
using Node = std::shared_ptr<ov::Node>;
using Cotangents = std::vector<Cotangent>;

template <class Op>
ops::MaxPoolWindow window_of(const Op& pool) {
    ops::MaxPoolWindow window{pool.get_kernel(),     pool.get_strides(),       ov::Strides(pool.get_kernel().size(), 1),
                              pool.get_pads_begin(), pool.get_pads_end(),      pool.get_rounding_type(),
                              pool.get_auto_pad()};
    if constexpr (!std::is_same_v<Op, op::v1::MaxPool>) window.dilations = pool.get_dilations();
    return window;
}

template <class Op>
Cotangents max_pool(const Node& node, const Cotangents& outputs, Tape& tape) {
    if (outputs[0].empty()) return {};
    const auto window = window_of(*ov::as_type_ptr<Op>(node));
    return {tape.make<ops::MaxPoolBackward>(node->input_value(0), outputs[0].value, window)};
}

/// Linear in g, whose cotangent is gathered from where g went. Where the largest elements lie does not vary.
Cotangents max_pool_backward(const Node& node, const Cotangents& outputs, Tape& tape) {
    const auto pool = ov::as_type_ptr<ops::MaxPoolBackward>(node);
    const auto x = node->input_value(0);
    const auto g = node->input_value(1);
    Cotangents made{tape.blocked(*node, 0, "which element is the largest does not vary"), {}};
    if (!tape.wants(*node, 1)) return made;
    const auto flat = tape.integers({0, 0, -1});
    const auto places = ops::MaxPoolBackward::indices(x, pool->window());
    tape.name(*places.get_node());
    const auto from = tape.make<op::v1::Reshape>(outputs[0].value, flat.value, true);
    const auto at = tape.make<op::v1::Reshape>(places, flat.value, true);
    made[1] = tape.reshape_like(tape.make<op::v6::GatherElements>(from.value, at.value, 2).value, g);
    return made;
}

constexpr std::string_view kFirst = "of equal elements the first in the window takes the gradient";

}  // namespace

std::span<const OpFacts> pooling() {
    static const std::array kRows{
        row<op::v1::MaxPool>(Law::kSelecting, max_pool<op::v1::MaxPool>, kFirst),
        row<op::v8::MaxPool>(Law::kSelecting, max_pool<op::v8::MaxPool>, kFirst),
        row<op::v14::MaxPool>(Law::kSelecting, max_pool<op::v14::MaxPool>, kFirst),
        row<ops::MaxPoolBackward>(Law::kLinear, max_pool_backward),
    };
    return kRows;
}

}  // namespace pellucid::graph::facts
