// Occlusion over inputs that are no pictures: a series of channels, and five axes. Of a linear model every window's loss
// is the sum of w x under it.

#include <gtest/gtest.h>

#include <algorithm>

#include "core/random.hpp"
#include "methods/small_models.hpp"
#include "pellucid/methods.hpp"

namespace pellucid {
namespace {

using testing::load_network;
using testing::sample;
using testing::TemporaryFolder;

struct AxesCase {
    const char* name;
    Shape shape;  ///< the batch axis left out
    std::string window, stride;
    Shape window_on, stride_on;  ///< what those mean on each axis
};
void PrintTo(const AxesCase& each, std::ostream* out) { *out << each.name; }

/// Coordinates of each value, row by row.
std::vector<Shape> coordinates(const Shape& shape) {
    std::vector<Shape> all{Shape(shape.size(), 0)};
    while (true) {
        Shape next = all.back();
        std::size_t axis = shape.size();
        while (axis > 0 && ++next[axis - 1] == shape[axis - 1]) {
            next[--axis] = 0;
        }
        if (axis == 0) {
            return all;
        }
        all.push_back(next);
    }
}

bool covers(const Shape& begin, const Shape& window, const Shape& at) {
    for (std::size_t axis = 0; axis < at.size(); ++axis) {
        if (at[axis] < begin[axis] || at[axis] >= begin[axis] + window[axis]) {
            return false;
        }
    }
    return true;
}

/// Windows begin at multiples of the stride until one reaches the end of its axis.
std::vector<Shape> beginnings(const AxesCase& each) {
    Shape positions;
    for (std::size_t axis = 0; axis < each.shape.size(); ++axis) {
        std::int64_t count = 1;
        while ((count - 1) * each.stride_on[axis] + each.window_on[axis] < each.shape[axis]) {
            ++count;
        }
        positions.push_back(count);
    }
    std::vector<Shape> begins = coordinates(positions);
    for (Shape& begin : begins) {
        for (std::size_t axis = 0; axis < begin.size(); ++axis) {
            begin[axis] *= each.stride_on[axis];
        }
    }
    return begins;
}

class OcclusionAxes : public ::testing::TestWithParam<AxesCase> {};

TEST_P(OcclusionAxes, EqualsTheMeanLossOfTheWindowsOverEachValue) {
    const AxesCase& each = GetParam();
    const std::vector<Shape> places = coordinates(each.shape);
    core::RandomStream random(3, 0, 0);
    std::vector<float> weights, x;
    for (std::size_t at = 0; at < places.size(); ++at) {
        weights.push_back(static_cast<float>(random.normal()));
        x.push_back(static_cast<float>(random.normal()));
    }
    const TemporaryFolder folder;
    const Model model = load_network(testing::flat_network(each.shape, weights), folder);
    Shape whole = each.shape;
    whole.insert(whole.begin(), 1);
    const Input input = sample(whole, x);
    Request request;
    request.model = &model;
    request.input = &input;
    request.targets = {Target::index(0)};
    request.score = Score::kLogit;
    request.options = {{"window", each.window}, {"stride", each.stride}};
    const Explanation got = run(method("occlusion"), request).front();

    ASSERT_EQ(got.attribution.shape(), whole);
    const std::vector<Shape> begins = beginnings(each);
    EXPECT_EQ(got.measures.at("windows"), static_cast<double>(begins.size()));
    std::vector<double> losses;
    for (const Shape& begin : begins) {
        double loss = 0.0;
        for (std::size_t at = 0; at < places.size(); ++at) {
            loss += covers(begin, each.window_on, places[at]) ? double{weights[at]} * double{x[at]} : 0.0;
        }
        losses.push_back(loss);
    }
    for (std::size_t at = 0; at < places.size(); ++at) {
        double sum = 0.0, count = 0.0;
        for (std::size_t window = 0; window < begins.size(); ++window) {
            const bool over = covers(begins[window], each.window_on, places[at]);
            sum += over ? losses[window] : 0.0;
            count += over ? 1.0 : 0.0;
        }
        // Sums of up to some hundred products near 1, in float32 in the network.
        EXPECT_NEAR(double{got.attribution[at]}, sum / count, 2e-5) << at;
    }
}

TEST(Occlusion, CutShortHasWindowsAllOverTheInputAndCountsThem) {
    const TemporaryFolder folder;
    const Model model = load_network(testing::linear_network({std::vector<float>(40, 1.0F)}, {0.0F}), folder);
    const Input input = sample({1, 40}, std::vector<float>(40, 1.0F));
    Request request;
    request.model = &model;
    request.input = &input;
    request.targets = {Target::index(0)};
    request.options = {{"window", "1"}, {"stride", "1"}};
    request.run.budget.evaluations = 10;  // one for the target, one for x, eight windows
    const Explanation got = run(method("occlusion"), request).front();
    EXPECT_EQ(got.measures.at("windows"), 8.0);
    EXPECT_EQ(got.measures.at("windows_planned"), 40.0);
    std::vector<int> of_quarter(4, 0);
    for (std::size_t at = 0; at < 40; ++at) {
        of_quarter[at / 10] += got.attribution[at] != 0.0F ? 1 : 0;
    }
    for (const int covered : of_quarter) {
        EXPECT_GE(covered, 1);
        EXPECT_LE(covered, 3);
    }
    EXPECT_TRUE(std::any_of(got.notes.begin(), got.notes.end(), [](const std::string& note) {
        return note.find("8 of 40 window positions") != std::string::npos;
    }));
}

TEST(Occlusion, OfWindowsThatSpanTheChannelsStandsOnceForThem) {
    const TemporaryFolder folder;
    const Model model = load_network(testing::flat_network({3, 8, 8}, std::vector<float>(192, 0.5F)), folder);
    const Input input = sample({1, 3, 8, 8}, std::vector<float>(192, 1.0F));
    Request request;
    request.model = &model;
    request.input = &input;
    request.targets = {Target::index(0)};
    for (const auto& [window, alike] : {std::pair{"2", true}, std::pair{"3,2,2", true}, std::pair{"1,2,2", false}}) {
        request.options = {{"window", window}, {"stride", "1,1,1"}};
        EXPECT_EQ(run(method("occlusion"), request).front().channels_alike, alike) << window;
    }
}

INSTANTIATE_TEST_SUITE_P(
    Shapes, OcclusionAxes,
    ::testing::Values(AxesCase{"Series", {11}, "4", "3", {4}, {3}},
                      AxesCase{"SignalByDefault", {1, 128}, "auto", "auto", {1, 9}, {1, 4}},
                      AxesCase{"WindowBeyondTheInput", {4, 6}, "100", "auto", {4, 6}, {2, 3}},
                      AxesCase{"SeriesOfChannels", {3, 10}, "1,4", "1,2", {1, 4}, {1, 2}},
                      AxesCase{"ChannelsAndTwoAxes", {2, 5, 7}, "3", "2", {2, 3, 3}, {2, 2, 2}},
                      AxesCase{"VideoOfChannels", {2, 3, 5, 4}, "2", "1", {2, 2, 2, 2}, {1, 1, 1, 1}},
                      AxesCase{"FiveAxes", {2, 3, 4, 5}, "1,2,3,2", "1,2,1,2", {1, 2, 3, 2}, {1, 2, 1, 2}}),
    [](const ::testing::TestParamInfo<AxesCase>& each) { return std::string(each.param.name); });

}  // namespace
}  // namespace pellucid
