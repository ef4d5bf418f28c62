#include "engine/core.hpp"

#include <algorithm>
#include <regex>
#include <sstream>
#include <thread>

#include "openvino/runtime/properties.hpp"

#include "engine/plugin.hpp"
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

std::future<void> load_plugin(const std::string& device) {
    return std::async(std::launch::async, [device] {
        try {
            (void)core().get_property(device, ov::device::full_name);
        } catch (const std::exception&) {  // said by compiling, which asks for the same
        }
    });
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

void check_device(const std::string& device) {
    const std::size_t colon = device.find(':');
    static const std::vector<std::string> kTogether{"AUTO", "MULTI", "HETERO", "BATCH"};  // of devices after a colon
    if (device == "CPU" || std::find(kTogether.begin(), kTogether.end(), device.substr(0, colon)) != kTogether.end()) {
        return;
    }
    std::string there;
    for (const std::string& available : core().get_available_devices()) {
        // Where there are two, the engine numbers them: GPU.0 and GPU.1, of which GPU is the first.
        if (device == available || available.starts_with(device + ".")) {
            return;
        }
        there += (there.empty() ? "" : ", ") + available;
    }
    throw Error(ErrorCode::kUnsupported, "there is no device '" + device + "' here that the engine can use",
                "it can use: " + there);
}

ov::AnyMap compile_properties(const CompileOptions& options) {
    check_device(options.device);
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
    // Where in the engine's source it was thrown, and which check of its code failed, tell a user nothing.
    static const std::regex kPlace(R"(Exception from \S+:\d+:?)");
    static const std::regex kCheck(R"(Check '.*?' failed at \S+?:\d+:?)");
    static const std::regex kNode(R"(While validating node '.*?' with friendly_name '([^']*)':)");
    std::istringstream lines(error.what());
    std::string reason;
    for (std::string line; std::getline(lines, line);) {
        line = std::regex_replace(line, kPlace, "");
        line = std::regex_replace(line, kCheck, "");
        line = std::regex_replace(line, kNode, "at '$1':");
        const std::size_t start = line.find_first_not_of(" \t\r");
        if (start == std::string::npos) {
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
