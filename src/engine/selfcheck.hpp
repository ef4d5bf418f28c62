#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "engine/session.hpp"

namespace pellucid::engine {

/// What a gradient graph's outputs are, after the score.
enum class GradientOf {
    kInputs,     ///< the gradient for each of `wrt`, in order
    kActivation  ///< a layer's activation and the gradient for it; the layer must be all that leads to the score
};

struct DirectionalCheck {
    bool conclusive = true;     ///< false: the derivative drowns in rounding at every step size
    double disagreement = 0.0;  ///< |numeric - analytic| / max of both, at the best step size
    double step = 0.0;          ///< that step size, in units of each input's root mean square
    std::string note;           ///< one line for the notes
};

/// Compares <gradient, u> with (f(x + h u) - f(x - h u)) / 2h along one random direction u (which leans a little towards
/// the gradient), f = <seed, score>, at several h: a wide step straddles kinks, a narrow one drowns in rounding, so the
/// best of them counts.
/// @param inputs  a sample for each input of the session, the seed last
/// @param wrt     the inputs that u moves; float
/// Where they disagree by more than 5 % at every step size that rounding leaves readable, they are compared again at
/// points a hundredth beside the input, off the ties of flat backgrounds. Throws Error(kInternal) with the figure when they
/// disagree there too and the differences settle on another value; where they scatter instead, the note says so.
[[nodiscard]] DirectionalCheck check_gradient(Session& session, const std::vector<Array>& inputs,
                                              const std::vector<std::size_t>& wrt, GradientOf of = GradientOf::kInputs);

}  // namespace pellucid::engine
