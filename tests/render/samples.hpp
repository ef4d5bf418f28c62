#pragma once

#include <array>
#include <cstring>
#include <string>
#include <vector>

#include <png.h>

#include "pellucid/render.hpp"

namespace pellucid::testing {

/// Decodes what encode_png wrote, by libpng's reader.
inline Image decoded(const std::string& bytes) {
    png_image header{};
    header.version = PNG_IMAGE_VERSION;
    if (png_image_begin_read_from_memory(&header, bytes.data(), bytes.size()) == 0) {
        return {};
    }
    header.format = PNG_FORMAT_RGB;
    Image image{static_cast<int>(header.width), static_cast<int>(header.height), 3,
                std::vector<std::uint8_t>(PNG_IMAGE_SIZE(header))};
    png_image_finish_read(&header, nullptr, image.pixels.data(), 0, nullptr);
    return image;
}

inline std::array<int, 3> pixel(const Image& image, int x, int y) {
    const auto at =
        3 * (static_cast<std::size_t>(y) * static_cast<std::size_t>(image.width) + static_cast<std::size_t>(x));
    return {image.pixels[at], image.pixels[at + 1], image.pixels[at + 2]};
}

inline Image flat_picture(int width, int height, std::uint8_t value) {
    const auto size = 3 * static_cast<std::size_t>(width) * static_cast<std::size_t>(height);
    return {width, height, 3, std::vector<std::uint8_t>(size, value)};
}

inline Explanation explanation_of(Array attribution, const std::string& method = "integrated-gradients") {
    Explanation explanation;
    explanation.method = method;
    explanation.target = {967, "espresso", 9.312};
    explanation.attribution = std::move(attribution);
    return explanation;
}

/// [1, 3, n, n] with values that run from -1 to 1 along x, the channels of unlike shares.
inline Explanation ramp(int n) {
    std::vector<float> values;
    for (const float share : {0.5F, 0.3F, 0.2F}) {
        for (int i = 0; i < n * n; ++i) {
            values.push_back(share * (2.0F * static_cast<float>(i % n) / static_cast<float>(n - 1) - 1.0F));
        }
    }
    return explanation_of(Array({1, 3, n, n}, std::move(values)));
}

}  // namespace pellucid::testing
