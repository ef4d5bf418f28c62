#include <algorithm>
#include <cmath>
#include <numbers>
#include <string>

#include "core/suggest.hpp"
#include "pellucid/error.hpp"
#include "pellucid/image.hpp"

// PIL's resampling: a separable filter, stretched by the scale when a picture shrinks; both
// passes in 32-bit fixed point and rounded to 8 bit.

namespace pellucid {
namespace {

/// Of a weight: 32 less 8 bits of result and 2 of headroom, for kernels that sum to more than 1 or to less than 0.
constexpr int kPrecisionBits = 32 - 8 - 2;

double sinc(double x) { return x == 0.0 ? 1.0 : std::sin(x * std::numbers::pi) / (x * std::numbers::pi); }

double box(double x) { return x > -0.5 && x <= 0.5 ? 1.0 : 0.0; }

double triangle(double x) { return std::max(0.0, 1.0 - std::abs(x)); }

double hamming(double x) {
    x = std::abs(x);
    // In single precision, as PIL has them: 0.54 in double would move some weights by one.
    constexpr double kMean = 0.54F, kSwing = 0.46F;
    return x >= 1.0 ? 0.0 : sinc(x) * (kMean + kSwing * std::cos(x * std::numbers::pi));
}

/// Keys' cubic convolution with a = -1/2.
double cubic(double x) {
    constexpr double kA = -0.5;
    x = std::abs(x);
    if (x < 1.0) {
        return ((kA + 2.0) * x - (kA + 3.0)) * x * x + 1.0;
    }
    return x < 2.0 ? (((x - 5.0) * x + 8.0) * x - 4.0) * kA : 0.0;
}

double lanczos(double x) { return x >= -3.0 && x < 3.0 ? sinc(x) * sinc(x / 3.0) : 0.0; }

struct Kernel {
    double (*weight)(double);
    double support;
};

Kernel kernel_of(Resample name) {
    switch (name) {
        case Resample::kBox:
            return {box, 0.5};
        case Resample::kHamming:
            return {hamming, 1.0};
        case Resample::kBicubic:
            return {cubic, 2.0};
        case Resample::kLanczos:
            return {lanczos, 3.0};
        default:
            return {triangle, 1.0};
    }
}

/// The inputs of one output pixel, and the weights of each.
struct Window {
    int first = 0;
    std::vector<std::int32_t> weights;
};

std::int32_t fixed_point(double weight) {
    return static_cast<std::int32_t>(weight * (1 << kPrecisionBits) + (weight < 0.0 ? -0.5 : 0.5));
}

std::vector<Window> windows(int from, int to, const Kernel& kernel) {
    const double scale = static_cast<double>(from) / to;
    const double stretch = std::max(scale, 1.0);
    const double support = kernel.support * stretch;
    const double inverse = 1.0 / stretch;
    std::vector<Window> all(static_cast<std::size_t>(to));
    std::vector<double> weights;
    for (int i = 0; i < to; ++i) {
        const double center = (i + 0.5) * scale;
        const int first = std::max(static_cast<int>(center - support + 0.5), 0);
        const int last = std::min(static_cast<int>(center + support + 0.5), from);
        double sum = 0.0;
        weights.clear();
        for (int x = first; x < last; ++x) {
            weights.push_back(kernel.weight((x - center + 0.5) * inverse));
            sum += weights.back();
        }
        Window& window = all[static_cast<std::size_t>(i)];
        window.first = first;
        for (const double weight : weights) {
            window.weights.push_back(fixed_point(sum != 0.0 ? weight / sum : weight));
        }
    }
    return all;
}

std::uint8_t round_to_byte(std::int32_t sum) {
    return static_cast<std::uint8_t>(std::clamp(sum >> kPrecisionBits, 0, 255));
}

/// Filters along one axis: `outer` blocks of `from` (then `to`) positions, at each of which `inner` elements share weights.
struct Pass {
    std::size_t outer, from, to, inner;
};

void filter(const std::vector<Window>& all, const Pass& pass, const std::uint8_t* from, std::uint8_t* to) {
    std::vector<std::int32_t> sums(pass.inner);
    for (std::size_t o = 0; o < pass.outer; ++o, from += pass.from * pass.inner) {
        for (std::size_t i = 0; i < pass.to; ++i, to += pass.inner) {
            std::fill(sums.begin(), sums.end(), 1 << (kPrecisionBits - 1));
            const std::uint8_t* source = from + static_cast<std::size_t>(all[i].first) * pass.inner;
            for (const std::int32_t weight : all[i].weights) {
                for (std::size_t k = 0; k < pass.inner; ++k) {
                    sums[k] += source[k] * weight;
                }
                source += pass.inner;
            }
            std::transform(sums.begin(), sums.end(), to, round_to_byte);
        }
    }
}

Image blank(int width, int height, int channels) {
    Image image{.width = width, .height = height, .channels = channels, .pixels = {}};
    image.pixels.resize(static_cast<std::size_t>(width) * static_cast<std::size_t>(height) *
                        static_cast<std::size_t>(channels));
    return image;
}

Image filter_columns(const Image& image, int width, const Kernel& kernel) {
    if (width == image.width) {
        return image;
    }
    Image result = blank(width, image.height, image.channels);
    filter(windows(image.width, width, kernel),
           {static_cast<std::size_t>(image.height), static_cast<std::size_t>(image.width),
            static_cast<std::size_t>(width), static_cast<std::size_t>(image.channels)},
           image.pixels.data(), result.pixels.data());
    return result;
}

Image filter_rows(const Image& image, int height, const Kernel& kernel) {
    if (height == image.height) {
        return image;
    }
    Image result = blank(image.width, height, image.channels);
    filter(windows(image.height, height, kernel),
           {1, static_cast<std::size_t>(image.height), static_cast<std::size_t>(height),
            static_cast<std::size_t>(image.width) * static_cast<std::size_t>(image.channels)},
           image.pixels.data(), result.pixels.data());
    return result;
}

Image filtered(const Image& image, int width, int height, const Kernel& kernel) {
    // Pillow 13's order, which shows in the last bits since the first pass rounds: columns of pixels first where more
    // than twice as many rows as columns go. Found by comparison; Pillow 12 and before always filtered along rows first.
    const bool rows_first = image.height - height > std::max(0, 2 * (image.width - width));
    return rows_first ? filter_columns(filter_rows(image, height, kernel), width, kernel)
                      : filter_rows(filter_columns(image, width, kernel), height, kernel);
}

/// The nearest input of each output. The position is summed, not multiplied, as PIL does: the last bits differ.
std::vector<std::size_t> nearest_of(int from, int to) {
    const double step = static_cast<double>(from) / to;
    std::vector<std::size_t> chosen(static_cast<std::size_t>(to));
    double position = step * 0.5;
    for (auto& index : chosen) {
        index = static_cast<std::size_t>(std::min(static_cast<int>(position), from - 1));
        position += step;
    }
    return chosen;
}

Image nearest(const Image& image, int width, int height) {
    Image result = blank(width, height, image.channels);
    const auto columns = nearest_of(image.width, width);
    const auto channels = static_cast<std::size_t>(image.channels);
    std::uint8_t* to = result.pixels.data();
    for (const std::size_t row : nearest_of(image.height, height)) {
        const std::uint8_t* from = image.pixels.data() + row * static_cast<std::size_t>(image.width) * channels;
        for (const std::size_t column : columns) {
            to = std::copy_n(from + column * channels, channels, to);
        }
    }
    return result;
}

/// Colours are filtered weighted by their alpha, and divided by it afterwards.
void premultiply(Image& image) {
    for (std::size_t i = 0; i < image.pixels.size(); i += 4) {
        for (std::size_t channel = i; channel < i + 3; ++channel) {
            const unsigned product = image.pixels[channel] * static_cast<unsigned>(image.pixels[i + 3]) + 128U;
            image.pixels[channel] = static_cast<std::uint8_t>((product + (product >> 8U)) >> 8U);
        }
    }
}

void unpremultiply(Image& image) {
    for (std::size_t i = 0; i < image.pixels.size(); i += 4) {
        const unsigned alpha = image.pixels[i + 3];
        for (std::size_t channel = i; alpha != 0 && alpha != 255 && channel < i + 3; ++channel) {
            image.pixels[channel] = static_cast<std::uint8_t>(std::min(255U, 255U * image.pixels[channel] / alpha));
        }
    }
}

}  // namespace

Image resize(const Image& image, int width, int height, Resample kernel) {
    if (width < 1 || height < 1 || image.width < 1 || image.height < 1) {
        throw Error(ErrorCode::kUsage,
                    "cannot resize a picture of " + std::to_string(image.width) + "x" + std::to_string(image.height) +
                        " to " + std::to_string(width) + "x" + std::to_string(height),
                    "give at least one pixel each way");
    }
    if (width == image.width && height == image.height) {
        return image;
    }
    if (kernel == Resample::kNearest) {
        return nearest(image, width, height);
    }
    if (image.channels != 4) {
        return filtered(image, width, height, kernel_of(kernel));
    }
    Image weighted = image;
    premultiply(weighted);
    Image result = filtered(weighted, width, height, kernel_of(kernel));
    unpremultiply(result);
    return result;
}

Resample resample_from_name(const std::string& name) {
    static const std::vector<std::string> kNames{"nearest", "box", "bilinear", "hamming", "bicubic", "lanczos"};
    const auto found = std::find(kNames.begin(), kNames.end(), name);
    if (found == kNames.end()) {
        throw Error(ErrorCode::kUsage, "no resize kernel is called '" + name + "'",
                    core::did_you_mean(name, kNames, kNames.size()));
    }
    return static_cast<Resample>(found - kNames.begin());
}

}  // namespace pellucid
