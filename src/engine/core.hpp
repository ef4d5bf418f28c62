#pragma once

#include <exception>
#include <string>

#include "openvino/runtime/core.hpp"

#include "engine/session.hpp"

namespace pellucid::engine {

/// The process's one ov::Core, made at first use, with our custom operators registered. Plugins load when they compile.
[[nodiscard]] ov::Core& core();

/// Threads that `options` asks for (its 0: the processors that this process may use).
[[nodiscard]] int thread_count(const CompileOptions& options);

/// Throws Error(kUnsupported), naming the devices that there are, when `device` is not among them.
void check_device(const std::string& device);

/// What a graph is compiled with. Throws Error(kUsage) for an unknown precision, and what check_device throws.
[[nodiscard]] ov::AnyMap compile_properties(const CompileOptions& options);

/// What the engine said, on one line and without the places in its source.
[[nodiscard]] std::string engine_reason(const std::exception& error);

}  // namespace pellucid::engine
