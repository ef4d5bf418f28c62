#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "openvino/openvino.hpp"

#include "graph/differentiate.hpp"

namespace pellucid::graph::testing {

using Value = ov::Output<ov::Node>;

/// What is known of one input: its extents after the batch, and where values may lie.
struct Input {
    ov::Shape extents;                ///< without the batch axis
    double low = -1.0, high = 1.0;
    std::vector<double> kinks = {};   ///< values that the function has a kink at: kept away from
    bool batched = true;              ///< false: no batch axis, the extents are all
};

/// One line of the table: a function of floating-point inputs, and how its derivative is to be checked.
struct Case {
    std::string name;
    std::vector<Input> inputs;
    std::function<Value(const std::vector<Value>&)> build;
    bool linear = false;              ///< in each input: the adjoint identity must then hold to rounding
    bool distinct = false;            ///< values spaced out, so that no step changes which element is the largest
    bool dynamic = false;             ///< every extent unknown when the model is built
    double tolerance = 2e-3;          ///< of |g||v|: what central differences in f32 resolve (steps 1e-2 … 1e-3)
};

/// Random numbers that are the same everywhere.
class Random {
public:
    explicit Random(std::uint64_t seed) : state_(seed * 2654435761ULL + 88172645463325252ULL) {}
    double uniform(double low, double high);

private:
    std::uint64_t state_;
};

ov::CompiledModel compile(const std::shared_ptr<ov::Model>& model);
std::vector<ov::Tensor> run(ov::CompiledModel& compiled, const std::vector<ov::Tensor>& inputs);
/// The model as its IR has it, written and read back.
std::shared_ptr<ov::Model> saved_and_read(const std::shared_ptr<ov::Model>& model);
double dot(const ov::Tensor& a, const ov::Tensor& b);
double norm(const ov::Tensor& a);
/// ||a - b|| / ||b||
double relative_error(const ov::Tensor& a, const ov::Tensor& b);
ov::Tensor random_tensor(const ov::Shape& shape, Random& random, double low = -1.0, double high = 1.0);
/// a + h v
ov::Tensor moved(const ov::Tensor& a, const ov::Tensor& v, double h);

/// The model of a case, its batch dynamic.
std::shared_ptr<ov::Model> model_of(const Case& c);
/// Tensors for it.
std::vector<ov::Tensor> tensors_of(const Case& c, std::size_t batch, Random& random);

/// Checks <seed, J v> against <J^T seed, v> in every input, at batches 1 and 3, in several directions.
void check_first_order(const Case& c);
/// The gradient graph as a function of inputs and seed, checked the same way.
void check_second_order(const Case& c);

/// Why the model's first result is not differentiated by its first input, having checked that the refusal is a whole one:
/// its code, a remedy, and the same words without building. Empty where it is differentiated.
[[nodiscard]] std::string refusal(const std::shared_ptr<ov::Model>& model, const RuleSet& rules = plain_rules());

void PrintTo(const Case& c, std::ostream* out);

}  // namespace pellucid::graph::testing
