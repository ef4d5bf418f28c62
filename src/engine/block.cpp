#include "engine/block.hpp"

#include <algorithm>
#include <unordered_map>

#include "openvino/op/constant.hpp"

namespace pellucid::engine {

namespace {

std::uint64_t tensor_bytes(const ov::Output<const ov::Node>& tensor) {
    const ov::PartialShape& shape = tensor.get_partial_shape();
    if (shape.rank().is_dynamic() || tensor.get_element_type().is_dynamic()) {
        return 0;
    }
    std::uint64_t count = 1;
    for (const ov::Dimension& extent : shape) {
        count *= extent.is_static() ? static_cast<std::uint64_t>(extent.get_length()) : 1;
    }
    return count * tensor.get_element_type().size();
}

}  // namespace

std::uint64_t peak_bytes(const ov::Model& model) {
    const auto order = model.get_ordered_ops();
    std::unordered_map<const ov::Node*, std::size_t> last_use;
    for (std::size_t at = 0; at < order.size(); ++at) {
        for (const auto& input : order[at]->inputs()) {
            last_use[input.get_source_output().get_node()] = at;
        }
    }
    std::vector<std::uint64_t> freed(order.size() + 1, 0);
    std::uint64_t alive = 0, peak = 0;
    for (std::size_t at = 0; at < order.size(); ++at) {
        const ov::Node& node = *order[at];
        if (dynamic_cast<const ov::op::v0::Constant*>(&node) == nullptr) {
            std::uint64_t bytes = 0;
            for (const auto& output : node.outputs()) {
                bytes += tensor_bytes(output);
            }
            const auto use = last_use.find(&node);
            freed[use == last_use.end() ? at : use->second] += bytes;
            alive += bytes;
        }
        peak = std::max(peak, alive);
        alive -= freed[at];
    }
    return peak;
}

int choose_block(std::uint64_t bytes_per_row) {
    constexpr std::uint64_t kNearBytes = 24ULL << 20U;
    int block = 16;
    while (block > 1 && bytes_per_row * static_cast<std::uint64_t>(block) > kNearBytes) {
        block /= 2;
    }
    return block;
}

}  // namespace pellucid::engine
