#include "input/picture_fit.hpp"

#include <algorithm>
#include <cmath>

#include "core/suggest.hpp"
#include "pellucid/error.hpp"

namespace pellucid::input {
namespace {

std::string size_of(int width, int height) { return std::to_string(width) + "x" + std::to_string(height); }

/// `window` of `image`, black where it lies outside.
Image cut(const Image& image, int left, int top, int width, int height) {
    Image result{.width = width, .height = height, .channels = image.channels, .pixels = {}};
    const auto channels = static_cast<std::size_t>(image.channels);
    result.pixels.resize(static_cast<std::size_t>(width) * static_cast<std::size_t>(height) * channels);
    const int x0 = std::max(0, -left), x1 = std::min(width, image.width - left);
    for (int y = std::max(0, -top); x0 < x1 && y < std::min(height, image.height - top); ++y) {
        const std::size_t from = static_cast<std::size_t>(y + top) * static_cast<std::size_t>(image.width) +
                                 static_cast<std::size_t>(x0 + left);
        const std::size_t to =
            static_cast<std::size_t>(y) * static_cast<std::size_t>(width) + static_cast<std::size_t>(x0);
        std::copy_n(image.pixels.data() + from * channels, static_cast<std::size_t>(x1 - x0) * channels,
                    result.pixels.data() + to * channels);
    }
    return result;
}

struct Size {
    int width, height;
};

/// The whole picture's size before the crop. The longer side is rounded down, as torchvision does.
Size size_before_crop(const Image& picture, Size target, double ratio) {
    const double by_width = static_cast<double>(target.width) / picture.width;
    const double by_height = static_cast<double>(target.height) / picture.height;
    if (by_width >= by_height) {
        const int width = static_cast<int>(target.width / ratio);
        return {width, static_cast<int>(static_cast<double>(width) * picture.height / picture.width)};
    }
    const int height = static_cast<int>(target.height / ratio);
    return {static_cast<int>(static_cast<double>(height) * picture.width / picture.height), height};
}

Size size_in_pad(const Image& picture, Size target) {
    const double scale = std::min(static_cast<double>(target.width) / picture.width,
                                  static_cast<double>(target.height) / picture.height);
    const auto side = [&](int length, int most) {
        return std::clamp(static_cast<int>(std::lround(length * scale)), 1, most);
    };
    return {side(picture.width, target.width), side(picture.height, target.height)};
}

Size resized_size(const Image& picture, Size target, const InputCard& card) {
    if (card.fit == "stretch") {
        return target;
    }
    if (card.fit == "crop") {
        return size_before_crop(picture, target, card.resize_ratio > 0.0 ? card.resize_ratio : 1.0);
    }
    if (card.fit == "pad") {
        return size_in_pad(picture, target);
    }
    const std::vector<std::string> names{"stretch", "crop", "pad"};
    throw Error(ErrorCode::kUsage, "the card's fit '" + card.fit + "' is not known",
                core::did_you_mean(card.fit, names));
}

}  // namespace

Image to_gray(const Image& picture) {
    Image gray{.width = picture.width, .height = picture.height, .channels = 1, .pixels = {}};
    gray.pixels.reserve(picture.pixels.size() / 3);
    for (std::size_t i = 0; i < picture.pixels.size(); i += 3) {
        const unsigned luma =
            picture.pixels[i] * 19595U + picture.pixels[i + 1] * 38470U + picture.pixels[i + 2] * 7471U + 0x8000U;
        gray.pixels.push_back(static_cast<std::uint8_t>(luma >> 16U));
    }
    return gray;
}

FittedPicture fit_picture(const Image& picture, const InputCard& card) {
    if (card.width < 1 || card.height < 1 || card.width > 100'000 || card.height > 100'000) {
        throw Error(ErrorCode::kUsage, "the card gives the input no size in pixels", "set its height and width");
    }
    const Size target{static_cast<int>(card.width), static_cast<int>(card.height)};
    const Size size = resized_size(picture, target, card);
    const Image colored = card.color == "gray" ? to_gray(picture) : picture;
    FittedPicture fitted;
    fitted.image = resize(colored, size.width, size.height, resample_from_name(card.resize));
    if (size.width != picture.width || size.height != picture.height) {
        fitted.notes.push_back("resized from " + size_of(picture.width, picture.height) + " to " +
                               size_of(size.width, size.height) + " by " + card.resize);
    }
    // Python's round, which torchvision's CenterCrop calls, sends halves to even; so does nearbyint.
    const int left = static_cast<int>(std::nearbyint((size.width - target.width) / 2.0));
    const int top = static_cast<int>(std::nearbyint((size.height - target.height) / 2.0));
    if (size.width != target.width || size.height != target.height) {
        fitted.image = cut(fitted.image, left, top, target.width, target.height);
        fitted.notes.push_back((card.fit == "pad" ? "padded with black to " : "cropped at the centre to ") +
                               size_of(target.width, target.height));
    }
    const double x = static_cast<double>(picture.width) / size.width;
    const double y = static_cast<double>(picture.height) / size.height;
    fitted.field = {left * x, top * y, target.width * x, target.height * y};
    return fitted;
}

}  // namespace pellucid::input
