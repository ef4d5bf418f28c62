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
[[nodiscard]] std::span<const OpFacts> resampling();
[[nodiscard]] std::span<const OpFacts> normalisation();
[[nodiscard]] std::span<const OpFacts> blocked();

/// A row, with its type from the class.
template <class Op>
[[nodiscard]] OpFacts row(Law law, VjpRule vjp, std::string_view note = {}, MacRule macs = nullptr) {
    return {Op::get_type_info_static(), law, vjp, macs, note};
}

/// Elements of a static shape.
[[nodiscard]] std::int64_t elements(const ov::PartialShape& shape);

}  // namespace pellucid::graph::facts
