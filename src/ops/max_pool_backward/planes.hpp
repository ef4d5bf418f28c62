#pragma once

#include <tbb/blocked_range.h>
#include <tbb/parallel_for.h>

#include <cstddef>

namespace pellucid::ops {

/// `each(i)` for i in [0, count), on the threads of the engine's stream: one where the stream has one.
template <class Each>
void for_each_plane(std::size_t count, const Each& each) {
    tbb::parallel_for(tbb::blocked_range<std::size_t>(0, count), [&](const auto& range) {
        for (auto i = range.begin(); i < range.end(); ++i) {
            each(i);
        }
    });
}

}  // namespace pellucid::ops
