#include "render/caption.hpp"

#include <cmath>
#include <string>

namespace pellucid::render {

namespace {

constexpr std::uint32_t kNumbers = 0x555555;

std::string score_name(Score score) {
    switch (score) {
        case Score::kLogit:
            return "logit";
        case Score::kProbability:
            return "probability";
        case Score::kLogProbability:
            return "log-probability";
        case Score::kDefault:
            break;
    }
    return "score";
}

std::string ordinal(double percentile) {
    const std::string number = number_text(percentile, 6);
    const int last = static_cast<int>(std::lround(percentile)) % 100;
    if (percentile != std::round(percentile) || last / 10 == 1) {
        return number + "th";
    }
    return number + (last % 10 == 1 ? "st" : last % 10 == 2 ? "nd" : last % 10 == 3 ? "rd" : "th");
}

}  // namespace

std::string answer_text(const Explanation& explanation) {
    const ExplainedTarget& target = explanation.target;
    const std::string label =
        target.label.empty() ? std::string("class ").append(std::to_string(target.index)) : target.label;
    return label + " · " + score_name(explanation.score) + " " + number_text(target.score);
}

std::string method_text(const Explanation& explanation) {
    return explanation.place == "input" ? explanation.method : explanation.method + " at " + explanation.place;
}

std::string scale_text(const HeatMap& map, const Scale& scale, double percentile, bool features) {
    const std::string what = features ? "weight" : "value";
    if (!(scale.end > 0.0)) {
        return "every " + what + " is zero";
    }
    std::string which =
        scale.largest ? std::string("largest |") + what : ordinal(percentile) + " percentile of |" + what;
    which += scale.largest ? "|" : "s|";
    return "colours end at the " + which + ": " + (map.is_signed ? "±" : "") + number_text(scale.end);
}

double draw_color_bar(Canvas& canvas, const Panel& panel, const Box& bar, double text_size) {
    const bool is_signed = panel.map.is_signed;
    const double end = panel.scale.end;
    Image strip{static_cast<int>(bar.width), static_cast<int>(bar.height), 3, {}};
    for (int y = 0; y < strip.height; ++y) {
        for (int x = 0; x < strip.width; ++x) {
            const double t = strip.width == 1 ? 1.0 : static_cast<double>(x) / (strip.width - 1);
            const auto color = color_of(is_signed ? 2.0 * t - 1.0 : t, is_signed, panel.colors);
            strip.pixels.insert(strip.pixels.end(), color.begin(), color.end());
        }
    }
    canvas.picture(strip, bar.x, bar.y);
    canvas.outline({bar.x + 0.5, bar.y + 0.5, bar.width - 1.0, bar.height - 1.0}, 0x000000, 1.0, 0.25);
    const TextStyle style{.size = text_size, .color = kNumbers};
    const auto number = [&](double value, double at) {
        const std::string sign = value > 0.0 && is_signed ? "+" : "";
        const Text text(sign + number_text(value), style);
        const TextExtent size = text.extent();
        canvas.text(text, bar.x + at * (bar.width - size.width), bar.y + bar.height + 2.0);
        return size.height;
    };
    if (!(end > 0.0)) {
        return bar.height + 2.0 + number(0.0, is_signed ? 0.5 : 0.0);
    }
    if (is_signed) {
        number(-end, 0.0);
    }
    number(0.0, is_signed ? 0.5 : 0.0);
    return bar.height + 2.0 + number(end, 1.0);
}

}  // namespace pellucid::render
