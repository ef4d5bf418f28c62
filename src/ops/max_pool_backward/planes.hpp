#pragma once

#include <cstddef>

#if defined(PELLUCID_WITH_TBB)
#include <tbb/blocked_range.h>
#include <tbb/parallel_for.h>
#endif

namespace pellucid::ops {

/// `each(i)` for i in [0, count), on the threads of the engine's stream where the build links its TBB.
template <class Each>
void for_each_plane(std::size_t count, const Each& each) {
#if defined(PELLUCID_WITH_TBB)
    tbb::parallel_for(tbb::blocked_range<std::size_t>(0, count), [&](const auto& range) {
        for (auto i = range.begin(); i < range.end(); ++i) each(i);
    });
#else
    for (std::size_t i = 0; i < count; ++i) each(i);
#endif
}

}  // namespace pellucid::ops
