#include "input/superpixels/connect.hpp"

#include <algorithm>
#include <array>
#include <numeric>

namespace pellucid::input {
namespace {

class Connection {
public:
    Connection(const Segments& segments, std::size_t most)
        : old_(segments.labels),
          width_(segments.width),
          height_(segments.height),
          most_(most),
          labels_(old_.size(), -1) {}

    std::vector<std::int32_t> run(std::size_t least) {
        std::int32_t next = 0;
        for (std::size_t start = 0; start < old_.size(); ++start) {
            if (old_[start] < 0 || labels_[start] >= 0) {
                continue;
            }
            const std::int32_t adjacent = grow(start, next);
            if (members_.size() < least) {
                for (const std::size_t member : members_) {
                    labels_[member] = adjacent;
                }
            } else {
                ++next;
            }
        }
        return std::move(labels_);
    }

private:
    /// Labels the component of `start` and gives the label of the neighbour seen last (or its own).
    std::int32_t grow(std::size_t start, std::int32_t label) {
        std::int32_t adjacent = label;
        members_.assign(1, start);
        labels_[start] = label;
        for (std::size_t visited = 0; visited < members_.size() && members_.size() < most_; ++visited) {
            const int x = static_cast<int>(members_[visited] % static_cast<std::size_t>(width_));
            const int y = static_cast<int>(members_[visited] / static_cast<std::size_t>(width_));
            constexpr std::array<std::array<int, 2>, 4> kNeighbours{{{1, 0}, {-1, 0}, {0, 1}, {0, -1}}};
            for (const auto& [dx, dy] : kNeighbours) {
                if (x + dx < 0 || x + dx >= width_ || y + dy < 0 || y + dy >= height_) {
                    continue;
                }
                const std::size_t at = static_cast<std::size_t>(y + dy) * static_cast<std::size_t>(width_) +
                                       static_cast<std::size_t>(x + dx);
                if (old_[at] == old_[start] && labels_[at] < 0) {
                    labels_[at] = label;
                    members_.push_back(at);
                    if (members_.size() >= most_) {
                        break;
                    }
                } else if (labels_[at] >= 0 && labels_[at] != label) {
                    adjacent = labels_[at];
                }
            }
        }
        return adjacent;
    }

    const std::vector<std::int32_t>& old_;
    int width_, height_;
    std::size_t most_;
    std::vector<std::int32_t> labels_;
    std::vector<std::size_t> members_;
};

}  // namespace

void connect(Segments& segments, int least, int most) {
    segments.labels =
        Connection(segments, static_cast<std::size_t>(std::max(most, 1))).run(static_cast<std::size_t>(least));
}

void close_gaps(Segments& segments) {
    const auto most = *std::max_element(segments.labels.begin(), segments.labels.end());
    std::vector<std::int32_t> renumbered(static_cast<std::size_t>(most) + 2, 0);
    for (const std::int32_t label : segments.labels) {
        renumbered[static_cast<std::size_t>(label) + 1] = 1;
    }
    // After the sums, entry `label` counts the labels below it that occur.
    std::partial_sum(renumbered.begin(), renumbered.end(), renumbered.begin());
    segments.count = renumbered.back();
    for (std::int32_t& label : segments.labels) {
        label = renumbered[static_cast<std::size_t>(label)];
    }
}

}  // namespace pellucid::input
