// A card: what is read is written so that it reads the same again.

#include "pellucid/card.hpp"
#include "fuzz/outcome.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace pellucid;
    return fuzz::read_or_refuse([&] {
        // A folder that is not there, so that a card which names a file of labels finds none by accident.
        const Card card = Card::parse(std::string(fuzz::text_of(data, size)), "no such folder/model.card.json");
        const std::string written = card.to_json();
        fuzz::expect(Card::parse(written, "written").to_json() == written);
    });
}
