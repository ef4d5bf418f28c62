// Pictures, by the decoder that their first bytes ask for: upright, RGB, as many bytes as their size says.

#include "fuzz/outcome.hpp"
#include "input/picture.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace pellucid;
    return fuzz::read_or_refuse([&] {
        const Image image = input::decode_picture(fuzz::bytes_of(data, size), "fuzzed").image;
        fuzz::expect(image.width > 0 && image.height > 0 && image.channels == 3);
        fuzz::expect(image.pixels.size() ==
                     static_cast<std::size_t>(image.width) * static_cast<std::size_t>(image.height) * 3);
    });
}
