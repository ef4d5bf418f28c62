#pragma once

#include <unistd.h>

#include <atomic>
#include <filesystem>
#include <string>

namespace pellucid::core {

/// A folder of a test's own, removed with what is in it.
class Scratch {
public:
    Scratch() {
        static std::atomic<int> number{0};
        path_ = std::filesystem::temp_directory_path() /
                ("pellucid-test-" + std::to_string(::getpid()) + "-" + std::to_string(number++));
        std::filesystem::create_directories(path_);
    }
    Scratch(const Scratch&) = delete;
    Scratch& operator=(const Scratch&) = delete;
    ~Scratch() {
        std::error_code ignored;
        std::filesystem::remove_all(path_, ignored);
    }
    [[nodiscard]] const std::filesystem::path& path() const { return path_; }
    friend std::filesystem::path operator/(const Scratch& scratch, const std::string& name) {
        return scratch.path_ / name;
    }

private:
    std::filesystem::path path_;
};

}  // namespace pellucid::core
