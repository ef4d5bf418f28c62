// The text of --target: what is understood names something.

#include "fuzz/outcome.hpp"
#include "model/reduction.hpp"
#include "pellucid/target.hpp"

namespace {

/// Of a small tensor, something or an error, and nothing but ones and zeros.
void expect_selection(const std::string& text) {
    using namespace pellucid;
    const Array chosen = model::selection(model::parse_reduction(text), Shape{1, 5, 3, 4}, text);
    bool any = false;
    for (const float value : chosen.values()) {
        fuzz::expect(value == 0.0F || value == 1.0F);
        any = any || value == 1.0F;
    }
    fuzz::expect(any);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace pellucid;
    return fuzz::read_or_refuse([&] {
        const auto targets = Target::parse(fuzz::text_of(data, size));
        fuzz::expect(!targets.empty());
        for (const Target& target : targets) {
            const bool named = !target.text.empty();
            fuzz::expect(target.kind == Target::Kind::kTop ? target.count > 0 : named);
            fuzz::expect(target.kind != Target::Kind::kMargin || !target.other.empty());
            if (target.kind == Target::Kind::kReduction) {
                expect_selection(target.text);
            }
        }
    });
}
