#include <algorithm>
#include <cmath>
#include <filesystem>
#include <map>
#include <set>

#include <gtest/gtest.h>

#include "core/files.hpp"
#include "input/superpixels/numpy_random.hpp"
#include "input/superpixels/quickshift_field.hpp"
#include "pellucid/error.hpp"
#include "pellucid/superpixels.hpp"

namespace pellucid {
namespace {

const std::filesystem::path kGoldens = std::filesystem::path(PELLUCID_SOURCE_DIR) / "tests/input/goldens";

const std::map<std::string, Array>& goldens() {
    static const auto kArrays = core::read_npz(kGoldens / "superpixels.npz");
    return kArrays;
}

double pairs(double n) { return n * (n - 1.0) / 2.0; }

/// Hubert and Arabie's adjusted Rand index, from the table of label pairs.
double adjusted_rand_index(const std::vector<std::int32_t>& a, std::span<const float> b) {
    std::map<std::pair<int, int>, double> joint;
    std::map<int, double> left, right;
    for (std::size_t i = 0; i < a.size(); ++i) {
        const int other = static_cast<int>(b[i]);
        joint[{a[i], other}] += 1.0;
        left[a[i]] += 1.0;
        right[other] += 1.0;
    }
    double both = 0.0, in_a = 0.0, in_b = 0.0;
    for (const auto& entry : joint) {
        both += pairs(entry.second);
    }
    for (const auto& entry : left) {
        in_a += pairs(entry.second);
    }
    for (const auto& entry : right) {
        in_b += pairs(entry.second);
    }
    const double chance = in_a * in_b / pairs(static_cast<double>(a.size()));
    return (both - chance) / (0.5 * (in_a + in_b) - chance);
}

Image photograph(const std::string& name) {
    return resize(read_image(std::filesystem::path(PELLUCID_ASSETS_DIR) / name), 224, 224, Resample::kBilinear);
}

Image small() {
    const Array& array = goldens().at("small");
    Image image{.width = 23, .height = 17, .channels = 3, .pixels = {}};
    std::transform(array.values().begin(), array.values().end(), std::back_inserter(image.pixels),
                   [](float value) { return static_cast<std::uint8_t>(value); });
    return image;
}

void expect_no_gaps(const Segments& segments) {
    const std::set<std::int32_t> labels(segments.labels.begin(), segments.labels.end());
    EXPECT_EQ(static_cast<int>(labels.size()), segments.count);
    EXPECT_EQ(*labels.begin(), 0);
    EXPECT_EQ(*labels.rbegin(), segments.count - 1);
}

// The issue asks for 0.95 to scikit-image. Equal labels were measured on all of these; 0.99 leaves room for another
// libm's last bits.
constexpr double kAgreement = 0.99;

class Photograph : public testing::TestWithParam<const char*> {};

TEST_P(Photograph, QuickshiftAgreesWithScikitImage) {
    const std::string name = GetParam();
    const Segments lime = quickshift(photograph(name));
    EXPECT_GE(adjusted_rand_index(lime.labels, goldens().at(name + " lime").values()), kAgreement);
    const Segments own = quickshift(photograph(name), {.kernel_size = 5.0, .max_dist = 10.0, .ratio = 1.0});
    EXPECT_GE(adjusted_rand_index(own.labels, goldens().at(name + " quickshift").values()), kAgreement);
    expect_no_gaps(own);
}

TEST_P(Photograph, SlicAgreesWithScikitImage) {
    const std::string name = GetParam();
    const Segments segments = slic(photograph(name));
    EXPECT_GE(adjusted_rand_index(segments.labels, goldens().at(name + " slic").values()), kAgreement);
    expect_no_gaps(segments);
}

INSTANTIATE_TEST_SUITE_P(OfScikitImage, Photograph,
                         testing::Values("coffee.png", "chelsea.png", "astronaut.png", "rocket.jpg"));

TEST(Superpixels, SmoothedAsScipySmooths) {
    const Segments quick = quickshift(small(), {.kernel_size = 2.0, .max_dist = 6.0, .ratio = 0.5, .sigma = 1.3});
    EXPECT_GE(adjusted_rand_index(quick.labels, goldens().at("small smooth").values()), kAgreement);
    const Segments means = slic(small(), {.n_segments = 9, .compactness = 5.0, .sigma = 0.7});
    EXPECT_GE(adjusted_rand_index(means.labels, goldens().at("small slic").values()), kAgreement);
}

TEST(Superpixels, TheSameForAnyNumberOfThreads) {
    const Segments one = quickshift(photograph("chelsea.png"), {.threads = 1});
    for (const int threads : {2, 3, 7, 1000}) {
        EXPECT_EQ(quickshift(photograph("chelsea.png"), {.threads = threads}).labels, one.labels) << threads;
    }
}

/// Against the definition in double, at widths that end within a vector; and the two builds of one source to the bit.
TEST(Superpixels, DensityFollowsTheDefinition) {
    for (const int width : {1, 3, 7, 8, 9, 15, 16, 17, 31, 33, 64}) {
        const int height = 5;
        input::Planes planes{width, height, {}};
        input::NumpyRandom random(static_cast<std::uint64_t>(width));
        for (auto& plane : planes.plane) {
            for (int i = 0; i < width * height; ++i) {
                plane.push_back(3.0 * random.normal());
            }
        }
        input::QuickshiftField fast(planes, 1.5);
        for (int i = 0; i < width * height; ++i) {
            fast.density[fast.at(i / width, i % width)] = 0.0;
        }
        input::QuickshiftField plain = fast;
        input::add_density(fast.view(), 0, height);
        input::add_density_plain(plain.view(), 0, height);
        input::find_parents(fast.view(), 0, height);
        input::find_parents_plain(plain.view(), 0, height);
        EXPECT_EQ(fast.parent, plain.parent);
        EXPECT_EQ(fast.distance, plain.distance);
        for (int i = 0; i < width * height; ++i) {
            double expected = 0.0;
            for (int j = 0; j < width * height; ++j) {
                const int dy = i / width - j / width, dx = i % width - j % width;
                double distance = dy * dy + dx * dx;
                for (const auto& plane : planes.plane) {
                    const auto a = static_cast<std::size_t>(i), b = static_cast<std::size_t>(j);
                    distance += (plane[a] - plane[b]) * (plane[a] - plane[b]);
                }
                expected += std::abs(dx) <= 5 && std::abs(dy) <= 5 ? std::exp(-distance / (2.0 * 1.5 * 1.5)) : 0.0;
            }
            const std::size_t at = fast.at(i / width, i % width);
            EXPECT_EQ(fast.density[at], plain.density[at]);
            // Single-precision weights: 2^-24 relative from the colours, times exponents up to 20.
            EXPECT_NEAR(fast.density[at], expected, 4e-6 * expected) << width << " at " << i;
        }
    }
}

TEST(Superpixels, NormalNumbersAreNumpys) {
    input::NumpyRandom random(42);
    for (const float expected : goldens().at("normal").values()) {
        // Goldens are read as float.
        EXPECT_NEAR(random.normal(), static_cast<double>(expected), 1e-6);
    }
}

TEST(Superpixels, GridIsAsEvenAsItCanBe) {
    const Segments segments = grid(7, 5, 2, 3);
    const std::vector<std::int32_t> row0{0, 0, 0, 1, 1, 2, 2}, row4{3, 3, 3, 4, 4, 5, 5};
    EXPECT_TRUE(std::equal(row0.begin(), row0.end(), segments.labels.begin()));
    EXPECT_TRUE(std::equal(row4.begin(), row4.end(), segments.labels.begin() + 28));
    EXPECT_EQ(segments.count, 6);
    EXPECT_THROW(static_cast<void>(grid(3, 3, 4, 1)), Error);
    EXPECT_THROW(static_cast<void>(quickshift(small(), {.kernel_size = 0.5})), Error);
    EXPECT_THROW(static_cast<void>(slic(small(), {.n_segments = 0})), Error);
}

}  // namespace
}  // namespace pellucid
