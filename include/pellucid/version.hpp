#pragma once

#include <string>

namespace pellucid {

/// "0.1.0"
[[nodiscard]] std::string version();
/// Of the engine that this build runs on: "2026.4.1-…".
[[nodiscard]] std::string engine_version();

}  // namespace pellucid
