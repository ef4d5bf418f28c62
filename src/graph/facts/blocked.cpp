// Ops through which no gradient flows, by this list and never by accident: what they compute is piecewise constant, a
// shape, an index or a truth value. Where a path from the input is lost in one, `lost_paths` says so.
#include "graph/facts/table.hpp"

namespace pellucid::graph::facts {
namespace {

namespace op = ov::op;

template <class Op>
OpFacts block() {
    return row<Op>(Law::kBlocked, nullptr);
}

}  // namespace

std::span<const OpFacts> blocked() {
    static const std::array kRows{
        block<op::v0::ShapeOf>(),
        block<op::v3::ShapeOf>(),
        block<op::v0::Range>(),
        block<op::v4::Range>(),
        block<op::v1::Equal>(),
        block<op::v1::NotEqual>(),
        block<op::v1::Less>(),
        block<op::v1::LessEqual>(),
        block<op::v1::Greater>(),
        block<op::v1::GreaterEqual>(),
        block<op::v1::LogicalAnd>(),
        block<op::v1::LogicalOr>(),
        block<op::v1::LogicalNot>(),
        block<op::v1::LogicalXor>(),
        block<op::v10::IsNaN>(),
        block<op::v10::IsInf>(),
        block<op::v10::IsFinite>(),
        block<op::v3::NonZero>(),
        block<op::v1::ReduceLogicalAnd>(),
        block<op::v1::ReduceLogicalOr>(),
        block<op::v3::Bucketize>(),
        block<op::v0::Floor>(),
        block<op::v0::Ceiling>(),
        block<op::v5::Round>(),
        block<op::v0::Sign>(),
        block<op::v0::FakeQuantize>(),
    };
    return kRows;
}

}  // namespace pellucid::graph::facts
