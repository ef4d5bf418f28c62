// Ops through which no gradient flows, by this list and never by accident: what they compute is piecewise constant, a
// shape, an index, a truth value, a choice or a matter of chance. Where a path from the input is lost in one,
// `lost_paths` says so. Some hand on numbers beside indices (the scores of boxes that are kept): through these a gradient
// would flow, and is refused.
#include "graph/facts/table.hpp"

namespace pellucid::graph::facts {
namespace {

namespace op = ov::op;

template <class... Ops>
std::array<OpFacts, sizeof...(Ops)> block() {
    return {row<Ops>(Law::kBlocked, nullptr)...};
}

/// A cotangent arrives at values only: no integer takes one.
std::vector<Cotangent> refuse_values(const std::shared_ptr<ov::Node>& node, const std::vector<Cotangent>& /*outputs*/,
                                     Tape& /*tape*/) {
    refuse(*node, "there is no rule for the values that it hands on beside its indices",
           "explain an output before it, or use a method that needs only scores (occlusion, lime)");
}

template <class... Ops>
std::array<OpFacts, sizeof...(Ops)> block_by_indices() {
    return {row<Ops>(Law::kBlocked, refuse_values, "its indices block a gradient; one of its values is refused")...};
}

template <std::size_t... Sizes>
std::vector<OpFacts> joined(const std::array<OpFacts, Sizes>&... rows) {
    std::vector<OpFacts> all;
    (all.insert(all.end(), rows.begin(), rows.end()), ...);
    return all;
}

}  // namespace

std::span<const OpFacts> blocked() {
    static const auto kRows = joined(
        block<op::v0::ShapeOf, op::v3::ShapeOf, op::v9::Eye, op::v0::PriorBox, op::v8::PriorBox,
              op::v0::PriorBoxClustered, op::v1::Equal, op::v1::NotEqual, op::v1::Less, op::v1::LessEqual,
              op::v1::Greater, op::v1::GreaterEqual, op::v1::LogicalAnd, op::v1::LogicalOr, op::v1::LogicalNot,
              op::v1::LogicalXor, op::v0::Xor, op::v10::IsNaN, op::v10::IsInf, op::v10::IsFinite,
              op::v1::ReduceLogicalAnd, op::v1::ReduceLogicalOr, op::v13::BitwiseAnd, op::v13::BitwiseOr,
              op::v13::BitwiseXor, op::v13::BitwiseNot, op::v15::BitwiseLeftShift, op::v15::BitwiseRightShift,
              op::v3::NonZero, op::v3::Bucketize, op::v15::SearchSorted, op::v1::GatherTree, op::v0::CTCGreedyDecoder,
              op::v6::CTCGreedyDecoderSeqLen, op::v0::Floor, op::v0::Ceiling, op::v5::Round, op::v0::Sign,
              op::v8::RandomUniform, op::v13::Multinomial, op::v15::StringTensorPack, op::v15::StringTensorUnpack>(),
        block_by_indices<op::v1::NonMaxSuppression, op::v3::NonMaxSuppression, op::v4::NonMaxSuppression,
                         op::v5::NonMaxSuppression, op::v9::NonMaxSuppression, op::v13::NMSRotated, op::v8::MatrixNms,
                         op::v8::MulticlassNms, op::v9::MulticlassNms, op::v16::SparseFillEmptyRows>());
    return kRows;
}

}  // namespace pellucid::graph::facts
