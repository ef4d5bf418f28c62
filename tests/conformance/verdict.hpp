#pragma once

#include <string>

#include "conformance/mutant.hpp"
#include "conformance/operator_test.hpp"

namespace pellucid::conformance {

enum class Verdict {
    kRight,    ///< every derivative that there is agrees with differences
    kWrong,    ///< one does not
    kRefused,  ///< Pellucid says why it gives none
    kNone      ///< no floating input reaches a floating output: nothing to ask
};

struct Answer {
    Verdict verdict = Verdict::kNone;
    std::string reason;
    bool differs = false;  ///< wrong by a comparison, not by an exception
    bool held = false;     ///< inputs that are no numbers to differentiate by were made constants
};

/// Differentiates every floating output by every floating input under a random cotangent, and compares with central
/// differences along four random directions: the best of steps from 0.1 to 0.0001 (of the input's root mean square)
/// within 1e-2; linear functions by the adjoint identity too, within 1e-5. Where no gradient is said to flow, the output must
/// stand still.
[[nodiscard]] Answer judge(const OperatorTest& test, Mutant& mutant);

/// The forward pass against the test's own outputs: "equal", "close" (within 1e-2), "differs: ..." or "fails: ...".
[[nodiscard]] std::string compare_forward(const OperatorTest& test);

}  // namespace pellucid::conformance
