#include "graph/token_grid.hpp"

#include <algorithm>
#include <cmath>

namespace pellucid::graph {

namespace {

/// Of a node that makes a map of a picture; none where its extents are open, of another rank, or pooled away.
std::vector<GridExtents> extents_of(const ov::PartialShape& shape) {
    if (shape.rank().is_dynamic() || shape.size() != 4 || shape[2].is_dynamic() || shape[3].is_dynamic()) {
        return {};
    }
    const GridExtents extents{shape[2].get_length(), shape[3].get_length()};
    return extents.rows * extents.columns > 1 ? std::vector{extents} : std::vector<GridExtents>{};
}

std::optional<TokenGrid> square_grid(std::int64_t tokens) {
    constexpr std::int64_t kMostPrefix = 2;   // more would find a square near too many numbers
    for (std::int64_t prefix = 0; prefix <= std::min(kMostPrefix, tokens); ++prefix) {
        const auto side = static_cast<std::int64_t>(std::llround(std::sqrt(static_cast<double>(tokens - prefix))));
        if (side > 1 && side * side == tokens - prefix) {
            return TokenGrid{prefix, side, side, true};
        }
    }
    return std::nullopt;
}

}  // namespace

std::optional<TokenGrid> token_grid(const ov::PartialShape& shape, const std::vector<GridExtents>& maps) {
    constexpr std::int64_t kMostPrefix = 5;
    if (shape.rank().is_dynamic() || shape.size() != 3 || shape[1].is_dynamic()) {
        return std::nullopt;
    }
    const std::int64_t tokens = shape[1].get_length();
    for (const GridExtents& map : maps) {
        const std::int64_t prefix = tokens - map.rows * map.columns;
        if (prefix >= 0 && prefix <= kMostPrefix) {
            return TokenGrid{prefix, map.rows, map.columns, false};
        }
    }
    return square_grid(tokens);
}

void TokenSources::visit(const ov::Node& node, bool is_map) {
    if (is_map) {
        maps_[&node] = extents_of(node.get_output_partial_shape(0));
        return;
    }
    std::vector<GridExtents> met;
    for (std::size_t port = 0; port < node.get_input_size(); ++port) {
        const auto found = maps_.find(node.get_input_node_ptr(port));
        for (const GridExtents& map : found == maps_.end() ? std::vector<GridExtents>{} : found->second) {
            if (std::find(met.begin(), met.end(), map) == met.end()) {
                met.push_back(map);
            }
        }
    }
    maps_[&node] = std::move(met);
}

std::optional<TokenGrid> TokenSources::grid(const ov::Node& node) const {
    const auto found = maps_.find(&node);
    return found == maps_.end() ? std::nullopt : token_grid(node.get_output_partial_shape(0), found->second);
}

}  // namespace pellucid::graph
