#include <algorithm>
#include <cmath>

#include "pellucid/error.hpp"
#include "pellucid/render.hpp"

namespace pellucid {

namespace {

/// Extents and steps of a picture within an array.
struct Axes {
    std::int64_t channels = 1, height = 1, width = 1;
    std::int64_t channel_step = 0, row_step = 0, column_step = 1;
};

[[noreturn]] void refuse(const Explanation& explanation) {
    throw Error(ErrorCode::kUnsupported,
                "an attribution of shape " + to_string(explanation.attribution.shape()) + " by " + explanation.method +
                    " cannot be drawn as a map",
                "draw pictures' attributions only: [1, C, H, W], [1, H, W, C], [H, W], or features with their map");
}

Axes axes_of(const Explanation& explanation, int channel_axis) {
    Shape shape = explanation.attribution.shape();
    if (shape.size() == 2) {
        return {1, shape[0], shape[1], 0, shape[1], 1};
    }
    if (shape.size() == 3) {   // without a batch axis
        shape.insert(shape.begin(), 1);
        channel_axis += channel_axis < 3 && channel_axis != 1 ? 1 : 0;
    }
    if (shape.size() != 4 || shape[0] != 1) {
        refuse(explanation);
    }
    // A layer's map has one channel, and an axis for it where the layer has it, not where the network's input does.
    if (explanation.place != "input" && shape[static_cast<std::size_t>(channel_axis == 3 ? 3 : 1)] != 1) {
        channel_axis = shape[1] == 1 ? 1 : 3;
    }
    if (channel_axis == 1) {
        return {shape[1], shape[2], shape[3], shape[2] * shape[3], shape[3], 1};
    }
    if (channel_axis == 3) {
        return {shape[3], shape[1], shape[2], 1, shape[2] * shape[3], shape[3]};
    }
    refuse(explanation);
}

/// Of one channel for each position, or of all.
std::vector<float> channels_summed(const Array& attribution, Axes axes, bool alike) {
    axes.channels = alike ? 1 : axes.channels;
    std::vector<float> sums;
    sums.reserve(static_cast<std::size_t>(axes.height * axes.width));
    for (std::int64_t y = 0; y < axes.height; ++y) {
        for (std::int64_t x = 0; x < axes.width; ++x) {
            double sum = 0.0;
            for (std::int64_t c = 0; c < axes.channels; ++c) {
                const std::int64_t at = c * axes.channel_step + y * axes.row_step + x * axes.column_step;
                sum += static_cast<double>(attribution[static_cast<std::size_t>(at)]);
            }
            sums.push_back(static_cast<float>(sum));
        }
    }
    return sums;
}

std::vector<float> spread(const Explanation& explanation) {
    const Array& map = *explanation.features;
    const auto weights = explanation.attribution.values();
    std::vector<float> values;
    values.reserve(map.size());
    for (const float feature : map.values()) {
        if (!(feature >= 0.0F) || static_cast<std::size_t>(feature) >= weights.size()) {
            throw Error(ErrorCode::kInternal, "the feature map of " + explanation.method + " names feature " +
                                                  std::to_string(feature) + " of " + std::to_string(weights.size()));
        }
        values.push_back(weights[static_cast<std::size_t>(feature)]);
    }
    return values;
}

}  // namespace

HeatMap heat_map(const Explanation& explanation, int channel_axis) {
    HeatMap map;
    if (explanation.features && explanation.attribution.rank() == 1) {
        const Shape& shape = explanation.features->shape();
        if (shape.size() != 2) {
            refuse(explanation);
        }
        map.height = static_cast<int>(shape[0]);
        map.width = static_cast<int>(shape[1]);
        map.values = spread(explanation);
    } else {
        const Axes axes = axes_of(explanation, channel_axis);
        map.height = static_cast<int>(axes.height);
        map.width = static_cast<int>(axes.width);
        map.values = channels_summed(explanation.attribution, axes, explanation.channels_alike);
        map.smooth = explanation.place != "input";
    }
    if (map.values.empty()) {
        refuse(explanation);
    }
    if (!std::all_of(map.values.begin(), map.values.end(), [](float v) { return std::isfinite(v); })) {
        throw Error(ErrorCode::kInternal,
                    "the attribution by " + explanation.method + " has values that are not finite");
    }
    const auto negative = [](float v) { return v < 0.0F; };
    const auto values = explanation.attribution.values();
    map.is_signed = explanation.is_signed || std::any_of(values.begin(), values.end(), negative);
    return map;
}

}  // namespace pellucid
