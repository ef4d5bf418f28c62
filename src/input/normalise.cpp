#include <algorithm>
#include <array>
#include <string>

#include "input/load.hpp"
#include "pellucid/error.hpp"

namespace pellucid::input {
namespace {

std::size_t channels_of(const InputCard& card) { return card.color == "gray" ? 1 : 3; }

double per_channel(const std::vector<double>& values, std::size_t channel, double otherwise) {
    if (values.empty()) {
        return otherwise;
    }
    return values[values.size() == 1 ? 0 : channel];
}

void check(const InputCard& card) {
    const std::size_t channels = channels_of(card);
    const auto fits = [&](const std::vector<double>& values) {
        return values.empty() || values.size() == 1 || values.size() == channels;
    };
    if (!fits(card.mean) || !fits(card.std)) {
        throw Error(ErrorCode::kUsage,
                    "the card's mean or std has not one value for each of " + std::to_string(channels) + " channels",
                    "give one a channel");
    }
    if (card.divide_by == 0.0 || std::count(card.std.begin(), card.std.end(), 0.0) > 0) {
        throw Error(ErrorCode::kUsage, "the card divides by zero (divide_by or std)", "correct it");
    }
    const auto once = [&](char letter) { return std::count(card.layout.begin(), card.layout.end(), letter) == 1; };
    const bool known = card.layout.find_first_not_of("NCHW") == std::string::npos;
    const bool has_channels = card.layout.find('C') != std::string::npos;
    if (!known || !once('H') || !once('W') || (has_channels && !once('C')) || (!has_channels && channels != 1)) {
        throw Error(ErrorCode::kUsage, "the card's layout '" + card.layout + "' is not one of a picture",
                    "use NCHW, NHWC, CHW, HWC, or (gray) NHW, HW");
    }
}

float network_value(const InputCard& card, std::size_t channel, double value) {
    return static_cast<float>((value / card.divide_by - per_channel(card.mean, channel, 0.0)) /
                              per_channel(card.std, channel, 1.0));
}

}  // namespace

Array normalise(const Image& picture, const InputCard& card) {
    check(card);
    const std::size_t channels = channels_of(card);
    if (static_cast<std::size_t>(picture.channels) < channels) {
        throw Error(ErrorCode::kInternal, "a gray picture for a card of three channels");
    }
    Shape shape;
    std::size_t stride_c = 1, stride_y = 1, stride_x = 1, stride = 1;
    for (auto letter = card.layout.rbegin(); letter != card.layout.rend(); ++letter) {
        const std::int64_t extent = *letter == 'H'   ? picture.height
                                    : *letter == 'W' ? picture.width
                                    : *letter == 'C' ? static_cast<std::int64_t>(channels)
                                                     : 1;
        if (*letter == 'H') {
            stride_y = stride;
        } else if (*letter == 'W') {
            stride_x = stride;
        } else if (*letter == 'C') {
            stride_c = stride;
        }
        shape.insert(shape.begin(), extent);
        stride *= static_cast<std::size_t>(extent);
    }
    Array array(shape);
    const auto width = static_cast<std::size_t>(picture.width), height = static_cast<std::size_t>(picture.height);
    for (std::size_t c = 0; c < channels; ++c) {
        const std::size_t source = card.color == "BGR" ? 2 - c : c;
        std::array<float, 256> values;
        for (std::size_t value = 0; value < values.size(); ++value) {
            values[value] = network_value(card, c, static_cast<double>(value));
        }
        for (std::size_t i = 0; i < width * height; ++i) {
            array[c * stride_c + i / width * stride_y + i % width * stride_x] =
                values[picture.pixels[i * static_cast<std::size_t>(picture.channels) + source]];
        }
    }
    return array;
}

std::vector<float> fill_value(const InputCard& card, double value) {
    check(card);
    std::vector<float> values;
    for (std::size_t c = 0; c < channels_of(card); ++c) {
        values.push_back(network_value(card, c, value));
    }
    return values;
}

}  // namespace pellucid::input
