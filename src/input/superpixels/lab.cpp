#include "input/superpixels/lab.hpp"

#include <algorithm>
#include <cmath>

namespace pellucid::input {
namespace {

/// sRGB's curve undone. Pictures have at most 256 values, and their powers cost more than all else here: each is kept.
class Linear {
public:
    Linear() { keys_.fill(-1.0); }
    double operator()(double value) {
        const auto slot = static_cast<std::size_t>(value * 255.0 + 0.5) % keys_.size();
        if (keys_[slot] != value) {
            keys_[slot] = value;
            values_[slot] = value > 0.04045 ? std::pow((value + 0.055) / 1.055, 2.4) : value / 12.92;
        }
        return values_[slot];
    }

private:
    std::array<double, 256> keys_, values_;
};

double compress(double value) { return value > 0.008856 ? std::cbrt(value) : 7.787 * value + 16.0 / 116.0; }

std::vector<double> gaussian(double sigma) {
    const int radius = static_cast<int>(4.0 * sigma + 0.5);
    std::vector<double> weights;
    double sum = 0.0;
    for (int x = -radius; x <= radius; ++x) {
        weights.push_back(std::exp(-0.5 * x * x / (sigma * sigma)));
        sum += weights.back();
    }
    for (double& weight : weights) {
        weight /= sum;
    }
    return weights;
}

/// d c b a | a b c d | d c b a
int mirrored(int index, int size) {
    const int period = 2 * size;
    index = ((index % period) + period) % period;
    return index < size ? index : period - 1 - index;
}

/// Along one axis: `size` elements, `stride` apart, from `first` on.
void smooth_line(std::vector<double>& plane, std::size_t first, int size, std::size_t stride,
                 const std::vector<double>& weights) {
    std::vector<double> line(static_cast<std::size_t>(size));
    for (std::size_t i = 0; i < line.size(); ++i) {
        line[i] = plane[first + i * stride];
    }
    const int radius = static_cast<int>(weights.size() / 2);
    for (int i = 0; i < size; ++i) {
        double sum = 0.0;
        for (int x = -radius; x <= radius; ++x) {
            sum +=
                weights[static_cast<std::size_t>(x + radius)] * line[static_cast<std::size_t>(mirrored(i + x, size))];
        }
        plane[first + static_cast<std::size_t>(i) * stride] = sum;
    }
}

}  // namespace

void rgb_to_lab(Planes& planes) {
    constexpr double kMatrix[3][3] = {
        {0.412453, 0.357580, 0.180423}, {0.212671, 0.715160, 0.072169}, {0.019334, 0.119193, 0.950227}};
    constexpr double kWhite[3] = {0.95047, 1.0, 1.08883};
    Linear linear;
    for (std::size_t i = 0; i < planes.plane[0].size(); ++i) {
        const double rgb[3] = {linear(planes.plane[0][i]), linear(planes.plane[1][i]), linear(planes.plane[2][i])};
        double xyz[3];
        for (int row = 0; row < 3; ++row) {
            xyz[row] = compress((kMatrix[row][0] * rgb[0] + kMatrix[row][1] * rgb[1] + kMatrix[row][2] * rgb[2]) /
                                kWhite[row]);
        }
        planes.plane[0][i] = 116.0 * xyz[1] - 16.0;
        planes.plane[1][i] = 500.0 * (xyz[0] - xyz[1]);
        planes.plane[2][i] = 200.0 * (xyz[1] - xyz[2]);
    }
}

Planes unit_planes(const Image& image) {
    Planes planes{image.width, image.height, {}};
    const auto channels = static_cast<std::size_t>(image.channels);
    for (std::size_t channel = 0; channel < 3; ++channel) {
        auto& plane = planes.plane[channel];
        plane.resize(image.pixels.size() / channels);
        for (std::size_t i = 0; i < plane.size(); ++i) {
            plane[i] = image.pixels[i * channels + (channels < 3 ? 0 : channel)] / 255.0;
        }
    }
    return planes;
}

void smooth(Planes& planes, double sigma) {
    if (!(sigma > 0.0)) {
        return;
    }
    const std::vector<double> weights = gaussian(sigma);
    const auto width = static_cast<std::size_t>(planes.width), height = static_cast<std::size_t>(planes.height);
    for (auto& plane : planes.plane) {
        for (std::size_t x = 0; x < width; ++x) {
            smooth_line(plane, x, planes.height, width, weights);
        }
        for (std::size_t y = 0; y < height; ++y) {
            smooth_line(plane, y * width, planes.width, 1, weights);
        }
    }
}

}  // namespace pellucid::input
