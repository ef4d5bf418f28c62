// OUTPUT[…] against selections written out.
#include "model/reduction.hpp"

#include <gtest/gtest.h>

#include <limits>

namespace pellucid::model {
namespace {

std::vector<float> selected(const std::string& text, const Shape& shape) {
    const Array weights = selection(parse_reduction(text), shape, text);
    return {weights.values().begin(), weights.values().end()};
}

TEST(Reduction, StepsOverAnAxis) {
    EXPECT_EQ(selected("OUTPUT[0,1::2].sum", {1, 5}), (std::vector<float>{0, 1, 0, 1, 0}));
    EXPECT_EQ(selected("OUTPUT[0,::5].sum", {1, 5}), (std::vector<float>{1, 0, 0, 0, 0}));
    EXPECT_EQ(selected("OUTPUT[0,::6].sum", {1, 5}), (std::vector<float>{1, 0, 0, 0, 0}));
}

/// The sum of a position and such a step is no number of 64 bits.
TEST(Reduction, TakesTheFirstPositionOfAStepBeyondTheAxis) {
    const std::string step = std::to_string(std::numeric_limits<std::int64_t>::max());
    EXPECT_EQ(selected("OUTPUT[0,1::" + step + "].sum", {1, 5}), (std::vector<float>{0, 1, 0, 0, 0}));
}

}  // namespace
}  // namespace pellucid::model
