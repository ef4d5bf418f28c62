#pragma once

#include <string>

#include "pellucid/model.hpp"

namespace pellucid::cli {

/// Model::load, for a file that a user names. The engine's readers of TensorFlow's formats end the process, or write to
/// stderr, on some damaged files (docs/decisions/0009): those are first read in a process apart.
[[nodiscard]] Model load_model(const std::string& path, const LoadOptions& options = {});

/// `pellucid --read-apart MODEL`, which load_model starts: says on stdout what came of it. Answers the exit code.
int read_apart(const std::string& path);
/// How the process apart is asked for.
inline constexpr const char* kReadApart = "--read-apart";

}  // namespace pellucid::cli
