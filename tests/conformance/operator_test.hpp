#pragma once

#include <nlohmann/json.hpp>

#include <memory>
#include <set>
#include <string>
#include <vector>

#include "openvino/openvino.hpp"

namespace pellucid::conformance {

using Value = ov::Output<ov::Node>;
using Tensors = std::vector<ov::Tensor>;

/// Where a test's function has no derivative that differences could find, declared as data (kinks.json): its inputs are
/// moved off before differences are taken.
struct Kinks {
    std::vector<double> avoid;  ///< values of inputs that the function has a kink at
    double margin = 0.05;       ///< how far inputs are kept from them
    bool distinct = false;      ///< elements are spread, in their order, so that none are equal
    double shift = 0.0;         ///< added to every element
    bool positive = false;      ///< elements become their magnitude plus 0.5: roots and powers of no negative number
};

/// One ONNX operator test as the gradient compiler sees it: floating inputs and outputs are f32, whatever the file has.
struct OperatorTest {
    std::string name;
    std::shared_ptr<ov::Model> model;
    Tensors inputs;    ///< for each parameter of the model
    Tensors expected;  ///< for each result, as the test's file says
    double relative = 1e-3, absolute = 1e-7;
    std::set<std::size_t>
        fixed;  ///< parameters that nothing is asked of: held by a rule on purpose, or rounded too coarsely
    double step = 0.0;  ///< what steps are fractions of; 0: the input's root mean square
};

/// Reads the test's model and data as `request` lists them: {name, model, inputs: [{name, type, shape, file}], outputs
/// (the same), relative, absolute, kinks}. Throws Error where the reader refuses the model.
[[nodiscard]] OperatorTest load(const nlohmann::json& request);

/// The network before its values were rounded to 8 bits (FakeConvert): what straight-through gradients are gradients of.
[[nodiscard]] std::shared_ptr<ov::Model> without_rounding(const std::shared_ptr<ov::Model>& model);

/// The same test with everything constant that is no floating input or that no derivative is asked for by.
/// @param by  the parameters that stay
[[nodiscard]] OperatorTest hold_others(const OperatorTest& test, const std::vector<std::size_t>& by);

}  // namespace pellucid::conformance
