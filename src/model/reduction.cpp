#include "model/reduction.hpp"

#include <algorithm>
#include <charconv>

#include "core/suggest.hpp"
#include "model/target_text.hpp"
#include "pellucid/error.hpp"

namespace pellucid::model {

namespace {

[[noreturn]] void refuse(const std::string& text, const std::string& why) {
    throw Error(ErrorCode::kUsage, "target '" + text + "': " + why, "write it as OUTPUT[0,:,5].sum, .max or .mean");
}

std::optional<std::int64_t> number(const std::string& text, const std::string& whole) {
    if (text.empty()) {
        return std::nullopt;
    }
    std::int64_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc() || end != text.data() + text.size()) {
        refuse(whole, "'" + text + "' is no index");
    }
    return value;
}

Slice parse_slice(const std::string& text, const std::string& whole) {
    std::vector<std::optional<std::int64_t>> parts;
    std::size_t begin = 0;
    for (std::size_t end = text.find(':'); begin <= text.size(); end = text.find(':', begin)) {
        end = std::min(end, text.size());
        parts.push_back(number(trimmed(std::string_view(text).substr(begin, end - begin)), whole));
        begin = end + 1;
    }
    if (parts.size() == 1) {
        if (!parts[0]) {
            refuse(whole, "an index is missing");
        }
        return {true, parts[0], {}, 1};
    }
    if (parts.size() > 3 || (parts.size() == 3 && parts[2].value_or(1) < 1)) {
        refuse(whole, "'" + text + "' is no range with a step above 0");
    }
    return {false, parts[0], parts[1], parts.size() == 3 ? parts[2].value_or(1) : 1};
}

Reduction::How parse_how(const std::string& name, const std::string& whole) {
    static const std::vector<std::string> kNames{".sum", ".mean", ".max"};
    if (name.empty()) {
        return Reduction::How::kElement;
    }
    const auto found = std::find(kNames.begin(), kNames.end(), name);
    if (found == kNames.end()) {
        refuse(whole, "'" + name + "' is unknown, " + core::did_you_mean(name, kNames));
    }
    return static_cast<Reduction::How>(found - kNames.begin());
}

/// Which positions of an axis are selected.
std::vector<bool> positions(const Slice& slice, std::int64_t extent, std::size_t axis, const std::string& text) {
    std::vector<bool> chosen(static_cast<std::size_t>(extent), false);
    if (slice.single) {
        const std::int64_t at = *slice.start < 0 ? *slice.start + extent : *slice.start;
        if (at < 0 || at >= extent) {
            refuse(text, "index " + std::to_string(*slice.start) + " is outside of axis " + std::to_string(axis) +
                             ", 0 to " + std::to_string(extent - 1));
        }
        chosen[static_cast<std::size_t>(at)] = true;
        return chosen;
    }
    const auto bound = [&](std::optional<std::int64_t> value, std::int64_t fallback) {
        const std::int64_t at = value.value_or(fallback);
        return std::clamp<std::int64_t>(at < 0 ? at + extent : at, 0, extent);
    };
    const std::int64_t stop = bound(slice.stop, extent);
    const std::int64_t step = std::min(slice.step, extent + 1);  // a longer one leaves the axis too, and may overflow
    for (std::int64_t at = bound(slice.start, 0); at < stop; at += step) {
        chosen[static_cast<std::size_t>(at)] = true;
    }
    return chosen;
}

}  // namespace

Reduction parse_reduction(const std::string& text) {
    const std::size_t open = text.find('['), close = text.rfind(']');
    if (open == std::string::npos || close == std::string::npos || close < open) {
        refuse(text, "a bracket is missing");
    }
    Reduction reduction;
    reduction.output = trimmed(std::string_view(text).substr(0, open));
    reduction.how = parse_how(trimmed(std::string_view(text).substr(close + 1)), text);
    const std::string inside = trimmed(std::string_view(text).substr(open + 1, close - open - 1));
    for (std::size_t begin = 0; begin <= inside.size();) {
        const std::size_t end = std::min(inside.find(',', begin), inside.size());
        const std::string item = trimmed(std::string_view(inside).substr(begin, end - begin));
        begin = end + 1;
        if (item == "..." && reduction.ellipsis) {
            refuse(text, "'...' stands there twice");
        }
        if (item == "...") {
            reduction.ellipsis = true;
            continue;
        }
        (reduction.ellipsis ? reduction.after : reduction.before).push_back(parse_slice(item, text));
    }
    return reduction;
}

Array selection(const Reduction& reduction, const Shape& shape, const std::string& text) {
    const std::size_t given = reduction.before.size() + reduction.after.size();
    if (given > shape.size()) {
        refuse(text, std::to_string(given) + " indices for the shape " + to_string(shape));
    }
    std::vector<std::vector<bool>> chosen;
    for (std::size_t axis = 0; axis < shape.size(); ++axis) {
        const std::size_t from_end = shape.size() - axis;
        const bool late = from_end <= reduction.after.size();
        const Slice slice = axis < reduction.before.size() ? reduction.before[axis]
                            : late                         ? reduction.after[reduction.after.size() - from_end]
                                                           : Slice{};
        chosen.push_back(positions(slice, shape[axis], axis, text));
    }
    Array weights(shape);
    bool any = false;
    for (std::size_t at = 0; at < weights.size(); ++at) {
        bool inside = true;
        std::size_t rest = at;
        for (std::size_t axis = shape.size(); axis-- > 0;) {
            const auto extent = static_cast<std::size_t>(shape[axis]);
            inside = inside && chosen[axis][rest % extent];
            rest /= extent;
        }
        weights[at] = inside ? 1.0F : 0.0F;
        any = any || inside;
    }
    if (!any) {
        refuse(text, "nothing of " + to_string(shape) + " is selected");
    }
    return weights;
}

}  // namespace pellucid::model
