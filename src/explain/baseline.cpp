#include "explain/baseline.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <functional>
#include <limits>
#include <string_view>

#include "core/files.hpp"
#include "core/random.hpp"
#include "core/suggest.hpp"
#include "explain/fields.hpp"
#include "explain/layout.hpp"
#include "input/load.hpp"
#include "pellucid/error.hpp"

namespace pellucid::explain {

namespace {

constexpr double kBlurSigmaShare = 0.05;   // of the shorter side: faint shapes are gone, broad colours stay
constexpr std::uint32_t kNoiseStream = 1;  // the stream's "input": apart from the streams of SmoothGrad and LIME

/// What an input of an element type takes, in rows of float32: of whole numbers those that it holds exactly.
struct TypeRange {
    std::string_view type;
    double low, high;
    bool whole;
};
constexpr double kLargestFloat = std::numeric_limits<float>::max();
constexpr double kLargestWhole = 16777216.0;   // 2^24
constexpr std::array<TypeRange, 13> kRanges{{{"f32", -kLargestFloat, kLargestFloat, false},
                                             {"f64", -kLargestFloat, kLargestFloat, false},
                                             {"f16", -65504.0, 65504.0, false},
                                             {"bf16", -0x1.fep127, 0x1.fep127, false},
                                             {"i8", -128.0, 127.0, true},
                                             {"i16", -32768.0, 32767.0, true},
                                             {"i32", -kLargestWhole, kLargestWhole, true},
                                             {"i64", -kLargestWhole, kLargestWhole, true},
                                             {"u8", 0.0, 255.0, true},
                                             {"u16", 0.0, 65535.0, true},
                                             {"u32", 0.0, kLargestWhole, true},
                                             {"u64", 0.0, kLargestWhole, true},
                                             {"boolean", 0.0, 1.0, true}}};

const TypeRange& range_of(const TensorInfo& info) {
    const auto* const found = std::find_if(kRanges.begin(), kRanges.end(),
                                           [&info](const TypeRange& range) { return range.type == info.type; });
    if (found == kRanges.end()) {
        throw Error(ErrorCode::kUnsupported,
                    "nothing can stand for absent values of input '" + info.name + "': it is of type " + info.type,
                    "numbers and booleans can be replaced");
    }
    return *found;
}

void check_range(double value, const TensorInfo& info, const std::string& spec) {
    const TypeRange& range = range_of(info);
    if (!(value >= range.low && value <= range.high)) {
        throw Error(ErrorCode::kUnsupported,
                    "'" + spec + "' gives " + number_text(value) + " for absent values of input '" + info.name +
                        "', which is " + info.type + " and takes " + number_text(range.low) + " to " +
                        number_text(range.high),
                    "give a value that it takes");
    }
}

std::string colour_text(const InputCard& card, double tensor_value) {
    std::string text;
    const std::size_t channels = std::max<std::size_t>({1, card.mean.size(), card.std.size()});
    for (std::size_t channel = 0; channel < channels; ++channel) {
        const double mean = channel < card.mean.size() ? card.mean[channel] : 0.0;
        const double deviation = channel < card.std.size() ? card.std[channel] : 1.0;
        const double value = (tensor_value * deviation + mean) * card.divide_by;
        text += (channel == 0 ? "" : ", ") + number_text(std::round(value * 10.0) / 10.0);
    }
    return text;
}

const Image& picture_of(const InputSpace& space, const Input& input, std::size_t index, const std::string& spec) {
    if (!input.model_picture || !picture_axes(space, index)) {
        throw Error(ErrorCode::kUsage, "baseline '" + spec + "' needs a picture, and " + input.source + " is none",
                    "use zero, a value, or a .npy file");
    }
    return *input.model_picture;
}

Image colour_picture(const Image& like, const std::function<std::uint8_t(int channel)>& value) {
    Image image = like;
    for (std::size_t at = 0; at < image.pixels.size(); ++at) {
        image.pixels[at] = value(static_cast<int>(at % static_cast<std::size_t>(image.channels)));
    }
    return image;
}

Image mean_colour(const Image& image) {
    const auto channels = static_cast<std::size_t>(image.channels);
    std::vector<double> sums(channels, 0.0);
    for (std::size_t at = 0; at < image.pixels.size(); ++at) {
        sums[at % channels] += image.pixels[at];
    }
    const double pixels = static_cast<double>(image.pixels.size()) / image.channels;
    return colour_picture(image, [&](int channel) {
        return static_cast<std::uint8_t>(std::lround(sums[static_cast<std::size_t>(channel)] / pixels));
    });
}

std::vector<double> gaussian_kernel(double sigma) {
    const int radius = std::max(1, static_cast<int>(std::ceil(3.0 * sigma)));
    std::vector<double> kernel;
    double total = 0.0;
    for (int offset = -radius; offset <= radius; ++offset) {
        kernel.push_back(std::exp(-0.5 * offset * offset / (sigma * sigma)));
        total += kernel.back();
    }
    for (double& weight : kernel) {
        weight /= total;
    }
    return kernel;
}

/// One pass along an axis, edges repeated. `step` is the distance of neighbours, `extent` their number.
std::vector<double> blur_axis(const std::vector<double>& values, const std::vector<double>& kernel, std::size_t step,
                              std::size_t extent) {
    const auto radius = static_cast<std::int64_t>(kernel.size() / 2);
    std::vector<double> blurred(values.size(), 0.0);
    for (std::size_t at = 0; at < values.size(); ++at) {
        const auto place = static_cast<std::int64_t>(at / step % extent);
        const std::size_t origin = at - static_cast<std::size_t>(place) * step;
        for (std::int64_t offset = -radius; offset <= radius; ++offset) {
            const std::int64_t from =
                std::clamp<std::int64_t>(place + offset, 0, static_cast<std::int64_t>(extent) - 1);
            blurred[at] += kernel[static_cast<std::size_t>(offset + radius)] *
                           values[origin + static_cast<std::size_t>(from) * step];
        }
    }
    return blurred;
}

Image blurred(const Image& image) {
    const auto kernel = gaussian_kernel(std::max(1.0, kBlurSigmaShare * std::min(image.width, image.height)));
    std::vector<double> values(image.pixels.begin(), image.pixels.end());
    const auto channels = static_cast<std::size_t>(image.channels);
    values = blur_axis(values, kernel, channels, static_cast<std::size_t>(image.width));
    values = blur_axis(values, kernel, channels * static_cast<std::size_t>(image.width),
                       static_cast<std::size_t>(image.height));
    Image result = image;
    std::transform(values.begin(), values.end(), result.pixels.begin(),
                   [](double value) { return static_cast<std::uint8_t>(std::lround(std::clamp(value, 0.0, 255.0))); });
    return result;
}

Image noise_picture(const Image& like, std::uint64_t seed) {
    core::RandomStream random(seed, kNoiseStream, 0);
    return colour_picture(like, [&random](int) { return static_cast<std::uint8_t>(random.bits() >> 24U); });
}

bool names_file(const std::string& spec) { return spec.ends_with(".npy") || spec.ends_with(".npz"); }

Array array_from_file(const std::string& path, const TensorInfo& info, const Shape& shape) {
    Array array = path.ends_with(".npz") ? core::read_npz(path)[info.name] : core::read_npy(path);
    if (array.shape() != shape) {
        throw Error(
            ErrorCode::kUsage,
            "baseline " + path + " has the shape " + to_string(array.shape()) + " for input '" + info.name + "'",
            "it must have the input's shape " + to_string(shape));
    }
    if (!std::all_of(array.values().begin(), array.values().end(), [](float value) { return std::isfinite(value); })) {
        throw Error(ErrorCode::kUnreadable, "baseline " + path + " holds a value that is not finite");
    }
    return array;
}

Image picture_baseline(const Image& picture, const std::string& spec, std::uint64_t seed) {
    if (spec == "black" || spec == "white") {
        return colour_picture(picture, [&](int) { return static_cast<std::uint8_t>(spec == "black" ? 0 : 255); });
    }
    if (spec == "mean") {
        return mean_colour(picture);
    }
    return spec == "blur" ? blurred(picture) : noise_picture(picture, seed);
}

Array absent(const InputSpace& space, const Input& input, std::size_t index, const std::string& spec,
             std::uint64_t seed) {
    const TensorInfo& info = space.inputs[index];
    const Array& original = input.tensors.at(info.name);
    double value = 0.0;
    if (spec == "zero" || parse_value(spec, value)) {
        check_range(value, info, spec);
        return {original.shape(), std::vector<float>(original.size(), static_cast<float>(value))};
    }
    if (names_file(spec)) {
        return array_from_file(spec, info, original.shape());
    }
    const Image& picture = picture_of(space, input, index, spec);
    return input::normalise(picture_baseline(picture, spec, seed), *card_of(space, index)).reshaped(original.shape());
}

}  // namespace

bool parse_value(const std::string& spec, double& value) {
    const char* end = spec.data() + spec.size();
    const auto [stop, failure] = std::from_chars(spec.data(), end, value);
    return failure == std::errc{} && stop == end && std::isfinite(value);
}

Baseline make_baseline(const InputSpace& space, const Input& input, const std::string& spec, std::uint64_t seed,
                       const std::vector<std::size_t>& replaced) {
    static const std::vector<std::string> kNames{"zero", "black", "white", "mean", "blur", "noise"};
    double value = 0.0;
    const bool numeric = spec == "zero" || parse_value(spec, value);
    if (!numeric && !names_file(spec) && std::find(kNames.begin(), kNames.end(), spec) == kNames.end()) {
        throw Error(ErrorCode::kUsage, "unknown baseline '" + spec + "'", core::did_you_mean(spec, kNames));
    }
    Baseline baseline;
    baseline.description = spec;
    bool rounded = false;
    for (std::size_t index = 0; index < space.inputs.size(); ++index) {
        const TensorInfo& info = space.inputs[index];
        if (std::find(replaced.begin(), replaced.end(), index) == replaced.end()) {
            baseline.tensors.push_back(input.tensors.at(info.name));
            continue;
        }
        baseline.tensors.push_back(absent(space, input, index, spec, seed));
        rounded = fit_to_type(baseline.tensors.back().values(), info, spec) || rounded;
    }
    const InputCard* card = card_of(space, 0);
    if (numeric && card != nullptr && card->modality == Modality::kImage) {
        baseline.description += " of the network's input (colour " + colour_text(*card, value) + ")";
    }
    baseline.description += rounded ? ", rounded to whole numbers" : "";
    return baseline;
}

std::vector<Baseline> make_baselines(const InputSpace& space, const Input& input, const std::string& specs,
                                     std::uint64_t seed, const std::vector<std::size_t>& replaced) {
    std::vector<Baseline> baselines;
    std::size_t begin = 0;
    while (begin <= specs.size()) {
        const std::size_t comma = std::min(specs.find(',', begin), specs.size());
        baselines.push_back(
            make_baseline(space, input, specs.substr(begin, comma - begin), seed + baselines.size(), replaced));
        begin = comma + 1;
    }
    return baselines;
}

std::vector<std::size_t> real_inputs(const InputSpace& space) {
    std::vector<std::size_t> real;
    for (std::size_t index = 0; index < space.inputs.size(); ++index) {
        if (!range_of(space.inputs[index]).whole) {
            real.push_back(index);
        }
    }
    return real;
}

bool fit_to_type(std::span<float> values, const TensorInfo& info, const std::string& spec) {
    const bool whole = range_of(info).whole;
    bool rounded = false;
    for (float& value : values) {
        const float held = whole ? std::nearbyint(value) : value;   // as the engine rounds what it is given
        check_range(double{held}, info, spec);
        rounded = rounded || held != value;
        value = held;
    }
    return rounded;
}

}  // namespace pellucid::explain
