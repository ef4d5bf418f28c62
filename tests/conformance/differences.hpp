#pragma once

#include <string>

#include "conformance/operator_test.hpp"
#include "graph/differentiate.hpp"

namespace pellucid::conformance {

/// What a gradient model is the derivative of.
struct Asked {
    std::size_t result, parameter;
    bool affine;  ///< nothing between them is anything but linear
};

/// Empty where the gradient agrees with differences of the forward pass, else what differs. Throws Error(kUnsupported)
/// where the gradient is not finite.
[[nodiscard]] std::string compare(const OperatorTest& test, const Asked& asked, const graph::GradientModel& gradient);

/// Empty where a result stands still along random directions by which a parameter is moved a little, else that it moves: for
/// pairs that Pellucid gives no gradient of, as none flows.
[[nodiscard]] std::string moves(const OperatorTest& test, std::size_t result, std::size_t parameter);

/// Compiled as Pellucid compiles: single precision, the same bits for any number of threads.
[[nodiscard]] ov::CompiledModel compile(const std::shared_ptr<ov::Model>& model);
[[nodiscard]] Tensors run(ov::CompiledModel& compiled, const Tensors& inputs);

}  // namespace pellucid::conformance
