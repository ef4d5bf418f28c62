#include "input/tensors.hpp"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <optional>
#include <sstream>

#include "core/suggest.hpp"
#include "pellucid/error.hpp"

namespace pellucid::input {
namespace {

[[noreturn]] void refuse_array(const std::string& name, const std::string& what, const std::string& remedy) {
    throw Error(ErrorCode::kUnreadable, name + ": " + what, remedy);
}

/// "[?, 3, 224, 224]"
std::string shown(const Shape& shape) {
    std::string text = "[";
    for (const std::int64_t extent : shape) {
        text += (text.size() > 1 ? ", " : "") + (extent < 0 ? std::string("?") : std::to_string(extent));
    }
    return text + "]";
}

/// Whether `shape` fits, the first axis (the batch) apart.
bool fits_behind_batch(const Shape& shape, const Shape& wanted) {
    return shape.size() == wanted.size() &&
           std::equal(shape.begin() + (shape.empty() ? 0 : 1), shape.end(), wanted.begin() + (wanted.empty() ? 0 : 1),
                      [](std::int64_t a, std::int64_t b) { return b < 0 || a == b; });
}

/// The least and greatest value of an integer type; nothing of a real one. Arrays are float32 on their way in, which holds
/// whole numbers exactly to 2^24 only.
std::optional<std::pair<double, double>> range_of(const std::string& type) {
    constexpr double kExact = 16777216.0;
    if (type == "boolean") {
        return std::pair(0.0, 1.0);
    }
    if (type.empty() || (type.front() != 'i' && type.front() != 'u')) {
        return std::nullopt;
    }
    const bool is_signed = type.front() == 'i';
    const double most = std::ldexp(1.0, std::atoi(type.c_str() + 1) - (is_signed ? 1 : 0)) - 1.0;
    return std::pair(is_signed ? std::max(-kExact, -most - 1.0) : 0.0, std::min(kExact, most));
}

/// The engine would cut fractions off and wrap what is out of range.
void check_integers(const Array& array, const TensorInfo& wanted, const std::string& name) {
    const auto range = range_of(wanted.type);
    const auto values = array.values();
    const auto fits = [&](float value) {
        return std::floor(value) == value && double{value} >= range->first && double{value} <= range->second;
    };
    const auto odd = range ? std::find_if_not(values.begin(), values.end(), fits) : values.end();
    if (odd != values.end()) {
        std::ostringstream text;
        text << *odd << " at element " << odd - values.begin() << ", and input '" << wanted.name << "' takes "
             << wanted.type << ", whole numbers from " << std::llround(range->first) << " to "
             << std::llround(range->second);
        refuse_array(name, "the array holds " + text.str(), "give whole numbers");
    }
}

Shape with_batch(const Shape& shape) {
    Shape result{1};
    result.insert(result.end(), shape.begin(), shape.end());
    return result;
}

}  // namespace

Array as_network_takes(Array array, const TensorInfo& wanted, const std::string& name,
                       std::vector<std::string>& notes) {
    if (array.empty()) {
        refuse_array(name, "the array is empty (" + to_string(array.shape()) + ")", "give one sample");
    }
    const auto values = array.values();
    const auto odd = std::find_if_not(values.begin(), values.end(), [](float value) { return std::isfinite(value); });
    if (odd != values.end()) {
        refuse_array(name,
                     std::string("the array holds ") + (std::isnan(*odd) ? "NaN" : "an infinite value") +
                         " at element " + std::to_string(odd - values.begin()),
                     "replace it by a number");
    }
    check_integers(array, wanted, name);
    const Shape& shape = array.shape();
    const std::int64_t batch = wanted.shape.empty() ? 1 : wanted.shape.front();
    if (fits_behind_batch(shape, wanted.shape)) {
        if (shape.empty() || shape.front() == batch || (batch < 0 && shape.front() == 1)) {
            return array;
        }
        refuse_array(name,
                     "a batch of " + std::to_string(shape.front()) + " samples, shape " + to_string(shape) +
                         ", for input '" + wanted.name + "' of shape " + shown(wanted.shape),
                     "give one sample");
    }
    if (const Shape added = with_batch(shape); fits_behind_batch(added, wanted.shape) && (batch < 0 || batch == 1)) {
        notes.push_back("a batch axis was added: " + to_string(shape) + " became " + to_string(added));
        return array.reshaped(added);
    }
    refuse_array(
        name, "the array has shape " + to_string(shape) + ", input '" + wanted.name + "' takes " + shown(wanted.shape),
        "give it in the network's shape");
}

std::map<std::string, Array> match_inputs(std::map<std::string, Array> arrays, const std::vector<TensorInfo>& inputs,
                                          const std::string& name, std::vector<std::string>& notes) {
    std::map<std::string, Array> tensors;
    if (inputs.size() == 1 && arrays.size() == 1) {
        tensors.emplace(inputs[0].name, as_network_takes(std::move(arrays.begin()->second), inputs[0], name, notes));
        return tensors;
    }
    std::vector<std::string> names;
    for (const TensorInfo& info : inputs) {
        names.push_back(info.name);
        const auto found = arrays.find(info.name);
        if (found == arrays.end()) {
            refuse_array(name, "there is no array for the model's input '" + info.name + "'", "name one so");
        }
        tensors.emplace(info.name, as_network_takes(std::move(found->second), info, name, notes));
    }
    for (const auto& [key, array] : arrays) {
        if (!tensors.contains(key)) {
            refuse_array(name, "the model has no input '" + key + "'", core::did_you_mean(key, names));
        }
    }
    return tensors;
}

}  // namespace pellucid::input
