#pragma once

#include <future>
#include <string>

namespace pellucid::engine {

/// Begins to load the plugin of `device`, for which compiling would have to wait. What goes wrong is said there.
[[nodiscard]] std::future<void> load_plugin(const std::string& device);

}  // namespace pellucid::engine
