#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include "explain/task.hpp"

namespace pellucid::explain {

/// A layer's answer to one target: activation and gradient of the score for it, [channels][positions].
struct LayerAnswer {
    std::size_t channels = 0, positions = 0;
    std::span<const float> activation, gradient;
};

/// A weight for each channel: what tells one CAM method from another.
using ChannelWeights = std::function<std::vector<double>(const LayerAnswer&)>;

/// Class activation maps of a request's targets: the channels of a layer summed with `weights`, negative parts cut when
/// `relu`. The attribution has the shape of the layer with one channel, [1, 1, height, width].
[[nodiscard]] std::vector<Explanation> activation_maps(const Request& request, const std::string& method,
                                                       const std::string& layer, bool relu,
                                                       const ChannelWeights& weights);

}  // namespace pellucid::explain
