#include "pellucid/array.hpp"

#include <limits>

#include "pellucid/error.hpp"

namespace pellucid {

std::size_t element_count(const Shape& shape) {
    std::size_t count = 1;
    bool empty = false;
    for (const std::int64_t extent : shape) {
        if (extent < 0) {
            throw Error(ErrorCode::kUsage, "shape " + to_string(shape) + " has a negative extent");
        }
        const auto size = static_cast<std::size_t>(extent);
        empty = empty || size == 0;
        if (size != 0 && count > std::numeric_limits<std::size_t>::max() / size / sizeof(double)) {
            throw Error(ErrorCode::kUsage, "shape " + to_string(shape) + " is too large to hold");
        }
        count *= size == 0 ? 1 : size;
    }
    return empty ? 0 : count;
}

std::string to_string(const Shape& shape) {
    std::string text = "[";
    for (std::size_t axis = 0; axis < shape.size(); ++axis) {
        text += (axis == 0 ? "" : ", ") + std::to_string(shape[axis]);
    }
    return text + "]";
}

Array::Array(Shape shape) : shape_(std::move(shape)), values_(element_count(shape_), 0.0F) {}

Array::Array(Shape shape, std::vector<float> values) : shape_(std::move(shape)), values_(std::move(values)) {
    if (element_count(shape_) != values_.size()) {
        throw Error(ErrorCode::kInternal,
                    std::to_string(values_.size()) + " values do not fill the shape " + to_string(shape_));
    }
}

Array Array::reshaped(Shape shape) const { return {std::move(shape), values_}; }

}  // namespace pellucid
