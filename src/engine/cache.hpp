#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <string>

#include "openvino/core/model.hpp"
#include "openvino/runtime/compiled_model.hpp"

namespace pellucid::engine {

/// Compiled graphs kept on disk: $PELLUCID_CACHE, $XDG_CACHE_HOME/pellucid or ~/.cache/pellucid. A file holds a checksum
/// and the engine's blob, and is written whole or not at all; one that does not match its checksum is never shown to
/// the engine (which may crash on it) but rebuilt.
class GraphCache {
public:
    GraphCache();

    /// Compiles, or takes the compiled graph from the cache. `notes` gets a line when the cache could not be used.
    [[nodiscard]] ov::CompiledModel compile(const std::shared_ptr<ov::Model>& model, const std::string& device,
                                            const ov::AnyMap& properties, std::vector<std::string>& notes);

    /// Everything that a compiled graph depends on, as a file name: the graph with its weights and attributes, the
    /// properties, the engine, the processor.
    [[nodiscard]] static std::string key(const std::shared_ptr<ov::Model>& model, const std::string& device,
                                         const ov::AnyMap& properties);

    /// A line of text kept under a key (with an empty key: not kept).
    [[nodiscard]] std::optional<std::string> recall(const std::string& key) const;
    /// @return whether it is kept
    bool remember(const std::string& key, const std::string& text) const;

    /// Whether the last compile() was answered from the disk.
    [[nodiscard]] bool hit() const noexcept { return hit_; }
    /// Whether the last compile() put on the disk what was not there.
    [[nodiscard]] bool stored() const noexcept { return stored_; }
    /// The key of the last compile(); empty where nothing is kept.
    [[nodiscard]] const std::string& compiled_key() const noexcept { return compiled_key_; }

private:
    [[nodiscard]] std::optional<ov::CompiledModel> load(const std::filesystem::path& file, const std::string& device,
                                                        const ov::AnyMap& properties) const;

    std::filesystem::path folder_;   ///< empty: nowhere to keep anything
    std::string compiled_key_;
    bool hit_ = false, stored_ = false;
};

}  // namespace pellucid::engine
