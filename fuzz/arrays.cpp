// NumPy's arrays and archives: what is read has as many values as its shape says, and is written and read back alike.

#include <cstring>

#include "core/npy.hpp"
#include "fuzz/outcome.hpp"

namespace {

using pellucid::Array;

void expect_whole(const Array& array) {
    using namespace pellucid;
    fuzz::expect(array.size() == element_count(array.shape()));
    const auto written = core::npy_bytes("<f4", array.shape(), std::as_bytes(array.values()));
    const Array again = core::parse_npy(written, "again.npy");
    fuzz::expect(again.shape() == array.shape());
    fuzz::expect(array.empty() || std::memcmp(again.data(), array.data(), array.size() * sizeof(float)) == 0);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace pellucid;
    const auto bytes = fuzz::bytes_of(data, size);
    return fuzz::read_or_refuse([&] {
        if (fuzz::text_of(data, size).starts_with("PK")) {
            for (const auto& [name, array] : core::parse_npz(bytes, "fuzzed.npz")) {
                expect_whole(array);
            }
            return;
        }
        expect_whole(core::parse_npy(bytes, "fuzzed.npy"));
    });
}
