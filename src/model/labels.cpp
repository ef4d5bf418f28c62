#include "model/labels.hpp"

#include <dlfcn.h>

#include <cctype>
#include <charconv>
#include <cstdlib>

#include "core/files.hpp"
#include "model/fields.hpp"
#include "pellucid/error.hpp"

namespace pellucid::model {

namespace fs = std::filesystem;
using nlohmann::json;

namespace {

constexpr std::size_t kMostBytes = 64ULL << 20U;

std::vector<std::string> lines_of(const std::string& text) {
    std::vector<std::string> lines;
    for (std::size_t begin = 0; begin < text.size();) {
        const std::size_t end = std::min(text.find('\n', begin), text.size());
        std::string line = text.substr(begin, end - begin);
        while (!line.empty() && std::isspace(static_cast<unsigned char>(line.back())) != 0) {
            line.pop_back();
        }
        lines.push_back(std::move(line));
        begin = end + 1;
    }
    while (!lines.empty() && lines.back().empty()) {
        lines.pop_back();
    }
    return lines;
}

[[noreturn]] void refuse(const fs::path& path, const std::string& what) {
    throw Error(ErrorCode::kUnreadable, "labels '" + path.string() + "': " + what,
                "give a label a line, a JSON list, or a JSON object from index to label");
}

std::vector<std::string> listed(const json& list, const fs::path& path) {
    std::vector<std::string> labels;
    for (const json& label : list) {
        if (!label.is_string()) {
            refuse(path, "entry " + std::to_string(labels.size()) + " must be a text, not " + kind_of(label));
        }
        labels.push_back(label.get<std::string>());
    }
    return labels;
}

/// {"0": "tench"}, or as Keras spells it {"0": ["n01440764", "tench"]}.
std::vector<std::string> indexed(const json& object, const fs::path& path) {
    std::vector<std::string> labels(object.size());
    for (const auto& [key, value] : object.items()) {
        std::size_t index = 0;
        const auto [end, error] = std::from_chars(key.data(), key.data() + key.size(), index);
        if (error != std::errc() || end != key.data() + key.size() || index >= labels.size()) {
            refuse(path, "key '" + key + "' is no index from 0 to " + std::to_string(labels.size() - 1));
        }
        const bool pair = value.is_array() && value.size() == 2 && value[1].is_string();
        if (!pair && !value.is_string()) {
            refuse(path, "the label of '" + key + "' must be a text, not " + kind_of(value));
        }
        labels[index] = pair ? value[1].get<std::string>() : value.get<std::string>();
    }
    return labels;
}

std::vector<fs::path> data_folders() {
    std::vector<fs::path> folders;
    if (const char* own = std::getenv("PELLUCID_DATA"); own != nullptr && *own != '\0') {
        folders.emplace_back(own);
    }
    std::vector<fs::path> homes;
    std::error_code error;
    if (const fs::path program = fs::read_symlink("/proc/self/exe", error); !error) {
        homes.push_back(program.parent_path());
    }
    Dl_info info{};
    if (dladdr(reinterpret_cast<const void*>(&imagenet_labels), &info) != 0 && info.dli_fname != nullptr) {
        homes.push_back(fs::absolute(info.dli_fname, error).parent_path());
    }
    for (const fs::path& home : homes) {
        folders.push_back((home / "../share/pellucid").lexically_normal());
        folders.push_back((home / "../../share/pellucid").lexically_normal());
        folders.push_back((home / "../../.dev/assets").lexically_normal());
    }
    return folders;
}

}  // namespace

std::vector<std::string> read_labels(const fs::path& path) {
    const std::vector<std::byte> bytes = core::read_whole(path, kMostBytes);
    const std::string text(reinterpret_cast<const char*>(bytes.data()), bytes.size());
    const std::size_t first = text.find_first_not_of(" \t\r\n");
    std::vector<std::string> labels;
    if (first != std::string::npos && (text[first] == '[' || text[first] == '{')) {
        const json document = parse_json(text, path.string());
        labels = document.is_array() ? listed(document, path) : indexed(document, path);
    } else {
        labels = lines_of(text);
    }
    if (labels.empty()) {
        refuse(path, "there is none");
    }
    return labels;
}

std::vector<std::string> imagenet_labels() {
    const std::vector<fs::path> folders = data_folders();
    for (const fs::path& folder : folders) {
        const fs::path file = folder / "imagenet_labels.json";
        std::error_code error;
        if (fs::is_regular_file(file, error)) {
            return read_labels(file);
        }
    }
    throw Error(ErrorCode::kUnreadable,
                "ImageNet's labels (imagenet_labels.json) are not in " + folders.front().string(),
                "run ./dev setup, or set PELLUCID_DATA to the folder that holds the file, or give --labels FILE");
}

std::vector<std::string> labels_from(const std::string& spec, const fs::path& folder) {
    const fs::path path = folder / spec;
    std::error_code error;
    if (spec == "imagenet" && !fs::exists(path, error)) {
        return imagenet_labels();
    }
    return read_labels(path);
}

}  // namespace pellucid::model
