#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "pellucid/array.hpp"

namespace pellucid {

/// Rows to scores: all that a perturbation method needs of a model. `rows` is [n, row shape…]; the answer [n, classes].
class Predictor {
public:
    virtual ~Predictor() = default;
    [[nodiscard]] virtual Shape row_shape() const = 0;
    [[nodiscard]] virtual std::int64_t classes() const = 0;
    /// Rows sent in one call.
    [[nodiscard]] virtual int block() const { return 16; }
    [[nodiscard]] virtual Array predict(const Array& rows) = 0;
};

/// A C++ callable.
[[nodiscard]] std::unique_ptr<Predictor> make_predictor(Shape row_shape, std::int64_t classes,
                                                        std::function<Array(const Array& rows)> function);

/// An external program that speaks length-prefixed tensors over its standard input and output (docs/how-to/black-box.md).
/// Its crash, hang (no answer within `timeout_seconds`), wrong count or NaN is an Error(kUnreadable).
/// @param command  program and arguments; run without a shell
[[nodiscard]] std::unique_ptr<Predictor> make_program_predictor(std::vector<std::string> command, Shape row_shape,
                                                                double timeout_seconds = 60.0);

}  // namespace pellucid
