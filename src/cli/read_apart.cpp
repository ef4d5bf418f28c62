#include "cli/read_apart.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdio>
#include <exception>
#include <filesystem>

#include "engine/child_process.hpp"
#include "graph/read.hpp"
#include "pellucid/error.hpp"

namespace pellucid::cli {

namespace {

// What the process apart writes: one of these, then a message.
constexpr char kSound = '=', kUnreadable = '3', kUnsupported = '4';

bool is_of_tensorflow(const std::string& path) {
    std::string extension = std::filesystem::path(path).extension().string();
    std::transform(extension.begin(), extension.end(), extension.begin(),
                   [](unsigned char letter) { return static_cast<char>(std::tolower(letter)); });
    return extension == ".pb" || extension == ".tflite";
}

/// Everything that the process apart wrote.
std::string answer_of(engine::ChildProcess& reader) {
    constexpr std::chrono::minutes kPatience{10};
    constexpr std::size_t kLongest = 2000;
    const auto deadline = std::chrono::steady_clock::now() + kPatience;
    std::string answer;
    for (std::array<std::byte, 1> letter{}; answer.size() < kLongest;) {
        if (reader.read(letter, deadline) != engine::ChildProcess::Outcome::kRead) {
            break;
        }
        answer += static_cast<char>(letter[0]);
    }
    return answer;
}

void try_apart(const std::string& path) {
    engine::ChildProcess reader({"/proc/self/exe", kReadApart, path});
    const std::string answer = answer_of(reader);
    const char first = answer.empty() ? '\0' : answer.front();
    if (first == kSound) {
        return;
    }
    if (first == kUnreadable || first == kUnsupported) {
        throw Error(first == kUnreadable ? ErrorCode::kUnreadable : ErrorCode::kUnsupported, answer.substr(1));
    }
    throw Error(ErrorCode::kUnreadable,
                "cannot read the model " + path + ": it is damaged, and its reader " + reader.how_it_ended(),
                "copy or export it again");
}

}  // namespace

Model load_model(const std::string& path, const LoadOptions& options) {
    if (is_of_tensorflow(path)) {
        try_apart(path);
    }
    return Model::load(path, options);
}

int read_apart(const std::string& path) {
    try {
        static_cast<void>(graph::read(path));
        std::fputc(kSound, stdout);
    } catch (const Error& error) {
        std::fputc(error.code() == ErrorCode::kUnsupported ? kUnsupported : kUnreadable, stdout);
        std::fputs(error.what(), stdout);
    } catch (const std::exception& error) {
        std::fputc(kUnreadable, stdout);
        std::fputs(("cannot read the model " + path + ": " + error.what()).c_str(), stdout);
    }
    return 0;
}

}  // namespace pellucid::cli
