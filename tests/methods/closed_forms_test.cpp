// Each method where the answer is known: a table of method x closed form.

#include <gtest/gtest.h>

#include <cmath>

#include "core/files.hpp"
#include "core/random.hpp"
#include "methods/small_models.hpp"
#include "pellucid/methods.hpp"

namespace pellucid {
namespace {

using testing::load_network;
using testing::sample;
using testing::TemporaryFolder;

// One float32 matrix product of a few terms: a handful of roundings of values near 1.
constexpr float kRounding = 2e-6F;

const std::vector<std::vector<float>> kWeights{{1.0F, -2.0F, 0.5F, 0.0F}, {-1.5F, 0.25F, 3.0F, 0.0F}};
const std::vector<float> kX{0.5F, -1.0F, 2.0F, 4.0F};

std::vector<Explanation> run_method(const std::string& name, const Model& model, const Input& input,
                                    const std::vector<Target>& targets,
                                    const std::map<std::string, std::string>& options = {}) {
    Request request;
    request.model = &model;
    request.input = &input;
    request.targets = targets;
    request.score = Score::kLogit;
    request.options = options;
    return run(method(name), request);
}

void expect_values(const Array& got, const std::vector<double>& expected, float tolerance = kRounding) {
    ASSERT_EQ(got.size(), expected.size());
    for (std::size_t at = 0; at < expected.size(); ++at) {
        EXPECT_NEAR(double{got[at]}, expected[at], double{tolerance} * std::max(1.0, std::abs(expected[at]))) << at;
    }
}

struct LinearCase {
    const char* method;
    std::map<std::string, std::string> options;
    double (*closed_form)(double w, double x);
};

class OnALinearModel : public ::testing::TestWithParam<LinearCase> {};

TEST_P(OnALinearModel, EqualsTheClosedForm) {
    const TemporaryFolder folder;
    const Model model = load_network(testing::linear_network(kWeights, {0.1F, -0.2F}), folder);
    const auto got = run_method(GetParam().method, model, sample({1, 4}, kX), {Target::index(1)}, GetParam().options);
    std::vector<double> expected;
    for (std::size_t at = 0; at < kX.size(); ++at) {
        expected.push_back(GetParam().closed_form(double{kWeights[1][at]}, double{kX[at]}));
    }
    expect_values(got.front().attribution, expected);
    EXPECT_EQ(got.front().attribution.shape(), (Shape{1, 4}));
}

double weight(double w, double /*x*/) { return w; }
double magnitude(double w, double /*x*/) { return std::abs(w); }
double square(double w, double /*x*/) { return w * w; }
double product(double w, double x) { return w * x; }

INSTANTIATE_TEST_SUITE_P(
    Methods, OnALinearModel,
    ::testing::Values(LinearCase{"saliency", {}, magnitude},
                      LinearCase{"saliency", {{"signed_gradient", "true"}}, weight},
                      LinearCase{"input-x-gradient", {}, product}, LinearCase{"integrated-gradients", {}, product},
                      LinearCase{"integrated-gradients", {{"rule", "gauss-legendre"}, {"n_steps", "3"}}, product},
                      LinearCase{"integrated-gradients", {{"rule", "trapezoid"}, {"tolerance", "0"}}, product},
                      LinearCase{"smoothgrad", {{"num_samples", "5"}}, weight},
                      LinearCase{"smoothgrad", {{"num_samples", "5"}, {"squared", "true"}}, square},
                      LinearCase{"occlusion", {{"window", "1"}}, product}));

TEST(IntegratedGradients, IsCompleteOnANetworkWithKinks) {
    const TemporaryFolder folder;
    const Model model = load_network(testing::two_layer_network("relu"), folder);
    for (const char* rule : {"adaptive", "midpoint", "gauss-legendre"}) {
        const auto got = run_method("integrated-gradients", model, sample({1, 4}, kX), {Target::index(0)},
                                    {{"rule", rule}, {"tolerance", "0.001"}, {"max_steps", "4096"}});
        const double f = testing::two_layer_answer({kX.begin(), kX.end()})[0];
        const double f_baseline = testing::two_layer_answer({0, 0, 0, 0})[0];
        double sum = 0.0;
        for (const float value : got.front().attribution.values()) {
            sum += double{value};
        }
        EXPECT_NEAR(sum, f - f_baseline, 0.001 * std::abs(f - f_baseline) + 1e-6) << rule;
        ASSERT_TRUE(got.front().completeness.has_value());
        EXPECT_NEAR(got.front().completeness->expected, f - f_baseline, 1e-5) << rule;
    }
}

TEST(IntegratedGradients, IsInvariantToHowANetworkIsWritten) {
    const TemporaryFolder folder;
    const std::map<std::string, std::string> options{{"n_steps", "64"}, {"tolerance", "0"}};
    const auto plain = run_method("integrated-gradients", load_network(testing::two_layer_network("relu"), folder),
                                  sample({1, 4}, kX), {Target::index(1)}, options);
    const auto values = plain.front().attribution.values();
    for (const char* rectifier : {"maximum", "clamp", "select"}) {
        const auto other =
            run_method("integrated-gradients", load_network(testing::two_layer_network(rectifier), folder),
                       sample({1, 4}, kX), {Target::index(1)}, options);
        expect_values(other.front().attribution, {values.begin(), values.end()});
    }
}

/// (x - x') times the mean over `nodes` of the gradient, without the library.
std::vector<double> path_integral(double baseline, const std::vector<double>& nodes,
                                  const std::vector<double>& weights) {
    std::vector<double> sums(kX.size(), 0.0);
    for (std::size_t node = 0; node < nodes.size(); ++node) {
        std::vector<double> point;
        for (const float value : kX) {
            point.push_back(baseline + nodes[node] * (double{value} - baseline));
        }
        const auto gradient = testing::two_layer_gradient(point, 1);
        for (std::size_t at = 0; at < sums.size(); ++at) {
            sums[at] += weights[node] * gradient[at] * (double{kX[at]} - baseline);
        }
    }
    return sums;
}

TEST(IntegratedGradients, PlacesNodesWithoutBias) {
    const TemporaryFolder folder;
    const Model model = load_network(testing::two_layer_network("relu"), folder);
    // From -2 the path crosses most kinks half-way, so that f is far from straight and the nodes far from even.
    const auto got = run_method("integrated-gradients", model, sample({1, 4}, kX), {Target::index(1)},
                                {{"baseline", "-2"}, {"n_steps", "200"}, {"tolerance", "0"}});
    std::vector<double> nodes;
    for (int node = 0; node < 20000; ++node) {
        nodes.push_back((node + 0.5) / 20000.0);
    }
    // A kink misplaced by one of 200 nodes moves the integral by at most a few thousandths of a unit's share.
    expect_values(got.front().attribution, path_integral(-2.0, nodes, std::vector<double>(20000, 1.0 / 20000.0)),
                  0.02F);
}

TEST(IntegratedGradients, KeepsTheNodesOfEarlierRounds) {
    const TemporaryFolder folder;
    const Model model = load_network(testing::two_layer_network("relu"), folder);
    // One midpoint, then the ends, then two midpoints between: together the trapezoid's five nodes.
    const auto got = run_method("integrated-gradients", model, sample({1, 4}, kX), {Target::index(1)},
                                {{"baseline", "-2"}, {"n_steps", "1"}, {"tolerance", "1e-12"}, {"max_steps", "4"}});
    EXPECT_EQ(got.front().measures.at("nodes"), 5.0);
    expect_values(got.front().attribution,
                  path_integral(-2.0, {0.0, 0.25, 0.5, 0.75, 1.0}, {0.125, 0.25, 0.25, 0.25, 0.125}), 1e-5F);
}

TEST(IntegratedGradients, OverTwoBaselinesIsTheMeanOverEach) {
    const TemporaryFolder folder;
    const Model model = load_network(testing::two_layer_network("relu"), folder);
    const std::map<std::string, std::string> fixed{{"rule", "midpoint"}, {"tolerance", "0"}};
    const auto with = [&](const char* baseline) {
        auto options = fixed;
        options["baseline"] = baseline;
        return run_method("integrated-gradients", model, sample({1, 4}, kX), {Target::index(0)}, options).front();
    };
    const Explanation zero = with("zero");
    const Explanation one = with("1");
    std::vector<double> mean;
    for (std::size_t at = 0; at < 4; ++at) {
        mean.push_back(0.5 * (double{zero.attribution[at]} + double{one.attribution[at]}));
    }
    expect_values(with("zero,1").attribution, mean);
}

TEST(Saliency, IsTheGradientOfAnIndependentComputation) {
    const TemporaryFolder folder;
    const Model model = load_network(testing::two_layer_network("relu"), folder);
    const auto got =
        run_method("saliency", model, sample({1, 4}, kX), {Target::index(0)}, {{"signed_gradient", "true"}});
    expect_values(got.front().attribution, testing::two_layer_gradient({kX.begin(), kX.end()}, 0));
}

TEST(Saliency, OfAFlatPictureIsNoFailedCheck) {
    // Every max-pool window is a tie: a central difference is the mean of two slopes there, and the gradient is right.
    const TemporaryFolder folder;
    const Model model = load_network(testing::pooling_network(), folder);
    const auto got =
        run_method("saliency", model, sample({1, 1, 4, 4}, std::vector<float>(16, -0.4F)), {Target::index(0)});
    double sum = 0.0;
    for (const float value : got.front().attribution.values()) {
        sum += double{value};
    }
    EXPECT_NEAR(sum, 1.0, 1e-6);   // four windows, a quarter each, to one value of each window
}

TEST(Occlusion, OfAnInputThatTheModelIgnoresIsZero) {
    const TemporaryFolder folder;
    const Model model = load_network(testing::linear_network(kWeights, {0.0F, 0.0F}), folder);
    const auto got = run_method("occlusion", model, sample({1, 4}, kX), {Target::index(0)}, {{"window", "1"}});
    EXPECT_EQ(got.front().attribution[3], 0.0F);
    EXPECT_NE(got.front().attribution[2], 0.0F);
}

TEST(Occlusion, AveragesOverlappingWindowsAndClipsTheLast) {
    const TemporaryFolder folder;
    const Model model = load_network(testing::linear_network({{1.0F, 2.0F, 4.0F, 8.0F}}, {0.0F}), folder);
    const auto got = run_method("occlusion", model, sample({1, 4}, {1, 1, 1, 1}), {Target::index(0)},
                                {{"window", "3"}, {"stride", "2"}});
    // windows {0,1,2} and {2,3}: losses 7 and 12
    expect_values(got.front().attribution, {7.0, 7.0, 9.5, 12.0});
}

TEST(LinearMethods, AddOverTargets) {
    const TemporaryFolder folder;
    const Model model = load_network(testing::two_layer_network("relu"), folder);
    struct Case {
        const char* method;
        std::map<std::string, std::string> options;
    };
    const std::vector<Case> cases{
        {"saliency", {{"signed_gradient", "true"}}},
        {"input-x-gradient", {}},
        {"smoothgrad", {{"num_samples", "8"}}},
        {"integrated-gradients", {{"rule", "midpoint"}, {"tolerance", "0"}}},
        {"occlusion", {{"window", "2"}}},
    };
    for (const Case& each : cases) {
        const auto both =
            run_method(each.method, model, sample({1, 4}, kX), {Target::index(0), Target::index(1)}, each.options);
        const auto margin =
            run_method(each.method, model, sample({1, 4}, kX), Target::parse("margin:0-1"), each.options);
        std::vector<double> difference;
        for (std::size_t at = 0; at < 4; ++at) {
            difference.push_back(double{both[0].attribution[at]} - double{both[1].attribution[at]});
        }
        SCOPED_TRACE(each.method);
        expect_values(margin.front().attribution, difference, 1e-5F);
    }
}

TEST(SmoothGrad, IsTheMeanOfGradientsAtItsNoisyPoints) {
    const TemporaryFolder folder;
    const Model model = load_network(testing::two_layer_network("relu"), folder);
    const auto got = run_method("smoothgrad", model, sample({1, 4}, kX), {Target::index(1)},
                                {{"num_samples", "40"}, {"noise_level", "0.5"}});
    std::vector<double> mean(4, 0.0);
    std::vector<double> square_sum(4, 0.0);
    const double sigma = 0.5 * 5.0;   // max - min of kX
    for (std::uint64_t number = 0; number < 40; ++number) {
        core::RandomStream random(0, 0, number);
        std::vector<double> point;
        for (const float value : kX) {
            point.push_back(double{value} + sigma * random.normal());
        }
        const auto gradient = testing::two_layer_gradient(point, 1);
        for (std::size_t at = 0; at < 4; ++at) {
            mean[at] += gradient[at] / 40.0;
            square_sum[at] += gradient[at] * gradient[at];
        }
    }
    expect_values(got.front().attribution, mean, 1e-5F);
    std::vector<double> errors;
    for (std::size_t at = 0; at < 4; ++at) {
        errors.push_back(std::sqrt((square_sum[at] - 40.0 * mean[at] * mean[at]) / 39.0 / 40.0));
    }
    ASSERT_TRUE(got.front().standard_error.has_value());
    expect_values(*got.front().standard_error, errors, 1e-5F);
}

TEST(GradCam, EqualsEquationsOneAndTwo) {
    const TemporaryFolder folder;
    const testing::CamNetwork cam = testing::cam_network();
    const Model model = load_network(cam.network, folder);
    std::vector<float> x(36);
    for (std::size_t at = 0; at < x.size(); ++at) {
        x[at] = static_cast<float>(static_cast<int>(at % 7) - 3);
    }
    const auto got = run_method("grad-cam", model, sample({1, 1, 6, 6}, x), {Target::index(1)});
    ASSERT_EQ(got.front().attribution.shape(), (Shape{1, 1, 6, 6}));
    EXPECT_EQ(got.front().place, "features");
    std::vector<double> expected;
    for (const float value : x) {
        double sum = 0.0;   // dy1/dA_c is head[1][c] / 36 everywhere
        for (std::size_t channel = 0; channel < 2; ++channel) {
            const double activation = std::max(0.0, double{cam.kernel[channel]} * double{value});
            sum += double{cam.head[1][channel]} / 36.0 * activation;
        }
        expected.push_back(std::max(sum, 0.0));
    }
    expect_values(got.front().attribution, expected);
}

}  // namespace
}  // namespace pellucid
