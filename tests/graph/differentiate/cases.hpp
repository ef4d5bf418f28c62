#pragma once

#include <string>
#include <vector>

#include "graph/differentiate/probe.hpp"

namespace pellucid::graph::testing {

using Values = std::vector<Value>;
using Build = std::function<Value(const Values&)>;

/// Constants: i64, a vector or a scalar; f32 at random.
Value ints(const std::vector<std::int64_t>& v);
Value integer(std::int64_t v);
Value floats(const ov::Shape& shape, std::uint64_t seed, double low = 0.5, double high = 1.5);

/// Cases of one input with a batch axis.
Case linear(const std::string& name, const ov::Shape& extents, Build build, bool dynamic = false);
Case smooth(const std::string& name, const ov::Shape& extents, Build build, bool dynamic = false);
/// Which element is the largest decides.
Case largest(const std::string& name, const ov::Shape& extents, Build build, bool dynamic = false);

/// Every case of a family, each failure under its name.
void check_first_orders(const std::vector<Case>& cases);
void check_second_orders(const std::vector<Case>& cases);

/// The cases of each family, for the test that every row of the table has one.
std::vector<Case> convolution_cases();
std::vector<Case> elementwise_cases();
std::vector<Case> indexing_cases();
std::vector<Case> movement_cases();
std::vector<Case> normalisation_cases();
std::vector<Case> pooling_cases();
std::vector<Case> product_cases();
std::vector<Case> quantisation_cases();
std::vector<Case> reduction_cases();
std::vector<Case> resampling_cases();
std::vector<Case> sampling_cases();
std::vector<Case> scattering_cases();
std::vector<Case> slicing_cases();
std::vector<Case> spectral_cases();

}  // namespace pellucid::graph::testing
