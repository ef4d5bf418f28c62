#include <algorithm>
#include <cmath>
#include <memory>
#include <optional>

#include "pellucid/error.hpp"
#include "render/canvas.hpp"
#include "render/caption.hpp"
#include "render/panel.hpp"

namespace pellucid {

namespace {

using namespace render;

constexpr int kMargin = 24;
constexpr double kTitleSize = 20.0, kTextSize = 14.0, kSmallSize = 12.5;
constexpr std::uint32_t kInk = 0x1a1a1a, kGray = 0x5a5a5a;

struct Size {
    int width, height;
};

Size size_shown(const Image& picture, const OverlayOptions& options) {
    const int shorter = std::min(picture.width, picture.height), longer = std::max(picture.width, picture.height);
    const int limit = std::max(1, options.maximum_side);
    if (longer > limit) {
        const auto reduced = [&](int side) {
            return std::max(1, static_cast<int>(std::lround(static_cast<double>(side) * limit / longer)));
        };
        return {reduced(picture.width), reduced(picture.height)};
    }
    // A whole factor, so that every pixel of the picture is the same square.
    const int factor = std::clamp((options.minimum_side + shorter - 1) / shorter, 1, std::max(1, limit / longer));
    return {picture.width * factor, picture.height * factor};
}

std::string sizes_text(const Explanation& explanation, const Image& picture, const Panel& panel) {
    const auto pair = [](std::int64_t width, std::int64_t height) {
        return std::to_string(width) + "×" + std::to_string(height);
    };
    std::string text = "picture " + pair(picture.width, picture.height);
    if (panel.image.width < picture.width) {
        text += ", shown at " + pair(panel.image.width, panel.image.height);
    }
    text += " · map " + pair(panel.map.width, panel.map.height);
    if (panel.map.smooth) {
        text += ", interpolated";
    } else if (panel.is_of_features) {
        text += ", " + std::to_string(explanation.attribution.size()) + " features";
    } else if (explanation.attribution.rank() > 2) {
        text += explanation.channels_alike ? ", alike in all channels" : ", channels summed";
    }
    return text;
}

std::string meaning_text(const Panel& panel, std::size_t printed) {
    std::string text = panel.map.is_signed ? "positive values raise the score, negative ones lower it"
                                           : "greater values matter more, in whichever direction";
    if (panel.map.smooth && !panel.map.is_signed) {
        text = "greater values speak for the answer";
    }
    if (panel.is_of_features && printed > 0) {
        text += " · the strongest weights are printed";
    }
    return text;
}

/// Lines of text one below the other.
class Column {
public:
    Column(double x, double y, double width) : x_(x), y_(y), width_(width) {}
    void add(const std::string& utf8, TextStyle style) {
        style.lines = 2;
        lines_.push_back({std::make_unique<Text>(utf8, style, width_), y_});
        y_ += lines_.back().text->extent().height + 1.0;
    }
    [[nodiscard]] double end() const { return y_; }
    void draw(Canvas& canvas) const {
        for (const Line& line : lines_) {
            canvas.text(*line.text, x_, line.y);
        }
    }

private:
    struct Line {
        std::unique_ptr<Text> text;
        double y;
    };
    double x_, y_, width_;
    std::vector<Line> lines_;
};

}  // namespace

std::string draw_overlay(const Explanation& explanation, const Image& picture, const std::array<double, 4>& field,
                         int channel_axis, const OverlayOptions& options) {
    check_picture(picture);
    const Size size = size_shown(picture, options);
    const Panel panel =
        make_panel(explanation, picture, place(picture, field, size.width, size.height), channel_axis, options);
    const int content = std::max(size.width, 448), width = content + 2 * kMargin;

    Column head(kMargin, kMargin - 6.0, content);
    head.add(answer_text(explanation), {.size = kTitleSize, .bold = true, .color = kInk});
    head.add(method_text(explanation), {.size = kTextSize, .color = kGray});
    const double top = std::ceil(head.end() + 8.0), bar_top = top + size.height + 12.0;
    const double bar_height = 12.0 + 2.0 + Text("0", {.size = kSmallSize}).extent().height;
    Column foot(kMargin, bar_top + bar_height + 6.0, content);
    const TextStyle small{.size = kSmallSize, .color = kGray};
    foot.add(scale_text(panel.map, panel.scale, options.percentile, panel.is_of_features), small);
    foot.add(meaning_text(panel, panel.weights.size()), small);
    foot.add(sizes_text(explanation, picture, panel), small);

    Canvas canvas(width, static_cast<int>(std::ceil(foot.end())) + kMargin - 8, options.format, 0xffffff);
    head.draw(canvas);
    const double left = kMargin + std::floor(0.5 * (content - size.width));
    draw_panel(canvas, panel, left, top, std::clamp(0.022 * std::min(size.width, size.height), 11.0, 20.0));
    const double bar_width = std::min(content, 448);
    draw_color_bar(canvas, panel, {kMargin, bar_top, bar_width, 12.0}, kSmallSize);
    foot.draw(canvas);
    return canvas.encoded(true);
}

}  // namespace pellucid
