#include "engine/cache.hpp"

#include <array>
#include <cstdlib>
#include <cstring>
#include <sstream>
#include <streambuf>

#include "openvino/core/version.hpp"
#include "openvino/pass/serialize.hpp"
#include "openvino/runtime/properties.hpp"
#include "openvino/runtime/tensor.hpp"

#include "core/files.hpp"
#include "engine/checksum.hpp"
#include "engine/core.hpp"
#include "pellucid/error.hpp"

namespace pellucid::engine {

namespace {

namespace fs = std::filesystem;
using Digest = Checksum::Digest;

/// Head of a file: format, then the digest of what follows. 64 bytes, so that the blob stays aligned in the mapped file.
constexpr std::size_t kHeadBytes = 64;
constexpr std::string_view kFormat = "pellucid graph 2\n";

/// All files together; the least recently used go first.
constexpr std::uintmax_t kMostBytes = 4ULL << 30U;

/// A stream that hashes what is written to it.
class HashingBuffer final : public std::streambuf {
public:
    explicit HashingBuffer(Checksum& hash) : hash_(hash) {}

protected:
    std::streamsize xsputn(const char* text, std::streamsize size) override {
        hash_.update(text, static_cast<std::size_t>(size));
        written_ += size;
        return size;
    }
    int_type overflow(int_type letter) override {
        const char text = traits_type::to_char_type(letter);
        xsputn(&text, 1);
        return letter;
    }
    pos_type seekoff(off_type /*offset*/, std::ios_base::seekdir /*from*/, std::ios_base::openmode /*which*/) override {
        return written_;  // the serialiser asks where it is
    }

private:
    Checksum& hash_;
    std::streamsize written_ = 0;
};

/// Hashes a serialised graph without the names that the engine counts up in a process ("Add_981", or a model's own), which
/// would make another graph of the same one wherever something else was built before it. Names of tensors and of parameters
/// stay: inputs and outputs are called by them.
void hash_graph(Checksum& hash, std::string_view xml) {
    constexpr std::string_view kName = " name=\"";
    while (!xml.empty()) {
        const std::size_t end = std::min(xml.find('\n'), xml.size() - 1) + 1;
        std::string_view line = xml.substr(0, end);
        xml.remove_prefix(end);
        line.remove_prefix(std::min(line.find_first_not_of('\t'), line.size() - 1));
        if (line.starts_with("<net ") || line.starts_with("<attribute name=\"fused_names\"")) {
            continue;
        }
        const std::size_t name = line.find(kName);
        const bool counted = line.starts_with("<layer ") && line.find(" type=\"Parameter\"") == std::string_view::npos;
        if (counted && name != std::string_view::npos) {
            hash.update(line.data(), name);
            line.remove_prefix(std::min(line.find('"', name + kName.size()), line.size()));
        }
        hash.update(line.data(), line.size());
    }
}

std::string hexadecimal(const Digest& digest) {
    std::string text;
    for (const std::uint8_t byte : digest) {
        text += "0123456789abcdef"[byte >> 4U];
        text += "0123456789abcdef"[byte & 15U];
    }
    return text;
}

/// What stands before a text that is remembered, so that a damaged one is not believed, nor one of another graph.
std::string digest_of(const std::string& key, const std::string& text) {
    Checksum hash;
    hash.update(key.data(), key.size());
    hash.update(text.data(), text.size());
    return hexadecimal(hash.digest());
}

fs::path cache_folder() {
    const auto variable = [](const char* name) {
        const char* value = std::getenv(name);
        return std::string(value == nullptr ? "" : value);
    };
    if (const std::string own = variable("PELLUCID_CACHE"); !own.empty()) {
        return fs::path(own) / "graphs";
    }
    if (const std::string shared = variable("XDG_CACHE_HOME"); !shared.empty()) {
        return fs::path(shared) / "pellucid" / "graphs";
    }
    const std::string home = variable("HOME");
    return home.empty() ? fs::path() : fs::path(home) / ".cache" / "pellucid" / "graphs";
}

void store(const fs::path& file, ov::CompiledModel& compiled) {
    std::ostringstream stream;
    compiled.export_model(stream);
    const std::string_view blob = stream.view();
    Checksum hash;
    hash.update(blob.data(), blob.size());
    const Digest digest = hash.digest();
    std::string bytes(kFormat);
    bytes.append(reinterpret_cast<const char*>(digest.data()), digest.size());
    bytes.resize(kHeadBytes, '\0');
    bytes += blob;
    core::write_whole(file, std::as_bytes(std::span(bytes)), false);
}

void drop_oldest(const fs::path& folder) {
    std::error_code error;
    std::vector<fs::directory_entry> files;
    std::uintmax_t total = 0;
    for (const auto& entry : fs::directory_iterator(folder, error)) {
        if (entry.is_regular_file(error)) {
            files.push_back(entry);
            total += entry.file_size(error);
        }
    }
    std::sort(files.begin(), files.end(), [&](const auto& a, const auto& b) {
        std::error_code ignored;
        return a.last_write_time(ignored) < b.last_write_time(ignored);
    });
    for (const auto& entry : files) {
        if (total <= kMostBytes) {
            break;
        }
        total -= entry.file_size(error);
        fs::remove(entry.path(), error);
    }
}

}  // namespace

GraphCache::GraphCache() : folder_(cache_folder()) {}

std::string GraphCache::key(const std::shared_ptr<ov::Model>& model, const std::string& device,
                            const ov::AnyMap& properties) {
    Checksum hash;
    hash.update(std::string(kFormat) + PELLUCID_VERSION);
    hash.update(ov::get_openvino_version().buildNumber);
    hash.update(device);
    hash.update(core().get_property(device, ov::device::full_name));
    for (const std::string& capability : core().get_property(device, ov::device::capabilities)) {
        hash.update(capability);
    }
    for (const auto& [name, value] : properties) {
        hash.update(name + "=" + value.as<std::string>());
    }
    Checksum weights;
    HashingBuffer weight_buffer(weights);
    std::ostream weight_stream(&weight_buffer);
    std::ostringstream graph;
    ov::pass::Serialize(graph, weight_stream).run_on_model(model);
    hash_graph(hash, graph.view());
    const Digest digest = weights.digest();
    hash.update(digest.data(), digest.size());
    return hexadecimal(hash.digest());
}

std::optional<std::string> GraphCache::recall(const std::string& key) const {
    const fs::path file = folder_ / (key + ".txt");
    std::error_code error;
    if (folder_.empty() || key.empty() || !fs::is_regular_file(file, error)) {
        return std::nullopt;
    }
    constexpr std::size_t kLongest = 4096;
    try {
        const std::vector<std::byte> bytes = core::read_whole(file, kLongest);
        const std::string line(reinterpret_cast<const char*>(bytes.data()), bytes.size());
        const std::size_t blank = line.find(' ');
        if (blank == std::string::npos || line.back() != '\n') {
            return std::nullopt;
        }
        const std::string text = line.substr(blank + 1, line.size() - blank - 2);
        return line.substr(0, blank) == digest_of(key, text) ? std::optional(text) : std::nullopt;
    } catch (const Error&) {  // gone or damaged meanwhile: found out anew
        return std::nullopt;
    }
}

bool GraphCache::remember(const std::string& key, const std::string& text) const {
    if (folder_.empty() || key.empty()) {
        return false;
    }
    std::error_code error;
    fs::create_directories(folder_, error);
    const std::string line = digest_of(key, text) + " " + text + "\n";
    try {
        core::write_whole(folder_ / (key + ".txt"), std::as_bytes(std::span(line)), false);
        return true;
    } catch (const Error&) {  // a folder that cannot be written: asked again next time, which is all that is lost
        return false;
    }
}

std::optional<ov::CompiledModel> GraphCache::load(const fs::path& file, const std::string& device,
                                                  const ov::AnyMap& properties) const {
    std::error_code error;
    if (!fs::is_regular_file(file, error) || fs::file_size(file, error) <= kHeadBytes) {
        return std::nullopt;
    }
    const ov::Tensor mapped = ov::read_tensor_data(file);
    const auto* bytes = static_cast<const char*>(mapped.data());
    const std::size_t size = mapped.get_byte_size() - kHeadBytes;
    Checksum hash;
    hash.update(bytes + kHeadBytes, size);
    const Digest digest = hash.digest();
    if (std::string_view(bytes, kFormat.size()) != kFormat ||
        std::memcmp(bytes + kFormat.size(), digest.data(), digest.size()) != 0) {
        return std::nullopt;
    }
    fs::last_write_time(file, fs::file_time_type::clock::now(), error);
    const ov::Tensor blob =
        ov::read_tensor_data(file, ov::element::u8, ov::PartialShape{ov::Dimension::dynamic()}, kHeadBytes);
    return core().import_model(blob, device, properties);
}

ov::CompiledModel GraphCache::compile(const std::shared_ptr<ov::Model>& model, const std::string& device,
                                      const ov::AnyMap& properties, std::vector<std::string>& notes) {
    hit_ = stored_ = false;
    compiled_key_.clear();
    fs::path file;
    if (!folder_.empty()) {
        std::error_code error;
        fs::create_directories(folder_, error);
        compiled_key_ = key(model, device, properties);
        file = folder_ / (compiled_key_ + ".graph");
        try {
            if (auto compiled = load(file, device, properties)) {
                hit_ = true;
                return *compiled;
            }
            if (fs::exists(file, error)) {
                notes.emplace_back("a damaged file among the cached graphs is rebuilt");
            }
        } catch (const std::exception& failure) {
            notes.push_back("a compiled graph in the cache was not usable and is rebuilt: " + engine_reason(failure));
        }
    }
    ov::CompiledModel compiled = core().compile_model(model, device, properties);
    if (file.empty()) {
        notes.emplace_back("compiled graphs are not kept: there is no home folder and PELLUCID_CACHE is not set");
        return compiled;
    }
    try {
        store(file, compiled);
        stored_ = true;
        drop_oldest(folder_);
    } catch (const std::exception& failure) {
        notes.push_back("compiled graphs are not kept: " + engine_reason(failure));
    }
    return compiled;
}

}  // namespace pellucid::engine
