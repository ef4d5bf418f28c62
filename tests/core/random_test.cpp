#include "core/random.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <vector>

namespace {

using pellucid::core::RandomStream;

TEST(RandomStream, IsThePublishedGenerator) {
    // Random123's known answers for philox4x32-10 with a counter and key of zeros (kat_vectors).
    RandomStream stream(0, 0, 0);
    EXPECT_EQ(stream.bits(), 0x6627e8d5U);
    EXPECT_EQ(stream.bits(), 0xe169c58dU);
    EXPECT_EQ(stream.bits(), 0xbc57ac4cU);
    EXPECT_EQ(stream.bits(), 0x9b00dbd8U);
}

TEST(RandomStream, StreamsDifferBySeedInputAndSample) {
    const auto first = [](std::uint64_t seed, std::uint32_t input, std::uint64_t sample) {
        return RandomStream(seed, input, sample).bits();
    };
    const std::vector<std::uint32_t> firsts{first(0, 0, 0), first(1, 0, 0),           first(0, 1, 0),
                                            first(0, 0, 1), first(1ULL << 32U, 0, 0), first(0, 0, 1ULL << 32U)};
    for (std::size_t a = 0; a < firsts.size(); ++a) {
        for (std::size_t b = 0; b < a; ++b) {
            EXPECT_NE(firsts[a], firsts[b]) << a << " and " << b;
        }
    }
    EXPECT_EQ(first(7, 8, 9), first(7, 8, 9));
}

TEST(RandomStream, MomentsAreThoseOfTheDistributions) {
    constexpr int kCount = 200000;
    RandomStream stream(3, 0, 0);
    double mean = 0.0, square = 0.0, fourth = 0.0, uniform = 0.0;
    for (int sample = 0; sample < kCount; ++sample) {
        const double normal = stream.normal();
        mean += normal / kCount;
        square += normal * normal / kCount;
        fourth += normal * normal * normal * normal / kCount;
        const float value = stream.uniform();
        ASSERT_TRUE(value >= 0.0F && value < 1.0F);
        uniform += double{value} / kCount;
    }
    // Five standard errors of each mean: sqrt(var / count).
    EXPECT_NEAR(mean, 0.0, 5 * std::sqrt(1.0 / kCount));
    EXPECT_NEAR(square, 1.0, 5 * std::sqrt(2.0 / kCount));
    EXPECT_NEAR(fourth, 3.0, 5 * std::sqrt(96.0 / kCount));
    EXPECT_NEAR(uniform, 0.5, 5 * std::sqrt(1.0 / 12 / kCount));
}

TEST(RandomStream, BelowIsEvenForAnyBound) {
    RandomStream stream(4, 0, 0);
    for (const std::uint32_t bound : {1U, 2U, 3U, 7U, 10U}) {
        std::vector<int> counts(bound, 0);
        constexpr int kCount = 20000;
        for (int sample = 0; sample < kCount; ++sample) {
            ++counts.at(stream.below(bound));
        }
        for (const int count : counts) {
            EXPECT_NEAR(count, kCount / double(bound), 5 * std::sqrt(kCount / double(bound)));
        }
    }
}

}  // namespace
