#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

namespace pellucid::engine {

/// XXH3 with 128 bits: tells graphs and damaged files apart at the speed of memory. It is no seal against somebody who
/// means to deceive (see docs/decisions/0004); what names a file to the world is core::sha256_file.
class Checksum {
public:
    static constexpr std::size_t kBytes = 16;
    using Digest = std::array<std::uint8_t, kBytes>;   ///< big-endian

    Checksum();
    Checksum(const Checksum&) = delete;
    Checksum& operator=(const Checksum&) = delete;
    ~Checksum();
    void update(const void* bytes, std::size_t size);
    /// With its terminating zero, so that neighbouring texts do not run into each other.
    void update(const std::string& text) { update(text.c_str(), text.size() + 1); }
    [[nodiscard]] Digest digest() const;

private:
    struct State;
    std::unique_ptr<State> state_;
};

}  // namespace pellucid::engine
