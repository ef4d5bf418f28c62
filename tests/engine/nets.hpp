#pragma once

// Small networks, built in memory, that the tests of the executor run.

#include <memory>
#include <string>
#include <vector>

#include "openvino/core/model.hpp"
#include "openvino/op/parameter.hpp"

namespace nets {

/// Values in [-1, 1] from a seed.
std::vector<float> values(std::size_t count, std::uint64_t seed);

/// x[N, n] -> y[N, m] = x W + b: W row-major [n, m].
struct Linear {
    std::int64_t n = 0, m = 0;
    std::vector<float> weights, bias;
    [[nodiscard]] std::shared_ptr<ov::Model> model() const;
    /// In double.
    [[nodiscard]] std::vector<double> apply(const std::vector<float>& x) const;
};
Linear linear(std::int64_t n, std::int64_t m, std::uint64_t seed);

/// x[N, 3, side, side] -> three convolutions (one strided, one by group), pooling, softmax: logits of 10 classes.
std::shared_ptr<ov::Model> small_cnn(std::int64_t side, std::uint64_t seed);

/// A network of a file, its first axes dynamic.
std::shared_ptr<ov::Model> from_file(const std::string& path);

/// Parameter x with a first axis of extent -1, named, and whatever `row` says.
std::shared_ptr<ov::op::v0::Parameter> rows(const std::string& name, const std::vector<std::int64_t>& row,
                                            ov::element::Type type = ov::element::f32);
/// A model with friendly names and tensor names.
std::shared_ptr<ov::Model> named(const ov::OutputVector& outputs, const ov::ParameterVector& parameters);

}  // namespace nets
