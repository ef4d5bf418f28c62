#pragma once

#include <span>

#include "graph/rules.hpp"
#include "graph/tape.hpp"

namespace pellucid::graph::facts {

/// The families of op types, each in a file of its own. `rules.cpp` joins them to the one table.
[[nodiscard]] std::span<const OpFacts> arithmetic();
[[nodiscard]] std::span<const OpFacts> activations();
[[nodiscard]] std::span<const OpFacts> convolutions();
[[nodiscard]] std::span<const OpFacts> pooling();
[[nodiscard]] std::span<const OpFacts> products();
[[nodiscard]] std::span<const OpFacts> reductions();
[[nodiscard]] std::span<const OpFacts> movement();
[[nodiscard]] std::span<const OpFacts> slicing();
[[nodiscard]] std::span<const OpFacts> indexing();
[[nodiscard]] std::span<const OpFacts> scattering();
[[nodiscard]] std::span<const OpFacts> embedding();
[[nodiscard]] std::span<const OpFacts> sampling();
[[nodiscard]] std::span<const OpFacts> regions();
[[nodiscard]] std::span<const OpFacts> spectral();
[[nodiscard]] std::span<const OpFacts> quantisation();
[[nodiscard]] std::span<const OpFacts> resampling();
[[nodiscard]] std::span<const OpFacts> normalisation();
[[nodiscard]] std::span<const OpFacts> blocked();
[[nodiscard]] std::span<const OpFacts> recurrent();
[[nodiscard]] std::span<const OpFacts> control_flow();

/// The rule of an op that should have been written out, and was not: refuses with the reason.
[[nodiscard]] std::vector<Cotangent> say_why_whole(const std::shared_ptr<ov::Node>& node,
                                                   const std::vector<Cotangent>& outputs, Tape& tape);

/// A row, with its type from the class.
template <class Op>
[[nodiscard]] OpFacts row(Law law, VjpRule vjp, std::string_view note = {}, MacRule macs = nullptr) {
    return {Op::get_type_info_static(), law, vjp, macs, note};
}

/// A row of an op that is written out before cotangents flow. Its rule is reached only where that can't be: it says why.
template <class Op>
[[nodiscard]] OpFacts composite(Decomposition decompose, MacRule macs = nullptr) {
    return {Op::get_type_info_static(), Law::kBilinear, say_why_whole, macs, {}, decompose};
}

/// Elements of a static shape.
[[nodiscard]] std::int64_t elements(const ov::PartialShape& shape);

}  // namespace pellucid::graph::facts
