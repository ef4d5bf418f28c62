#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "pellucid/array.hpp"
#include "pellucid/target.hpp"

namespace pellucid {

/// The scalar that was explained.
struct ExplainedTarget {
    std::int64_t index = -1;                ///< class index, or -1 where the target is no class
    std::string label;                      ///< class label, or the target's expression
    double score = 0.0;                     ///< f(x), in the units of `Explanation::score`
    std::string output{};                   ///< name of the network's output; empty for a black-box program
    /// How many values became one, where the target is not one entry: "mean over 64x64 positions"; else empty.
    std::string reading{};
};

/// sum of the attributions against f(x) - f(baseline).
struct Completeness {
    double sum = 0.0, expected = 0.0;
    double error = 0.0;                     ///< |sum - expected| / max(|expected|, 1e-12)
};

struct Evaluations {
    std::int64_t forward = 0, backward = 0;
};

/// Why one answer: what a method gives for one input and one target.
struct Explanation {
    std::string method;
    std::vector<std::pair<std::string, std::string>> options;  ///< every option's value in force
    std::string place = "input";            ///< input, or the layer's name
    ExplainedTarget target;
    Score score = Score::kLogit;
    std::string baseline;                   ///< in the user's units; empty where the method has none
    double f_input = 0.0;
    std::optional<double> f_baseline;
    std::optional<Completeness> completeness;

    /// float32; the shape of the input (pixel methods), of the layer with one channel (CAM), or [features].
    Array attribution;
    /// The value at a position is that of all its channels together and stands in each of them (windows that span the
    /// channels): drawings take it once in place of a sum.
    bool channels_alike = false;
    bool is_signed = true;  ///< false where values tell how much, not which way (a magnitude, a cut map)
    /// Attributions of the network's further float inputs, by name (several-input networks only).
    std::map<std::string, Array> further_inputs;
    /// Feature methods: the feature of each position of the input ([height, width] for pictures), 0-based, as float.
    std::optional<Array> features;
    std::optional<Array> standard_error;  ///< of `attribution`, where sampling made it
    std::map<std::string, double> measures;  ///< r2, intercept, kernel_width, …: what the method measured besides

    Evaluations evaluations;
    double model_seconds = 0.0;   ///< in which the network was running
    double stream_seconds = 0.0;  ///< the same, summed over the requests that ran side by side
    double total_seconds = 0.0;
    std::uint64_t seed = 0;
    std::vector<std::string> notes;  ///< every fallback, warning and choice made for the user
};

}  // namespace pellucid
