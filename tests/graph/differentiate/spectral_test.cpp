// Fourier transforms: one line a case. Complex numbers are pairs on the last axis.
#include <gtest/gtest.h>

#include "graph/differentiate/cases.hpp"
#include "openvino/opsets/opset16.hpp"

namespace pellucid::graph::testing {
namespace {

namespace op = ov::op;

template <class Op>
Case transform(const std::string& name, const ov::Shape& extents, const std::vector<std::int64_t>& axes,
               const std::vector<std::int64_t>& sizes = {}, bool dynamic = false) {
    return linear(
        name, extents,
        [=](const Values& in) -> Value {
            if (sizes.empty()) return std::make_shared<Op>(in[0], ints(axes));
            return std::make_shared<Op>(in[0], ints(axes), ints(sizes));
        },
        dynamic);
}

template <class Op>
void add_complex(std::vector<Case>& cases, const std::string& name) {
    cases.push_back(transform<Op>(name, {5, 2}, {1}));
    cases.push_back(transform<Op>(name + ", of a power of two", {3, 8, 2}, {2}));
    cases.push_back(transform<Op>(name + ", two axes, one from behind", {3, 4, 6, 2}, {-1, 1}));
    cases.push_back(transform<Op>(name + ", over the batch", {3, 2}, {0, 1}));
    cases.push_back(transform<Op>(name + ", filled up", {3, 5, 2}, {2}, {9}));
    cases.push_back(transform<Op>(name + ", cut", {3, 8, 2}, {1, 2}, {-1, 5}));
    cases.push_back(transform<Op>(name + ", cut and filled up", {4, 5, 2}, {2, 1}, {8, 3}));
    cases.push_back(transform<Op>(name + ", extents unknown", {3, 4, 2}, {1, 2}, {}, true));
}

/// Frames of 6, 2 apart, under a window of 5: by signal and window.
Case short_time(const std::string& name, bool batched, bool transposed, std::size_t length) {
    const Input signal{.extents = {length}, .batched = batched};
    return {.name = name,
            .inputs = {signal, {.extents = {5}, .batched = false}},
            .build = [=](const Values& in) -> Value {
                return std::make_shared<op::v15::STFT>(in[0], in[1], integer(6), integer(2), transposed);
            },
            .linear = true};
}

std::vector<Case> transforms() {
    std::vector<Case> cases;
    add_complex<op::v7::DFT>(cases, "DFT");
    add_complex<op::v7::IDFT>(cases, "IDFT");
    using Real = op::v9::RDFT;
    using Back = op::v9::IRDFT;
    const std::vector<Case> real{
        transform<Real>("RDFT, even", {6}, {1}),
        transform<Real>("RDFT, odd", {7}, {1}),
        transform<Real>("RDFT, two axes", {3, 5, 6}, {2, 3}),
        transform<Real>("RDFT, two axes, the first halved", {3, 5, 6}, {-1, 1}),
        transform<Real>("RDFT, cut", {3, 8}, {1, 2}, {2, 5}),
        transform<Real>("RDFT of one element", {1}, {1}),
        transform<Back>("IRDFT", {4, 2}, {1}),
        transform<Back>("IRDFT, odd", {4, 2}, {1}, {7}),
        transform<Back>("IRDFT, two axes", {3, 5, 4, 2}, {2, 3}),
        transform<Back>("IRDFT, two axes, the first halved", {3, 5, 4, 2}, {-1, 1}),
        transform<Back>("IRDFT, cut", {3, 6, 2}, {1, 2}, {2, 5}),
        transform<Back>("IRDFT, cut, the first halved", {4, 5, 2}, {2, 1}, {3, 4}),
    };
    cases.insert(cases.end(), real.begin(), real.end());
    cases.push_back(short_time("STFT", true, false, 13));
    cases.push_back(short_time("STFT, frames last", true, true, 12));
    cases.push_back(short_time("STFT without a batch", false, false, 10));
    return cases;
}

/// The engine reads beyond its input there, and says nothing.
TEST(DifferentiateSpectral, ASpectrumThatIsFilledUpIsRefused) {
    const auto model = model_of(transform<op::v9::IRDFT>("IRDFT, filled up", {3, 4, 2}, {2}, {11}));
    const auto why =
        why_not_differentiable(model, {model->get_parameters()[0]->output(0)}, model->get_results()[0]->input_value(0));
    EXPECT_NE(why.find("IRDFT"), std::string::npos) << why;
    EXPECT_NE(why.find("fills its input up"), std::string::npos) << why;
}

TEST(DifferentiateSpectral, FirstDerivatives) { check_first_orders(transforms()); }
TEST(DifferentiateSpectral, DerivativesOfDerivatives) { check_second_orders(transforms()); }

}  // namespace

std::vector<Case> spectral_cases() { return transforms(); }

}  // namespace pellucid::graph::testing
