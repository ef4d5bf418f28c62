#include "model/mask.hpp"

#include <algorithm>
#include <cmath>

#include "core/files.hpp"
#include "model/target_text.hpp"
#include "pellucid/error.hpp"

namespace pellucid::model {

namespace {

[[noreturn]] void refuse(const std::string& file, const std::string& what, const std::string& remedy) {
    throw Error(ErrorCode::kUsage, "mask '" + file + "' " + what, remedy);
}

/// Without axes of extent 1 in front.
Shape bare(Shape shape) {
    const auto first = std::find_if(shape.begin(), shape.end(), [](std::int64_t extent) { return extent != 1; });
    shape.erase(shape.begin(), first);
    return shape;
}

Array read_array(const std::string& file) {
    Array mask = core::read_npy(file);
    const auto values = mask.values();
    if (!std::all_of(values.begin(), values.end(), [](float value) { return std::isfinite(value); })) {
        throw Error(ErrorCode::kUnreadable, "mask '" + file + "' holds NaN or an infinite value",
                    "set what counts to 1, the rest to 0");
    }
    return mask;
}

Array read_picture(const std::string& file, const Masked& masked, const Input& input, MaskReader reader,
                   std::vector<std::string>& notes) {
    constexpr const char* kRemedy = "give a .npy of the output's shape";
    Shape grid = masked.row.grid();
    while (grid.size() > 2 && grid.front() == 1) {
        grid.erase(grid.begin());
    }
    if (grid.size() != 2) {
        refuse(file, "is a picture, and output " + masked.output + " has no rows and columns", kRemedy);
    }
    if (reader == nullptr) {
        throw Error(ErrorCode::kUnsupported, "mask '" + file + "' is no .npy file, and pictures are not read here",
                    kRemedy);
    }
    return reader(file, input, {grid[0], grid[1]}, notes);
}

/// The mask at each position, for one class or for the only one.
void spread(const Array& mask, const Masked& masked, Array& weights) {
    for (std::size_t at = 0; at < weights.size(); ++at) {
        if (!masked.index || masked.row.class_at(at) == static_cast<std::size_t>(*masked.index)) {
            weights[at] = mask[masked.row.position_at(at)];
        }
    }
}

}  // namespace

MaskName mask_name(const std::string& text) {
    std::error_code error;
    const auto at = text.rfind('@');
    if (at == std::string::npos || std::filesystem::exists(text, error)) {
        return {text, {}};
    }
    return {trimmed(std::string_view(text).substr(0, at)), trimmed(std::string_view(text).substr(at + 1))};
}

Array mask_weights(const std::string& file, const Masked& masked, const Input& input, MaskReader reader,
                   std::vector<std::string>& notes) {
    const Row& row = masked.row;
    const bool array = std::filesystem::path(file).extension() == ".npy";
    const Array mask = array ? read_array(file) : read_picture(file, masked, input, reader, notes);
    const bool one_map = row.class_axis && row.classes() > 1;   // the row holds a map a class
    const bool whole = array && bare(mask.shape()) == bare(row.values.shape());
    const bool fits = !array || bare(mask.shape()) == bare(row.grid()) || (whole && !one_map);
    Array weights(row.values.shape());
    if (whole && !masked.index) {
        std::copy(mask.values().begin(), mask.values().end(), weights.values().begin());
    } else if (!fits) {
        refuse(file,
               "is " + to_string(mask.shape()) + ", and output " + masked.output + " has the positions " +
                   to_string(row.grid()),
               std::string("give a mask of that shape") + (masked.index ? "" : ", or of the output's"));
    } else if (one_map && !masked.index) {
        refuse(file,
               "is of the positions, and output " + masked.output + " has " + std::to_string(row.classes()) +
                   " classes at each",
               "name one: mask:FILE@CLASS");
    } else {
        spread(mask, masked, weights);
    }
    const auto values = weights.values();
    if (std::all_of(values.begin(), values.end(), [](float value) { return value == 0.0F; })) {
        refuse(file, "is zero everywhere" + std::string(array ? "" : " at the output's positions"),
               "set what counts to 1 (white)");
    }
    return weights;
}

}  // namespace pellucid::model
