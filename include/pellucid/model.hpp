#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "pellucid/array.hpp"
#include "pellucid/card.hpp"

namespace pellucid {

/// An input or output of a network. An extent is -1 where it is dynamic.
struct TensorInfo {
    std::string name;
    Shape shape;
    std::string type;  ///< "f32", "i64", …
};

struct LoadOptions {
    std::filesystem::path card;  ///< default: `<model stem>.card.json` or `model.card.json` beside the model
    std::string device = "CPU";
    std::string precision = "f32";  ///< f32, bf16 or f16
    int threads = 0;  ///< 0: as many as the machine has cores
    /// Bound on what compiled graphs hold in memory, in bytes of weights; those not used for the longest time go first.
    /// 0: a quarter of the machine's memory
    std::uint64_t session_bytes = 0;
    bool cache = true;  ///< keep compiled graphs in $PELLUCID_CACHE (default: ~/.cache/pellucid)
};

/// A network with its card and its compiled sessions. Cheap to copy (shared). Thread-compatible: one run at a time.
class Model {
public:
    /// Reads ONNX, OpenVINO IR, a frozen TensorFlow graph or TensorFlow Lite.
    /// Throws Error(kUnreadable) naming the file when it cannot be read.
    static Model load(const std::filesystem::path& path, const LoadOptions& options = {});

    [[nodiscard]] const std::filesystem::path& path() const;
    [[nodiscard]] const LoadOptions& load_options() const;
    [[nodiscard]] const Card& card() const;
    [[nodiscard]] bool card_was_given() const;
    [[nodiscard]] const std::filesystem::path& card_path() const;
    [[nodiscard]] const std::vector<TensorInfo>& inputs() const;
    [[nodiscard]] const std::vector<TensorInfo>& outputs() const;
    /// Choices made for the user while loading (layout found, card missing, batch that cannot be changed, …).
    [[nodiscard]] const std::vector<std::string>& notes() const;

    struct Impl;
    [[nodiscard]] Impl& impl() const { return *impl_; }

private:
    explicit Model(std::shared_ptr<Impl> impl) : impl_(std::move(impl)) {}
    std::shared_ptr<Impl> impl_;
};

}  // namespace pellucid
