#pragma once

#include <memory>

#include "openvino/op/op.hpp"
#include "openvino/op/util/attr_types.hpp"

namespace pellucid::ops {

/// The windows of a max-pool, as the attributes of OpenVINO's MaxPool say them.
struct MaxPoolWindow {
    ov::Shape kernel;
    ov::Strides strides, dilations;
    ov::Shape pads_begin, pads_end;
    ov::op::RoundingType rounding = ov::op::RoundingType::FLOOR;
    ov::op::PadType auto_pad = ov::op::PadType::EXPLICIT;
};

/// The gradient of a max-pool in its data: each output's cotangent goes to the first largest element of its window.
///
/// Inputs: x [N, C, spatial…], what was pooled; g [N, C, out…], the cotangent of the pooled tensor.
/// Output: [N, C, spatial…], the type of x. Linear in g. One, two or three spatial axes, sizes static or dynamic.
/// OpenVINO has no such op; in standard ops (see `decompose`) the scatter runs on one thread, about fifty times slower.
class MaxPoolBackward : public ov::op::Op {
public:
    OPENVINO_OP("MaxPoolBackward", "pellucid")

    MaxPoolBackward() = default;
    MaxPoolBackward(const ov::Output<ov::Node>& x, const ov::Output<ov::Node>& g, MaxPoolWindow window);

    void validate_and_infer_types() override;
    bool visit_attributes(ov::AttributeVisitor& visitor) override;
    std::shared_ptr<ov::Node> clone_with_new_inputs(const ov::OutputVector& inputs) const override;
    bool has_evaluate() const override;
    bool evaluate(ov::TensorVector& outputs, const ov::TensorVector& inputs) const override;

    [[nodiscard]] const MaxPoolWindow& window() const { return window_; }
    /// The same in standard ops: the oracle in tests, and what runs on other devices.
    [[nodiscard]] ov::Output<ov::Node> decomposition() const;
    /// Where the largest element of each window lies: i64 [N, C, out…], counted within a plane of x.
    [[nodiscard]] static ov::Output<ov::Node> indices(const ov::Output<ov::Node>& x, const MaxPoolWindow& window);

private:
    MaxPoolWindow window_;
};

}  // namespace pellucid::ops
