#include <gtest/gtest.h>

#include <algorithm>
#include <thread>

#include "pellucid/error.hpp"
#include "render/canvas.hpp"
#include "render/samples.hpp"
#include "render/text.hpp"

namespace pellucid {
namespace {

using namespace pellucid::testing;

int count(const Image& image, const std::array<std::uint8_t, 3>& color) {
    int found = 0;
    for (int y = 0; y < image.height; ++y) {
        for (int x = 0; x < image.width; ++x) {
            found += pixel(image, x, y) == std::array<int, 3>{color[0], color[1], color[2]} ? 1 : 0;
        }
    }
    return found;
}

Explanation lime() {
    Explanation explanation = explanation_of(Array({4}, {0.4F, -0.2F, 0.1F, 0.0F}), "lime");
    Array features({28, 28});
    for (std::size_t i = 0; i < features.size(); ++i) {
        features[i] = static_cast<float>(i / 28 / 14 * 2 + i % 28 / 14);
    }
    explanation.features = features;
    return explanation;
}

std::string sheet(const std::string& format) {
    static const Explanation first = ramp(28), second = lime();
    OverlayOptions options;
    options.format = format;
    return draw_contact_sheet(flat_picture(28, 28, 90), {0, 0, 28, 28}, 1,
                              {"数字: 7", {{&first, "1.2 s"}, {&second, "3 s"}}}, options);
}

TEST(Png, RoundTripsAndRefusesWhatIsNoPicture) {
    Image image{3, 2, 3, {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 255}};
    EXPECT_EQ(decoded(encode_png(image)).pixels, image.pixels);
    EXPECT_EQ(encode_png(image), encode_png(image));
    image.pixels.pop_back();
    EXPECT_THROW((void)encode_png(image), Error);
    EXPECT_THROW((void)encode_png({1, 1, 2, {0, 0}}), Error);
}

TEST(Text, EveryScriptHasGlyphs) {
    for (const char* label : {"espresso", "Ελληνικά кофе", "日本語 コーヒー", "咖啡", "한국어 커피", "العربية قهوة",
                              "עברית", "हिन्दी कॉफ़ी", "বাংলা", "ไทย กาแฟ", "தமிழ்", "తెలుగు", "ქართული", "հայերեն", "አማርኛ",
                              "ខ្មែរ", "ລາວ", "မြန်မာ", "±0.0123 · 224×224 − ≤ → ∑"}) {
        EXPECT_EQ(render::Text(label, {}).unknown_glyphs(), 0) << label;
        EXPECT_FALSE(render::Text(label, {}).of_machine()) << label;
        EXPECT_EQ(render::Text(label, {.bold = true}).unknown_glyphs(), 0) << label;
    }
}

TEST(Text, EndsInAnEllipsisAndTakesBytesThatAreNoUtf8) {
    const std::string label(400, 'm');
    EXPECT_LE(render::Text(label, {.size = 20}, 300.0).extent().width, 300.0);
    EXPECT_GT(render::Text("ab\xff\xfe", {}).extent().width, 0.0);
    EXPECT_EQ(render::number_text(-0.01234), "\u22120.0123");
}

TEST(Overlay, GivesTheSameBytesAgainAndInThreads) {
    for (const char* format : {"png", "svg"}) {
        OverlayOptions options;
        options.format = format;
        const auto draw = [&options] {
            return draw_overlay(ramp(28), flat_picture(28, 28, 90), {0, 0, 28, 28}, 1, options);
        };
        const std::string first = draw(), first_sheet = sheet(format);
        std::vector<std::string> drawn(8);
        std::vector<std::thread> threads;
        for (std::size_t i = 0; i < drawn.size(); ++i) {
            threads.emplace_back([&drawn, &draw, format, i] { drawn[i] = i % 2 == 0 ? draw() : sheet(format); });
        }
        for (std::thread& thread : threads) {
            thread.join();
        }
        for (std::size_t i = 0; i < drawn.size(); ++i) {
            EXPECT_EQ(drawn[i] == (i % 2 == 0 ? first : first_sheet), true) << format << " " << i;
        }
    }
}

TEST(Overlay, ShowsTheEndsOfItsScaleOnMapAndBar) {
    const Image image = decoded(draw_overlay(ramp(28), flat_picture(28, 28, 90), {0, 0, 28, 28}, 1));
    // 28 pixels enlarged 16 times: the first and last columns are at the ends (16 x 448 pixels each), and so is the bar's
    // outermost column inside its outline at the least.
    EXPECT_GE(count(image, color_at(ColorMap::kBlueRed, 0.0)), 16 * 448);
    EXPECT_GE(count(image, color_at(ColorMap::kBlueRed, 1.0)), 16 * 448);
    EXPECT_EQ(image.width, 448 + 48);
}

TEST(Overlay, DrawsExtremes) {
    struct Case {
        int width, height;
        float value;
    };
    for (const Case& extreme : {Case{1, 1, 1.0F}, Case{5000, 2, -1.0F}, Case{2, 3000, 0.0F}, Case{28, 28, 0.0F},
                                Case{28, 28, 3e38F}, Case{28, 28, -1e-42F}}) {
        const Explanation explanation = explanation_of(Array({1, 1, 4, 4}, std::vector<float>(16, extreme.value)));
        const Image image =
            decoded(draw_overlay(explanation, flat_picture(extreme.width, extreme.height, 7), {0, 0, 0, 0}, 1));
        EXPECT_GE(image.width, 448);
        EXPECT_LE(image.width, 1648);
        EXPECT_LE(image.height, 1900);
    }
    EXPECT_THROW((void)draw_overlay(ramp(4), Image{}, {0, 0, 0, 0}, 1), Error);
    OverlayOptions options;
    options.format = "gif";
    EXPECT_THROW((void)draw_overlay(ramp(4), flat_picture(4, 4, 0), {0, 0, 0, 0}, 1, options), Error);
}

TEST(Overlay, DifferentDataGiveDifferentPictures) {
    Explanation other = ramp(28);
    other.target.label = "コーヒー";
    const Image picture = flat_picture(28, 28, 90);
    EXPECT_NE(draw_overlay(ramp(28), picture, {0, 0, 28, 28}, 1), draw_overlay(other, picture, {0, 0, 28, 28}, 1));
    EXPECT_NE(draw_overlay(lime(), picture, {0, 0, 28, 28}, 1), draw_overlay(ramp(28), picture, {0, 0, 28, 28}, 1));
}

TEST(Sheet, HasARowOfCellsAndItsWidth) {
    EXPECT_EQ(decoded(sheet("png")).width, 1600);
    EXPECT_THROW((void)draw_contact_sheet(flat_picture(4, 4, 0), {0, 0, 4, 4}, 1, {"none", {}}), Error);
}

TEST(Svg, IsBalancedAndItsReferencesResolve) {
    const std::string svg = sheet("svg");
    EXPECT_EQ(svg.compare(0, 5, "<?xml"), 0);
    std::vector<std::string> open;
    std::size_t elements = 0;
    for (std::size_t at = svg.find('<'); at != std::string::npos; at = svg.find('<', at + 1)) {
        const std::size_t end = svg.find('>', at);
        ASSERT_NE(end, std::string::npos);
        const std::string tag = svg.substr(at + 1, end - at - 1);
        if (tag[0] == '/') {
            ASSERT_FALSE(open.empty());
            EXPECT_EQ(open.back(), tag.substr(1));
            open.pop_back();
        } else if (tag[0] != '?' && tag.back() != '/') {
            open.push_back(tag.substr(0, tag.find_first_of(" \n")));
        }
        ++elements;
    }
    EXPECT_TRUE(open.empty());
    EXPECT_GT(elements, 50U);
    for (std::size_t at = svg.find("href=\"#"); at != std::string::npos; at = svg.find("href=\"#", at + 1)) {
        const std::string name = svg.substr(at + 7, svg.find('"', at + 7) - at - 7);
        EXPECT_NE(svg.find("id=\"" + name + "\""), std::string::npos) << name;
    }
}

TEST(Svg, IdentifiersAreNumberedAsTheyAppear) {
    EXPECT_EQ(render::with_ids_in_order("<g id=\"a-7\"/><use xlink:href=\"#b9\" clip=\"url(#a-7)\"/>"),
              "<g id=\"p0\"/><use xlink:href=\"#p1\" clip=\"url(#p0)\"/>");
}

}  // namespace
}  // namespace pellucid
