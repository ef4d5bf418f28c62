#include "engine/core.hpp"

#include <sstream>
#include <thread>

#include "openvino/runtime/properties.hpp"

#include "ops/register.hpp"
#include "pellucid/error.hpp"

namespace pellucid::engine {

ov::Core& core() {
    // Never destroyed: sessions held by static objects must not outlive it at exit.
    static ov::Core* const kCore = [] {
        auto* made = new ov::Core();
        made->add_extension(ops::extensions());
        return made;
    }();
    return *kCore;
}

int thread_count(const CompileOptions& options) {
    return options.threads > 0 ? options.threads : std::max(1, static_cast<int>(std::thread::hardware_concurrency()));
}

namespace {

ov::element::Type precision_type(const std::string& name) {
    if (name == "f32") {
        return ov::element::f32;
    }
    if (name == "bf16") {
        return ov::element::bf16;
    }
    if (name == "f16") {
        return ov::element::f16;
    }
    throw Error(ErrorCode::kUsage, "unknown precision '" + name + "'", "one of: f32, bf16, f16");
}

}  // namespace

ov::AnyMap compile_properties(const CompileOptions& options) {
    ov::AnyMap properties{ov::hint::inference_precision(precision_type(options.precision))};
    if (options.device != "CPU") {
        return properties;
    }
    const int threads = thread_count(options);
    // One thread a stream: the engine chooses kernels by thread count, and bits must not depend on it.
    properties.insert(ov::num_streams(options.single_pass ? 1 : threads));
    properties.insert(ov::inference_num_threads(threads));
    // Two processes pinned to the same cores would halve each other.
    properties.insert(ov::hint::enable_cpu_pinning(false));
    if (options.precision == "f32") {
        // Or matmuls with compressed weights would quantise their inputs to 8 bits.
        properties.insert(ov::hint::dynamic_quantization_group_size(0));
    }
    return properties;
}

std::string engine_reason(const std::exception& error) {
    std::istringstream lines(error.what());
    std::string reason;
    for (std::string line; std::getline(lines, line);) {
        const std::size_t start = line.find_first_not_of(" \t\r");
        if (start == std::string::npos || line.compare(start, 14, "Exception from") == 0) {
            continue;
        }
        if (!reason.empty()) {
            reason += ' ';
        }
        reason.append(line, start, line.find_last_not_of(" \t\r") + 1 - start);
    }
    constexpr std::size_t kLongest = 400;
    if (reason.size() > kLongest) {
        reason.resize(kLongest);
        reason += "…";
    }
    return reason.empty() ? "no reason given" : reason;
}

}  // namespace pellucid::engine
