// LIME against the normal equations written out, and against the weights of a linear model.

#include <gtest/gtest.h>

#include <cmath>

#include "core/files.hpp"
#include "core/random.hpp"
#include "explain/perturbation/weighted_ridge.hpp"
#include "methods/small_models.hpp"
#include "pellucid/methods.hpp"

namespace pellucid {
namespace {

using testing::load_network;
using testing::sample;
using testing::TemporaryFolder;

constexpr int kFeatures = 4;
const std::vector<float> kX{0.5F, -1.0F, 2.0F, 4.0F};

/// Solves a small dense system by elimination with pivoting: no code shared with the library.
std::vector<double> eliminate(std::vector<std::vector<double>> matrix, std::vector<double> right) {
    const std::size_t n = right.size();
    for (std::size_t pivot = 0; pivot < n; ++pivot) {
        std::size_t best = pivot;
        for (std::size_t row = pivot; row < n; ++row) {
            best = std::abs(matrix[row][pivot]) > std::abs(matrix[best][pivot]) ? row : best;
        }
        std::swap(matrix[pivot], matrix[best]);
        std::swap(right[pivot], right[best]);
        for (std::size_t row = 0; row < n; ++row) {
            const double factor = row == pivot ? 0.0 : matrix[row][pivot] / matrix[pivot][pivot];
            for (std::size_t column = 0; column < n; ++column) {
                matrix[row][column] -= factor * matrix[pivot][column];
            }
            right[row] -= factor * right[pivot];
        }
    }
    for (std::size_t row = 0; row < n; ++row) {
        right[row] /= matrix[row][row];
    }
    return right;
}

std::vector<double> mask_of(std::int64_t row) {
    std::vector<double> z(kFeatures, 1.0);
    core::RandomStream random(0, 0, static_cast<std::uint64_t>(row));
    for (double& bit : z) {
        bit = row == 0 ? 1.0 : static_cast<double>(random.bits() & 1U);
    }
    return z;
}

double kernel_weight(const std::vector<double>& z) {
    double ones = 0.0;
    for (const double bit : z) {
        ones += bit;
    }
    const double cosine = ones > 0.0 ? ones / (std::sqrt(ones) * std::sqrt(double{kFeatures})) : 0.0;
    return std::sqrt(std::exp(-(1.0 - cosine) * (1.0 - cosine) / (0.25 * 0.25)));
}

/// The ridge with an intercept column that is not penalised: [coefficients…, intercept].
std::vector<double> closed_form(int samples, double penalty,
                                const std::function<double(const std::vector<double>&)>& f) {
    std::vector<std::vector<double>> matrix(kFeatures + 1, std::vector<double>(kFeatures + 1, 0.0));
    std::vector<double> right(kFeatures + 1, 0.0);
    for (int row = 0; row < samples; ++row) {
        std::vector<double> z = mask_of(row);
        const double weight = kernel_weight(z);
        const double y = f(z);
        z.push_back(1.0);
        for (std::size_t a = 0; a < z.size(); ++a) {
            for (std::size_t b = 0; b < z.size(); ++b) {
                matrix[a][b] += weight * z[a] * z[b];
            }
            right[a] += weight * z[a] * y;
        }
    }
    for (std::size_t a = 0; a < kFeatures; ++a) {
        matrix[a][a] += penalty;
    }
    return eliminate(matrix, right);
}

Explanation lime_of(const Model& model, const TemporaryFolder& folder, std::map<std::string, std::string> options) {
    core::write_npy(folder.path() / "segments.npy", Array(Shape{1, kFeatures}, {0, 1, 2, 3}));
    options["segments"] = (folder.path() / "segments.npy").string();
    const Input input = sample({1, kFeatures}, kX);
    Request request;
    request.model = &model;
    request.input = &input;
    request.targets = {Target::index(0)};
    request.score = Score::kLogit;
    request.options = options;
    return run(method("lime"), request).front();
}

TEST(Lime, EqualsTheClosedFormWeightedRidge) {
    const TemporaryFolder folder;
    const Model model = load_network(testing::two_layer_network("relu"), folder);
    const Explanation got = lime_of(model, folder, {{"num_samples", "200"}});
    const auto expected = closed_form(200, 1.0, [](const std::vector<double>& z) {
        std::vector<double> x;
        for (std::size_t at = 0; at < z.size(); ++at) {
            x.push_back(z[at] * double{kX[at]});
        }
        return testing::two_layer_answer(x)[0];
    });
    for (std::size_t at = 0; at < kFeatures; ++at) {
        // answers carry float32 rounding (1e-7 of values up to 10); the systems are well conditioned
        EXPECT_NEAR(double{got.attribution[at]}, expected[at], 1e-5) << at;
    }
    EXPECT_NEAR(got.measures.at("intercept"), expected[kFeatures], 1e-5);
}

TEST(Lime, TendsToTheWeightsOfALinearModelAsThePenaltyGoesToZero) {
    const TemporaryFolder folder;
    const std::vector<float> weights{1.0F, -2.0F, 0.5F, 0.25F};
    const Model model = load_network(testing::linear_network({weights}, {0.3F}), folder);
    double previous = 1e9;
    for (const char* penalty : {"1", "0.01", "0.0001"}) {
        const Explanation got = lime_of(model, folder, {{"num_samples", "300"}, {"ridge", penalty}});
        double worst = 0.0;
        for (std::size_t at = 0; at < kFeatures; ++at) {
            worst = std::max(worst, std::abs(double{got.attribution[at]} - double{weights[at]} * double{kX[at]}));
        }
        EXPECT_LT(worst, 0.05 * previous) << penalty;
        previous = worst;
    }
    EXPECT_LT(previous, 1e-5);
}

TEST(Lime, SaysHowWellItFitsAndHowSureItIs) {
    const TemporaryFolder folder;
    const Model model = load_network(testing::linear_network({{1.0F, -2.0F, 0.5F, 0.25F}}, {0.3F}), folder);
    const Explanation exact = lime_of(model, folder, {{"num_samples", "300"}, {"ridge", "0"}});
    EXPECT_NEAR(exact.measures.at("r2"), 1.0, 1e-9);
    EXPECT_LT(exact.measures.at("relative_standard_error"), 1e-5);
    const Model kinked = load_network(testing::two_layer_network("relu"), folder);
    const Explanation rough = lime_of(kinked, folder, {{"num_samples", "300"}});
    EXPECT_LT(rough.measures.at("r2"), 0.999);
    EXPECT_GT(rough.measures.at("relative_standard_error"), 1e-4);
}

/// Standard errors of the coefficients of the columns `used`: H^-1 (sum of (w e)^2 z z') H^-1 with z the columns and a 1, H
/// the penalised normal matrix, e the residuals.
std::vector<double> sandwich_errors(int samples, const std::vector<std::size_t>& used,
                                    const std::function<double(const std::vector<double>&)>& f) {
    const std::size_t n = used.size() + 1;
    std::vector<std::vector<double>> normal(n, std::vector<double>(n, 0.0)), meat = normal, rows;
    std::vector<double> right(n, 0.0), weights, answers;
    for (int row = 0; row < samples; ++row) {
        const std::vector<double> mask = mask_of(row);
        std::vector<double> z;
        for (const std::size_t column : used) {
            z.push_back(mask[column]);
        }
        z.push_back(1.0);
        rows.push_back(z);
        weights.push_back(kernel_weight(mask));
        answers.push_back(f(mask));
        for (std::size_t a = 0; a < n; ++a) {
            for (std::size_t b = 0; b < n; ++b) {
                normal[a][b] += weights.back() * z[a] * z[b];
            }
            right[a] += weights.back() * z[a] * answers.back();
        }
    }
    for (std::size_t a = 0; a + 1 < n; ++a) {
        normal[a][a] += 1.0;
    }
    const std::vector<double> fit = eliminate(normal, right);
    for (std::size_t row = 0; row < rows.size(); ++row) {
        double residual = answers[row];
        for (std::size_t a = 0; a < n; ++a) {
            residual -= fit[a] * rows[row][a];
        }
        for (std::size_t a = 0; a < n; ++a) {
            for (std::size_t b = 0; b < n; ++b) {
                meat[a][b] += weights[row] * weights[row] * residual * residual * rows[row][a] * rows[row][b];
            }
        }
    }
    std::vector<double> errors;
    for (std::size_t a = 0; a + 1 < n; ++a) {
        std::vector<double> unit(n, 0.0);
        unit[a] = 1.0;
        const std::vector<double> half = eliminate(normal, unit);   // H is symmetric: a row of its inverse
        double variance = 0.0;
        for (std::size_t b = 0; b < n; ++b) {
            for (std::size_t c = 0; c < n; ++c) {
                variance += half[b] * meat[b][c] * half[c];
            }
        }
        errors.push_back(std::sqrt(variance));
    }
    return errors;
}

TEST(Lime, StandardErrorsAreTheSandwichOfTheFit) {
    const TemporaryFolder folder;
    const Model model = load_network(testing::two_layer_network("relu"), folder);
    const auto f = [](const std::vector<double>& z) {
        std::vector<double> x;
        for (std::size_t at = 0; at < z.size(); ++at) {
            x.push_back(z[at] * double{kX[at]});
        }
        return testing::two_layer_answer(x)[0];
    };
    for (const char* kept : {"4", "2"}) {
        const Explanation got = lime_of(
            model, folder, {{"num_samples", "200"}, {"num_features", kept}, {"feature_selection", "highest_weights"}});
        std::vector<std::size_t> used;
        for (std::size_t at = 0; at < kFeatures; ++at) {
            if (got.attribution[at] != 0.0F) {
                used.push_back(at);
            }
        }
        ASSERT_EQ(std::to_string(used.size()), kept);
        const std::vector<double> expected = sandwich_errors(200, used, f);
        ASSERT_TRUE(got.standard_error.has_value());
        for (std::size_t at = 0; at < used.size(); ++at) {
            // answers carry float32 rounding: 1e-7 of values up to 10, in residuals of some tenths
            EXPECT_NEAR(double{(*got.standard_error)[used[at]]}, expected[at], 1e-5 * expected[at] + 1e-7)
                << kept << at;
        }
    }
}

TEST(Lime, StopsWhenStable) {
    const TemporaryFolder folder;
    const Model model = load_network(testing::two_layer_network("relu"), folder);
    const Explanation got = lime_of(model, folder, {{"num_samples", "20000"}, {"stable", "0.02"}});
    EXPECT_LT(got.measures.at("samples"), 20000.0);
    EXPECT_LE(got.measures.at("relative_standard_error"), 0.02);
}

TEST(Lime, KeepsTheFeaturesThatItIsAskedToKeep) {
    const TemporaryFolder folder;
    const Model model = load_network(testing::linear_network({{1.0F, -2.0F, 0.5F, 0.25F}}, {0.3F}), folder);
    for (const char* choice : {"highest_weights", "forward_selection"}) {
        const Explanation got =
            lime_of(model, folder, {{"num_samples", "400"}, {"num_features", "2"}, {"feature_selection", choice}});
        // w * x is 0.5, 2, 1, 1 in magnitude: feature 1 always stays, feature 0 never
        EXPECT_EQ(got.attribution[0], 0.0F) << choice;
        EXPECT_NE(got.attribution[1], 0.0F) << choice;
        EXPECT_EQ(std::count(got.attribution.values().begin(), got.attribution.values().end(), 0.0F), 2) << choice;
    }
}

TEST(WeightedRidge, MatchesRowsThatAreKept) {
    explain::WeightedRidge moments(2, 1);
    const std::vector<std::vector<double>> rows{{1, 1}, {0, 1}, {1, 0}, {0, 0}};
    const std::vector<double> answers{3.5, 1.25, 2.0, 0.5};
    const std::vector<double> weights{1.0, 0.5, 0.25, 2.0};
    for (std::size_t row = 0; row < rows.size(); ++row) {
        moments.add(Eigen::Vector2d(rows[row][0], rows[row][1]), weights[row], std::span(&answers[row], 1));
    }
    const explain::LinearFit fit = moments.fit(0, 0.7);
    double residual = 0.0, total = 0.0, mean = 0.0, weight_sum = 0.0;
    for (std::size_t row = 0; row < rows.size(); ++row) {
        mean += weights[row] * answers[row];
        weight_sum += weights[row];
    }
    mean /= weight_sum;
    for (std::size_t row = 0; row < rows.size(); ++row) {
        const double off = answers[row] - fit.at(Eigen::Vector2d(rows[row][0], rows[row][1]));
        residual += weights[row] * off * off;
        total += weights[row] * (answers[row] - mean) * (answers[row] - mean);
    }
    EXPECT_NEAR(fit.r2, 1.0 - residual / total, 1e-12);
}

}  // namespace
}  // namespace pellucid
