#include "engine/checksum.hpp"

#define XXH_INLINE_ALL
#include <xxhash.h>

namespace pellucid::engine {

struct Checksum::State {
    XXH3_state_t xxh3;
};

Checksum::Checksum() : state_(std::make_unique<State>()) { XXH3_128bits_reset(&state_->xxh3); }

Checksum::~Checksum() = default;

void Checksum::update(const void* bytes, std::size_t size) { XXH3_128bits_update(&state_->xxh3, bytes, size); }

Checksum::Digest Checksum::digest() const {
    XXH128_canonical_t canonical;
    XXH128_canonicalFromHash(&canonical, XXH3_128bits_digest(&state_->xxh3));
    Digest digest{};
    for (std::size_t at = 0; at < kBytes; ++at) {
        digest[at] = canonical.digest[at];
    }
    return digest;
}

}  // namespace pellucid::engine
