#include "core/suggest.hpp"

#include <gtest/gtest.h>

namespace {

using namespace pellucid::core;

const std::vector<std::string> kMethods{
    "saliency", "input-x-gradient", "integrated-gradients", "smoothgrad", "grad-cam", "occlusion", "lime"};

TEST(Nearest, FindsWhatWasMeant) {
    EXPECT_EQ(nearest("gradcam", kMethods), "grad-cam");
    EXPECT_EQ(nearest("Grad-CAM", kMethods), "grad-cam");
    EXPECT_EQ(nearest("limr", kMethods), "lime");
    EXPECT_EQ(nearest("lmie", kMethods), "lime");
    EXPECT_EQ(nearest("salency", kMethods), "saliency");
    EXPECT_EQ(nearest("integrated", kMethods), "integrated-gradients");
    EXPECT_EQ(nearest("smooth-grad", kMethods), "smoothgrad");
}

TEST(Nearest, KeepsQuietWhenNothingIsNear) {
    EXPECT_EQ(nearest("shapley", kMethods), "");
    EXPECT_EQ(nearest("x", kMethods), "");
    EXPECT_EQ(nearest("", kMethods), "");
    EXPECT_EQ(nearest("lime", {}), "");
    // One letter is all of a short word.
    EXPECT_EQ(nearest("a", std::vector<std::string>{"b"}), "");
}

TEST(DidYouMean, SuggestsOrLists) {
    EXPECT_EQ(did_you_mean("gradcam", kMethods), "did you mean 'grad-cam'?");
    EXPECT_EQ(did_you_mean("shapley", kMethods, 2), "one of: saliency, input-x-gradient, …");
    EXPECT_EQ(did_you_mean("zzz", std::vector<std::string>{"alpha", "beta"}), "one of: alpha, beta");
}

}  // namespace
