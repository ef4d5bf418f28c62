#include "input/decode/bmp_runs.hpp"

namespace pellucid::input {
namespace {

class Expansion {
public:
    Expansion(std::span<const std::byte> data, std::size_t width, std::size_t height, bool nibbles)
        : data_(data), width_(width), height_(height), nibbles_(nibbles), indices_(width * height) {}

    std::vector<std::uint8_t> run() {
        while (y_ < height_) {
            if (at_ + 2 > data_.size()) {
                return complete() ? std::move(indices_) : std::vector<std::uint8_t>{};
            }
            const std::size_t count = byte(at_), value = byte(at_ + 1);
            at_ += 2;
            if (count > 0) {
                for (std::size_t i = 0; i < count; ++i) {
                    put(nibbles_ ? (i % 2 == 0 ? value >> 4U : value & 15U) : value);
                }
            } else if (value == 1) {
                break;
            } else if (!escape(value)) {
                return {};
            }
        }
        return std::move(indices_);
    }

private:
    [[nodiscard]] std::size_t byte(std::size_t at) const { return std::to_integer<std::size_t>(data_[at]); }
    [[nodiscard]] bool complete() const { return y_ + 1 == height_ && x_ >= width_; }

    void put(std::size_t index) {
        if (x_ < width_ && y_ < height_) {
            indices_[y_ * width_ + x_] = static_cast<std::uint8_t>(index);
        }
        ++x_;
    }

    /// End of line, a jump, or `value` pixels in full. False when the data ends first.
    bool escape(std::size_t value) {
        if (value == 0) {
            x_ = 0;
            ++y_;
            return true;
        }
        if (value == 2) {
            if (at_ + 2 > data_.size()) {
                return false;
            }
            x_ += byte(at_);
            y_ += byte(at_ + 1);
            at_ += 2;
            return true;
        }
        const std::size_t bytes = nibbles_ ? (value + 1) / 2 : value;
        if (at_ + bytes > data_.size()) {
            return false;
        }
        for (std::size_t i = 0; i < value; ++i) {
            put(nibbles_ ? (i % 2 == 0 ? byte(at_ + i / 2) >> 4U : byte(at_ + i / 2) & 15U) : byte(at_ + i));
        }
        at_ += bytes + bytes % 2;   // padded to 16 bits
        return true;
    }

    std::span<const std::byte> data_;
    std::size_t width_, height_;
    bool nibbles_;
    std::vector<std::uint8_t> indices_;
    std::size_t at_ = 0, x_ = 0, y_ = 0;
};

}  // namespace

std::vector<std::uint8_t> expand_runs(std::span<const std::byte> data, std::size_t width, std::size_t height,
                                      bool nibbles) {
    return Expansion(data, width, height, nibbles).run();
}

}  // namespace pellucid::input
