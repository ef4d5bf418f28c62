#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace pellucid {

/// Extents of a dense array, outermost first. A scalar has an empty shape.
using Shape = std::vector<std::int64_t>;

/// Number of elements of `shape` (1 for a scalar). Throws Error(kUsage) on a negative extent or on overflow.
[[nodiscard]] std::size_t element_count(const Shape& shape);

/// "[1, 3, 224, 224]"
[[nodiscard]] std::string to_string(const Shape& shape);

/// A dense float32 array. Memory layout: row-major, contiguous, the last axis varies fastest; pictures are
/// [batch, channel, height, width] unless a card says otherwise.
class Array {
public:
    Array() = default;
    /// An array of zeros.
    explicit Array(Shape shape);
    /// Takes `values`; throws Error(kInternal) when their number does not fit `shape`.
    Array(Shape shape, std::vector<float> values);

    [[nodiscard]] const Shape& shape() const noexcept { return shape_; }
    [[nodiscard]] std::size_t rank() const noexcept { return shape_.size(); }
    [[nodiscard]] std::size_t size() const noexcept { return values_.size(); }
    [[nodiscard]] bool empty() const noexcept { return values_.empty(); }
    [[nodiscard]] std::span<float> values() noexcept { return values_; }
    [[nodiscard]] std::span<const float> values() const noexcept { return values_; }
    [[nodiscard]] float* data() noexcept { return values_.data(); }
    [[nodiscard]] const float* data() const noexcept { return values_.data(); }
    float& operator[](std::size_t index) noexcept { return values_[index]; }
    float operator[](std::size_t index) const noexcept { return values_[index]; }

    /// The same values under another shape of equal size.
    [[nodiscard]] Array reshaped(Shape shape) const;

private:
    Shape shape_;
    std::vector<float> values_;
};

}  // namespace pellucid
