#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "openvino/core/model.hpp"

#include "model/score.hpp"

namespace pellucid::model {

/// What a compiled graph holds at least: its weights in single precision. The engine repacks most of them into memory of its
/// own, whatever they were stored as.
[[nodiscard]] std::uint64_t weight_bytes(const ov::Model& graph);

/// The compiled graphs of one model, by keys that name them. Where all together would hold more than the limit, those that
/// were not used for the longest time go; one in use lives until its user lets it go, and the newest always stays.
class KeptSessions {
public:
    /// @param limit  in bytes; 0: a quarter of the machine's memory
    explicit KeptSessions(std::uint64_t limit = 0);

    /// Null where there is none.
    [[nodiscard]] const GradientSession* find(const std::string& key);
    /// A forward graph is a gradient session without a gradient.
    const GradientSession& keep(const std::string& key, GradientSession session, std::uint64_t bytes);
    void forget_all_but(const std::string& key);
    [[nodiscard]] std::uint64_t bytes() const { return bytes_; }
    [[nodiscard]] std::size_t count() const { return kept_.size(); }

private:
    struct Kept {
        GradientSession session;
        std::uint64_t bytes, used;
    };
    std::map<std::string, Kept> kept_;
    std::uint64_t limit_, bytes_ = 0, clock_ = 0;
};

}  // namespace pellucid::model
