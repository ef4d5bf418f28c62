#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <span>
#include <string_view>

#include "pellucid/error.hpp"

namespace pellucid::fuzz {

/// What the fuzzer made up, as the readers take it.
inline std::span<const std::byte> bytes_of(const std::uint8_t* data, std::size_t size) {
    return std::as_bytes(std::span(data, size));
}
inline std::string_view text_of(const std::uint8_t* data, std::size_t size) {
    return {reinterpret_cast<const char*>(data), size};
}

/// Ends the process, which the fuzzer counts as a crash.
inline void expect(bool good) {
    if (!good) {
        std::abort();
    }
}

/// Reads, or refuses as a reader should: with an error of ours that blames the file. Whatever else is thrown, the fuzzer
/// reports as a crash. Answers what a fuzz target answers.
template <class Read>
int read_or_refuse(const Read& read) {
    try {
        read();
    } catch (const Error& error) {
        expect(error.code() == ErrorCode::kUnreadable || error.code() == ErrorCode::kUsage ||
               error.code() == ErrorCode::kUnsupported);
        expect(*error.what() != '\0');
    }
    return 0;
}

}  // namespace pellucid::fuzz
