#pragma once

#include <cstdint>
#include <optional>
#include <unordered_map>
#include <vector>

#include "openvino/core/node.hpp"

namespace pellucid::graph {

/// Tokens that stand for a picture: [N, prefix + rows * columns, C], row by row behind the prefix.
struct TokenGrid {
    std::int64_t prefix = 0;  ///< tokens before the grid (class, registers)
    std::int64_t rows = 0, columns = 0;
    bool guessed = false;     ///< no map upstream tells rows and columns: the tokens are a square number
};

/// Extents of a map [N, C, rows, columns].
struct GridExtents {
    std::int64_t rows = 0, columns = 0;
    [[nodiscard]] bool operator==(const GridExtents&) const = default;
};

/// The grid of a [N, tokens, C] tensor made of one of `maps`: the one that leaves 0 to 5 tokens before its positions (a
/// class token, one of distillation, four registers). Where none does, a guess: the least prefix of 0 to 2 that leaves a
/// square of side > 1.
[[nodiscard]] std::optional<TokenGrid> token_grid(const ov::PartialShape& shape, const std::vector<GridExtents>& maps);

/// Follows which maps the tokens of a network are made of: the nearest ones upstream, as the patch convolution.
class TokenSources {
public:
    /// In topological order. @param is_map  the node makes a map [N, C, spatial…]
    void visit(const ov::Node& node, bool is_map);
    /// Of a node that was visited.
    [[nodiscard]] std::optional<TokenGrid> grid(const ov::Node& node) const;

private:
    std::unordered_map<const ov::Node*, std::vector<GridExtents>> maps_;
};

}  // namespace pellucid::graph
