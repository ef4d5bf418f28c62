#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace pellucid {

/// What the gradient compiler knows of one type of operator, as OpenVINO names it.
struct OperatorFacts {
    std::string name;      ///< "Convolution"
    std::string opset;     ///< the opset that defined this version of it: "1"; "pellucid" for our own
    std::string law;  ///< "movement", "linear", "bilinear", "elementwise", "normalising", "selecting" or "blocked"
    std::string gradient;  ///< "rule", "decomposed" (into operators that have rules) or "blocked" (by a listed rule)
    bool macs = false;  ///< whether its multiply-accumulates are counted
    std::string note;  ///< what an explanation's notes say where it was met; may be empty
};

/// Every operator that has a row, by name and opset. What is not here is refused by name.
[[nodiscard]] std::vector<OperatorFacts> operators();

}  // namespace pellucid
