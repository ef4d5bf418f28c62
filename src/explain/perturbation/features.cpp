#include "explain/perturbation/features.hpp"

#include <algorithm>
#include <cmath>
#include <map>

#include "core/files.hpp"
#include "core/suggest.hpp"
#include "explain/baseline.hpp"
#include "explain/fields.hpp"
#include "input/load.hpp"
#include "pellucid/error.hpp"

namespace pellucid::explain {

namespace {

const Array& tensor_of(const InputSpace& space, const Input& input) { return input.tensors.at(space.inputs[0].name); }

/// Index of the pixel, row-major, of each value of the tensor.
std::vector<std::size_t> pixel_of_value(const Shape& shape, const PictureAxes& axes) {
    const std::vector<std::int64_t> strides = strides_of(shape);
    const auto height = static_cast<std::size_t>(axes.height);
    const auto width = static_cast<std::size_t>(axes.width);
    std::vector<std::size_t> pixels(element_count(shape));
    for (std::size_t at = 0; at < pixels.size(); ++at) {
        const auto place = static_cast<std::int64_t>(at);
        const std::int64_t y = place / strides[height] % shape[height];
        const std::int64_t x = place / strides[width] % shape[width];
        pixels[at] = static_cast<std::size_t>(y * shape[width] + x);
    }
    return pixels;
}

/// A tensor that came without a picture, shown as one: the card's normalisation undone, clipped to 0–255.
Image picture_of_tensor(const Array& tensor, const InputCard& card, const PictureAxes& axes) {
    const Shape& shape = tensor.shape();
    const auto strides = strides_of(shape);
    const auto channels = axes.channel < 0 ? 1 : shape[static_cast<std::size_t>(axes.channel)];
    Image image;
    image.height = static_cast<int>(shape[static_cast<std::size_t>(axes.height)]);
    image.width = static_cast<int>(shape[static_cast<std::size_t>(axes.width)]);
    image.channels = channels >= 3 ? 3 : 1;
    for (int y = 0; y < image.height; ++y) {
        for (int x = 0; x < image.width; ++x) {
            for (int channel = 0; channel < image.channels; ++channel) {
                const int from = image.channels == 3 && card.color == "BGR" ? 2 - channel : channel;
                const auto slot = static_cast<std::size_t>(from);
                std::int64_t at = y * strides[static_cast<std::size_t>(axes.height)] +
                                  x * strides[static_cast<std::size_t>(axes.width)];
                at += axes.channel < 0 ? 0 : from * strides[static_cast<std::size_t>(axes.channel)];
                const double deviation = slot < card.std.size() ? card.std[slot] : 1.0;
                const double mean = slot < card.mean.size() ? card.mean[slot] : 0.0;
                const double value = (double{tensor[static_cast<std::size_t>(at)]} * deviation + mean) * card.divide_by;
                image.pixels.push_back(static_cast<std::uint8_t>(std::lround(std::clamp(value, 0.0, 255.0))));
            }
        }
    }
    return image;
}

Image rgb(const Image& image) {
    if (image.channels == 3) {
        return image;
    }
    Image colour{image.width, image.height, 3, {}};
    for (std::size_t at = 0; at < image.pixels.size(); at += static_cast<std::size_t>(image.channels)) {
        for (int channel = 0; channel < 3; ++channel) {
            colour.pixels.push_back(image.pixels[image.channels == 1 ? at : at + static_cast<std::size_t>(channel)]);
        }
    }
    return colour;
}

Segments cut(const Image& picture, const SuperpixelChoice& choice) {
    if (choice.algorithm == "slic") {
        return slic(picture, choice.slic);
    }
    if (choice.algorithm == "grid") {
        return grid(picture.width, picture.height, std::min(choice.grid, picture.height),
                    std::min(choice.grid, picture.width));
    }
    return quickshift(picture, choice.quickshift);
}

void spread_pixels(Features& features, const std::vector<std::int32_t>& labels, const Shape& shape,
                   const PictureAxes& axes) {
    for (const std::size_t pixel : pixel_of_value(shape, axes)) {
        features.of_value.push_back(labels[pixel]);
    }
}

/// Labels of a file, renumbered 0 to count - 1 in the order of their values.
std::vector<std::int32_t> renumbered(const Array& labels, std::int64_t& count) {
    std::map<float, std::int32_t> numbers;
    for (const float label : labels.values()) {
        numbers.emplace(label, 0);
    }
    for (auto& [label, number] : numbers) {
        number = static_cast<std::int32_t>(count++);
    }
    std::vector<std::int32_t> renamed;
    for (const float label : labels.values()) {
        renamed.push_back(numbers[label]);
    }
    return renamed;
}

Features from_file(const InputSpace& space, const Input& input, const std::string& file) {
    Features features;
    const Array labels = core::read_npy(file);
    const Shape& shape = tensor_of(space, input).shape();
    const std::vector<std::int32_t> numbers = renumbered(labels, features.count);
    features.map = Array(labels.shape(), std::vector<float>(numbers.begin(), numbers.end()));
    features.description = "segments of " + file;
    const auto axes = picture_axes(space, 0);
    const Shape pixels =
        axes ? Shape{shape[static_cast<std::size_t>(axes->height)], shape[static_cast<std::size_t>(axes->width)]}
             : Shape{};
    if (axes && labels.shape() == pixels) {
        spread_pixels(features, numbers, shape, *axes);
    } else if (labels.size() == element_count(shape)) {
        features.of_value = numbers;
    } else {
        throw Error(ErrorCode::kUsage, "segments " + file + " have the shape " + to_string(labels.shape()),
                    "they must have the input's, " + to_string(shape) +
                        (axes ? ", or its pixels', " + to_string(pixels) : std::string()));
    }
    return features;
}

}  // namespace

Features make_superpixels(const InputSpace& space, const Input& input, const SuperpixelChoice& choice) {
    if (!choice.file.empty()) {
        return from_file(space, input, choice.file);
    }
    const auto axes = picture_axes(space, 0);
    const Array& tensor = tensor_of(space, input);
    if (!axes) {
        throw Error(ErrorCode::kUnsupported,
                    "lime cuts pictures into superpixels, and no card says that this input is one",
                    "say which input is a picture in the card, or give your own groups with --set segments=FILE.npy");
    }
    Features features;
    const bool seen = input.model_picture.has_value();
    if (!seen) {
        features.notes.push_back("superpixels are of the tensor shown as a picture (the card's normalisation undone)");
    }
    const Image picture = rgb(seen ? *input.model_picture : picture_of_tensor(tensor, *card_of(space, 0), *axes));
    const Segments segments = cut(picture, choice);
    features.count = segments.count;
    features.map = Array(Shape{segments.height, segments.width},
                         std::vector<float>(segments.labels.begin(), segments.labels.end()));
    features.description = choice.algorithm;
    spread_pixels(features, segments.labels, tensor.shape(), *axes);
    return features;
}

namespace {

// Of a picture's colours.
constexpr double kDarkest = 0.0;
constexpr double kBrightest = 255.0;

/// The channel of each value of a tensor: 0 where it has no channel axis.
class Channels {
public:
    Channels(const Shape& shape, const std::optional<PictureAxes>& axes) {
        if (axes && axes->channel >= 0) {
            const auto axis = static_cast<std::size_t>(axes->channel);
            count_ = static_cast<std::size_t>(shape[axis]);
            stride_ = static_cast<std::size_t>(strides_of(shape)[axis]);
        }
    }
    [[nodiscard]] std::size_t count() const { return count_; }
    [[nodiscard]] std::size_t of(std::size_t at) const { return at / stride_ % count_; }

private:
    std::size_t count_ = 1, stride_ = 1;
};

/// The mean of each feature, channel by channel.
std::vector<float> segment_means(const Array& tensor, const Features& features,
                                 const std::optional<PictureAxes>& axes) {
    const Channels channels(tensor.shape(), axes);
    std::vector<double> sums(static_cast<std::size_t>(features.count) * channels.count(), 0.0);
    std::vector<double> counts(sums.size(), 0.0);
    const auto slot = [&](std::size_t at) {
        return static_cast<std::size_t>(features.of_value[at]) * channels.count() + channels.of(at);
    };
    for (std::size_t at = 0; at < tensor.size(); ++at) {
        sums[slot(at)] += double{tensor[at]};
        counts[slot(at)] += 1.0;
    }
    std::vector<float> means(tensor.size());
    for (std::size_t at = 0; at < tensor.size(); ++at) {
        means[at] = static_cast<float>(sums[slot(at)] / counts[slot(at)]);
    }
    return means;
}

/// A colour of the picture (0–255) as the tensor's values; a plain value where the input is no picture.
std::vector<float> colour_fill(const InputSpace& space, const Array& tensor, double value) {
    const auto axes = picture_axes(space, 0);
    if (!axes) {
        return std::vector<float>(tensor.size(), static_cast<float>(value));
    }
    if (!(value >= kDarkest && value <= kBrightest)) {
        throw Error(ErrorCode::kUsage, "lime: option fill is '" + number_text(value) + "'",
                    "it takes a colour of the picture, from 0 to 255, which is then prepared as the picture is");
    }
    const std::vector<float> colour = input::fill_value(*card_of(space, 0), value);
    const Channels channels(tensor.shape(), axes);
    std::vector<float> fill(tensor.size());
    for (std::size_t at = 0; at < fill.size(); ++at) {
        fill[at] = colour[std::min(channels.of(at), colour.size() - 1)];
    }
    return fill;
}

/// What reads as a number from end to end; "nan" and "inf" do not.
std::vector<float> unrounded_fill(const InputSpace& space, const Input& input, const Features& features,
                                  const std::string& fill, std::uint64_t seed) {
    const Array& tensor = tensor_of(space, input);
    if (fill == "segment-mean") {
        return segment_means(tensor, features, picture_axes(space, 0));
    }
    if (fill == "black" || fill == "white") {
        return colour_fill(space, tensor, fill == "black" ? kDarkest : kBrightest);
    }
    double value = 0.0;
    if (parse_value(fill, value)) {
        return colour_fill(space, tensor, value);
    }
    static const std::vector<std::string> kNames{"black", "white", "segment-mean", "mean", "blur", "noise"};
    if (std::find(kNames.begin(), kNames.end(), fill) == kNames.end()) {
        throw Error(ErrorCode::kUsage, "unknown fill '" + fill + "'", core::did_you_mean(fill, kNames));
    }
    const Baseline baseline = make_baseline(space, input, fill, seed, {0});
    return {baseline.tensors[0].values().begin(), baseline.tensors[0].values().end()};
}

}  // namespace

std::vector<float> make_fill(const InputSpace& space, const Input& input, const Features& features,
                             const std::string& fill, std::uint64_t seed) {
    std::vector<float> values = unrounded_fill(space, input, features, fill, seed);
    fit_to_type(values, space.inputs[0], fill);
    return values;
}

}  // namespace pellucid::explain
