#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "pellucid/array.hpp"

namespace ov {
class Model;
}

namespace pellucid::engine {

/// How a graph is compiled. Equal bits for any number of threads: see architecture §5 and docs/decisions.
struct CompileOptions {
    std::string device = "CPU";
    std::string precision = "f32";
    int threads = 0;          ///< 0: the machine's cores
    bool cache = true;
    bool single_pass = false; ///< one row at a time on all threads (promises 1e-6, not equal bits); block of 1
    int forced_block = 0;     ///< 0: fixed by the graph alone; 1 for a model that cannot be re-batched
};

struct SlotInfo {
    std::string name;
    Shape row_shape;          ///< without the batch axis; -1 where an extent is still dynamic
    std::string type;         ///< element type in the graph; rows are always given and answered as float32
    bool batched = true;      ///< false: the tensor has no batch axis and `row_shape` is the whole
};

/// A compiled graph that answers blocks of B rows. All callers of ov::Core are in engine/.
class Session {
public:
    /// Throws Error(kUnsupported) with the engine's reason when the graph does not compile.
    static std::shared_ptr<Session> compile(const std::shared_ptr<ov::Model>& model, const CompileOptions& options);
    virtual ~Session() = default;

    [[nodiscard]] virtual const std::vector<SlotInfo>& inputs() const = 0;
    [[nodiscard]] virtual const std::vector<SlotInfo>& outputs() const = 0;
    [[nodiscard]] virtual int block() const = 0;                     ///< B, a power of two <= 16
    [[nodiscard]] virtual std::uint64_t request_bytes() const = 0;   ///< estimate for one request in flight
    [[nodiscard]] virtual std::vector<std::string> notes() const = 0;

    /// What was found out about this compiled graph, by `topic`, and kept beside it on the disk: known only once it was
    /// found out of the graph as the disk gives it, since importing is a way of its own to a compiled graph.
    [[nodiscard]] virtual std::optional<std::string> known(const std::string& topic) const = 0;
    /// @return whether it is kept
    virtual bool make_known(const std::string& topic, const std::string& line) const = 0;
    /// Whether compiling it put on the disk what the next process will find there.
    [[nodiscard]] virtual bool newly_cached() const = 0;

    /// One row: whole tensors for each input (batch axis of extent 1 where batched), whole outputs the same way.
    /// Shapes that the graph leaves dynamic are taken from the arrays.
    [[nodiscard]] virtual std::vector<Array> run_one(const std::vector<Array>& inputs) = 0;
};

}  // namespace pellucid::engine
