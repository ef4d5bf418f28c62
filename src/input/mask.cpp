#include "input/mask.hpp"

#include <algorithm>
#include <cmath>

#include "core/files.hpp"
#include "input/picture.hpp"
#include "input/picture_fit.hpp"

namespace pellucid::input {

namespace {

std::string size_of(std::int64_t width, std::int64_t height) {
    return std::to_string(width) + "x" + std::to_string(height);
}

/// The least luma that is inside.
int threshold_of(const Image& gray, const std::string& name, std::vector<std::string>& notes) {
    constexpr int kHalf = 128;
    const auto brightest = *std::max_element(gray.pixels.begin(), gray.pixels.end());
    const bool two = std::all_of(gray.pixels.begin(), gray.pixels.end(),
                                 [&](std::uint8_t luma) { return luma == 0 || luma == brightest; });
    if (two) {
        return 1;
    }
    notes.push_back("mask '" + name +
                    "' has more than two values: what is at least half bright (128 of 255) is inside");
    return kHalf;
}

/// Where what the network sees lies in the mask: x, y, width, height, in pixels.
std::array<double, 4> field_of(const Image& mask, const Input& input) {
    const bool same = input.picture && input.picture->width == mask.width && input.picture->height == mask.height;
    return same ? input.field : std::array<double, 4>{0.0, 0.0, double(mask.width), double(mask.height)};
}

void note_size(const Image& mask, const Input& input, const std::array<std::int64_t, 2>& grid,
               std::vector<std::string>& notes) {
    if (mask.height == grid[0] && mask.width == grid[1]) {
        return;
    }
    const bool same = input.picture && input.picture->width == mask.width && input.picture->height == mask.height;
    notes.push_back("the mask of " + size_of(mask.width, mask.height) + " is read at the output's " +
                    size_of(grid[1], grid[0]) + " positions, nearest pixels, " +
                    (same ? "cut as the picture is" : "laid over the whole of what the network sees"));
}

}  // namespace

Array read_mask(const std::filesystem::path& file, const Input& input, const std::array<std::int64_t, 2>& grid,
                std::vector<std::string>& notes) {
    const std::string name = file.string();
    Picture picture = decode_picture(core::read_whole(file), name);
    notes.insert(notes.end(), picture.notes.begin(), picture.notes.end());
    const Image gray = to_gray(picture.image);
    const int threshold = threshold_of(gray, name, notes);
    const std::array<double, 4> field = field_of(gray, input);
    note_size(gray, input, grid, notes);
    Array mask(Shape{grid[0], grid[1]});
    const auto nearest = [&](std::size_t axis, std::int64_t at) {
        const double extent = static_cast<double>(grid[1 - axis]);   // axis 0 of the field is x
        return static_cast<std::int64_t>(std::floor(field[axis] + (double(at) + 0.5) / extent * field[axis + 2]));
    };
    for (std::size_t position = 0; position < mask.size(); ++position) {
        const auto place = static_cast<std::int64_t>(position);
        const std::int64_t x = nearest(0, place % grid[1]), y = nearest(1, place / grid[1]);
        const bool outside = x < 0 || y < 0 || x >= gray.width || y >= gray.height;   // what padding added
        mask[position] =
            !outside && gray.pixels[static_cast<std::size_t>(y * gray.width + x)] >= threshold ? 1.0F : 0.0F;
    }
    return mask;
}

}  // namespace pellucid::input
