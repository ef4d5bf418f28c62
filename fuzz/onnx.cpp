// An ONNX file as `pellucid` reads one, through the engine's front end: a network with inputs and outputs, or an error.

#include <unistd.h>

#include <filesystem>

#include "core/files.hpp"
#include "fuzz/outcome.hpp"
#include "graph/read.hpp"

namespace {

/// The engine reads files only; this one lies in a folder of its own, without any other that it could name.
const std::filesystem::path& file_of_ours() {
    static const std::filesystem::path file = [] {
        std::string name = (std::filesystem::temp_directory_path() / "pellucid-fuzz-XXXXXX").string();
        pellucid::fuzz::expect(mkdtemp(name.data()) != nullptr);
        return std::filesystem::path(name) / "fuzzed.onnx";
    }();
    return file;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace pellucid;
    return fuzz::read_or_refuse([&] {
        core::write_whole(file_of_ours(), fuzz::bytes_of(data, size), false);
        const graph::ReadModel read = graph::read(file_of_ours());
        fuzz::expect(!read.model->inputs().empty() && !read.model->outputs().empty());
    });
}
