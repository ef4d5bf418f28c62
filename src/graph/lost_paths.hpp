#pragma once

#include "graph/tape.hpp"

namespace pellucid::graph {

/// Where paths from what is asked for end short of `of`: a node that reads values which depend on it, and answers with
/// what no gradient flows through (Floor, a conversion to integers, the indices of TopK).
struct LostPaths {
    std::vector<std::string> notes;     ///< one a type of op: "no gradient flows through …"
    const ov::Node* nearest = nullptr;  ///< of all such nodes, the nearest to `of`; null where no path is lost
};

/// Two ways lead to no lost path. A shape does not depend on values. And a truth value decides which of two branches is
/// taken, as ReLU spelt with Select and Greater does: the gradient is right on either side, a kink lies between; that
/// is the `nearest` where all paths end, but no note.
/// @param nodes  in topological order; `tape.varied` must be marked
[[nodiscard]] LostPaths find_lost_paths(const std::vector<std::shared_ptr<ov::Node>>& nodes, const Value& of,
                                        const Tape& tape);

}  // namespace pellucid::graph
