// Ops through which no gradient flows, by this list and never by accident: what they compute is piecewise constant, a
// shape, an index or a truth value.
#include "graph/facts/table.hpp"

namespace pellucid::graph::facts {
namespace {

namespace op = ov::op;

constexpr std::string_view kFlat = "piecewise constant: no gradient flows through it";

template <class Op>
OpFacts block() {
    return row<Op>(Law::kBlocked, nullptr);
}
template <class Op>
OpFacts flat() {
    return row<Op>(Law::kBlocked, nullptr, kFlat);
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
        flat<op::v3::Bucketize>(),
        flat<op::v0::Floor>(),
        flat<op::v0::Ceiling>(),
        flat<op::v5::Round>(),
        flat<op::v0::Sign>(),
        flat<op::v0::FakeQuantize>(),
    };
    return kRows;
}

}  // namespace pellucid::graph::facts
