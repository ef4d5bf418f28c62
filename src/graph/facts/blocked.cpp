// Ops through which no gradient flows, by this list and never by accident: what they compute is piecewise constant, a
// shape, an index, a truth value, a choice or a matter of chance. Where a path from the input is lost in one, `lost_paths` says so.
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
        // shapes and counting
        block<op::v0::ShapeOf>(),
        block<op::v3::ShapeOf>(),
        block<op::v0::Range>(),
        block<op::v4::Range>(),
        block<op::v9::Eye>(),
        block<op::v0::PriorBox>(),
        block<op::v8::PriorBox>(),
        block<op::v0::PriorBoxClustered>(),
        block<op::v6::ExperimentalDetectronPriorGridGenerator>(),
        // truth values
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
        block<op::v0::Xor>(),
        block<op::v10::IsNaN>(),
        block<op::v10::IsInf>(),
        block<op::v10::IsFinite>(),
        block<op::v1::ReduceLogicalAnd>(),
        block<op::v1::ReduceLogicalOr>(),
        // bits of integers
        block<op::v13::BitwiseAnd>(),
        block<op::v13::BitwiseOr>(),
        block<op::v13::BitwiseXor>(),
        block<op::v13::BitwiseNot>(),
        block<op::v15::BitwiseLeftShift>(),
        block<op::v15::BitwiseRightShift>(),
        // indices
        block<op::v3::NonZero>(),
        block<op::v3::Bucketize>(),
        block<op::v15::SearchSorted>(),
        block<op::v1::GatherTree>(),
        block<op::v16::SparseFillEmptyRows>(),
        block<op::v0::CTCGreedyDecoder>(),
        block<op::v6::CTCGreedyDecoderSeqLen>(),
        // choices among boxes
        block<op::v1::NonMaxSuppression>(),
        block<op::v3::NonMaxSuppression>(),
        block<op::v4::NonMaxSuppression>(),
        block<op::v5::NonMaxSuppression>(),
        block<op::v9::NonMaxSuppression>(),
        block<op::v13::NMSRotated>(),
        block<op::v8::MatrixNms>(),
        block<op::v8::MulticlassNms>(),
        block<op::v9::MulticlassNms>(),
        // whole numbers
        block<op::v0::Floor>(),
        block<op::v0::Ceiling>(),
        block<op::v5::Round>(),
        block<op::v0::Sign>(),
        // chance
        block<op::v8::RandomUniform>(),
        block<op::v13::Multinomial>(),
        // text
        block<op::v15::StringTensorPack>(),
        block<op::v15::StringTensorUnpack>(),
    };
    return kRows;
}

}  // namespace pellucid::graph::facts
