#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>

#include "openvino/core/model.hpp"

namespace pellucid::graph {

struct Description {
    std::map<std::string, std::int64_t>
        ops;  ///< type -> count ("Convolution": 53); Parameter, Result, Constant left out
    std::int64_t parameters = 0;              ///< elements of floating-point constants that act as weights
    std::int64_t macs = 0;                    ///< multiply-accumulates for one sample (batch 1)
    bool macs_complete = true;                ///< false where a shape is dynamic and could not be counted
};

[[nodiscard]] Description describe(const std::shared_ptr<ov::Model>& model);

}  // namespace pellucid::graph
