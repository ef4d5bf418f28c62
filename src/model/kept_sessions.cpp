#include "model/kept_sessions.hpp"

#include <algorithm>

#include "engine/stream.hpp"
#include "openvino/op/constant.hpp"

namespace pellucid::model {

std::uint64_t weight_bytes(const ov::Model& graph) {
    std::uint64_t bytes = 0;
    for (const auto& node : graph.get_ops()) {
        if (ov::is_type<ov::op::v0::Constant>(node)) {
            bytes += ov::shape_size(node->get_output_shape(0)) * sizeof(float);
        }
    }
    return bytes;
}

KeptSessions::KeptSessions(std::uint64_t limit) : limit_(limit == 0 ? engine::quarter_of_memory() : limit) {}

const GradientSession* KeptSessions::find(const std::string& key) {
    const auto found = kept_.find(key);
    if (found == kept_.end()) {
        return nullptr;
    }
    found->second.used = ++clock_;
    return &found->second.session;
}

const GradientSession& KeptSessions::keep(const std::string& key, GradientSession session, std::uint64_t bytes) {
    if (const auto former = kept_.find(key); former != kept_.end()) {
        bytes_ -= former->second.bytes;
        kept_.erase(former);
    }
    while (!kept_.empty() && bytes_ + bytes > limit_) {
        const auto oldest = std::min_element(
            kept_.begin(), kept_.end(), [](const auto& a, const auto& b) { return a.second.used < b.second.used; });
        bytes_ -= oldest->second.bytes;
        kept_.erase(oldest);
    }
    bytes_ += bytes;
    return kept_.insert_or_assign(key, Kept{std::move(session), bytes, ++clock_}).first->second.session;
}

void KeptSessions::forget_all_but(const std::string& key) {
    std::erase_if(kept_, [&key](const auto& kept) { return kept.first != key; });
    bytes_ = kept_.empty() ? 0 : kept_.begin()->second.bytes;
}

}  // namespace pellucid::model
