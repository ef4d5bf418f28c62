// Question: what does the score lose when a window of the input is covered?
// Formula:  for each position, the mean over the windows that cover it of f(x) - f(x with the window filled).
// Source:   [zeiler2014], section 4.2; overlapping windows averaged, and the last window of an axis clipped at its end,
//           as users of sliding windows expect.
// Needs:    scores.
// Cost:     one forward pass a window position, and one for x.

#include <algorithm>
#include <charconv>
#include <cmath>
#include <numeric>

#include "explain/baseline.hpp"
#include "explain/row.hpp"
#include "explain/scores.hpp"
#include "pellucid/error.hpp"
#include "pellucid/explain.hpp"

namespace pellucid::explain {

void describe(OcclusionOptions& options, Fields& fields) {
    fields.text(
        "window", options.window,
        "extents of the window: one number for every spatial axis, or one for each axis without the batch's "
        "(3,15,15); auto: a fourteenth of a picture's shorter side, or of the last axis; one value of a vector");
    fields.text("stride", options.stride, "steps of the window, written alike; auto: half of the window");
    fields.text("fill", options.fill,
                "what covers the window: zero (of the network's tensor), black, white, mean, blur, "
                "noise, a value of the tensor, or a .npy file");
}

namespace {

/// Windows over the axes of an input, the batch axis left out.
struct Windows {
    Shape extents, window, stride, positions;
    std::int64_t step = 1;  ///< between windows that are covered one after the other
    bool spans_channels = false;  ///< of a picture

    [[nodiscard]] std::int64_t count() const {
        std::int64_t product = 1;
        for (const std::int64_t along : positions) {
            product *= along;
        }
        return product;
    }

    /// The window that is the k-th to be covered: steps of about the golden ratio of their number, so that those of a run
    /// that is cut short lie all over the input.
    [[nodiscard]] std::int64_t in_order(std::int64_t k) const { return k * step % count(); }

    void choose_step() {
        const auto golden = static_cast<std::int64_t>(std::llround(0.6180339887 * static_cast<double>(count())));
        for (std::int64_t off = 0;; ++off) {  // 1 is prime to every number: there is an end
            for (const std::int64_t near : {golden - off, golden + off}) {
                if (near > 0 && std::gcd(near, count()) == 1) {
                    step = near;
                    return;
                }
            }
        }
    }

    /// Calls visit(offset, length) for each run of the innermost axis that window `index` covers.
    void visit(std::int64_t index, const std::function<void(std::size_t, std::size_t)>& visit_run) const {
        const std::size_t rank = extents.size();
        Shape begin(rank), end(rank);
        for (std::size_t axis = rank; axis-- > 0;) {
            begin[axis] = index % positions[axis] * stride[axis];
            end[axis] = std::min(begin[axis] + window[axis], extents[axis]);
            index /= positions[axis];
        }
        Shape at = begin;
        while (true) {
            std::int64_t offset = 0;
            for (std::size_t axis = 0; axis < rank; ++axis) {
                offset = offset * extents[axis] + at[axis];
            }
            visit_run(static_cast<std::size_t>(offset), static_cast<std::size_t>(end[rank - 1] - begin[rank - 1]));
            std::size_t axis = rank - 1;
            while (axis-- > 0 && ++at[axis] == end[axis]) {
                at[axis] = begin[axis];
            }
            if (axis == static_cast<std::size_t>(-1)) {
                return;
            }
        }
    }
};

Shape parse_extents(const std::string& option, const std::string& text) {
    Shape extents;
    const char* at = text.data();
    const char* const end = text.data() + text.size();
    while (at <= end) {
        std::int64_t value = 0;
        const auto [stop, failure] = std::from_chars(at, end, value);
        if (failure != std::errc{} || value < 1 || (stop != end && *stop != ',')) {
            throw Error(ErrorCode::kUsage, "occlusion: option " + option + " is '" + text + "'",
                        "it takes auto, a whole number of at least 1, or one for each axis: 3,15,15");
        }
        extents.push_back(value);
        at = stop + 1;
    }
    return extents;
}

/// One number for each axis from one number for the spatial axes: the whole of the channel axis is covered.
Shape spread(const std::string& option, const Shape& given, const Shape& extents, int channel) {
    if (given.size() == extents.size()) {
        return given;
    }
    if (given.size() != 1) {
        throw Error(ErrorCode::kUsage, "occlusion: option " + option + " has " + std::to_string(given.size()) +
                                           " numbers, and the input has " + std::to_string(extents.size()) +
                                           " axes: " + to_string(extents));
    }
    Shape all(extents.size(), given.front());
    if (channel >= 0) {
        all[static_cast<std::size_t>(channel)] = extents[static_cast<std::size_t>(channel)];
    }
    return all;
}

Windows make_windows(const InputSpace& space, const Input& input, const OcclusionOptions& options) {
    const std::optional<PictureAxes> axes = picture_axes(space, 0);
    Windows windows;
    const Shape& whole = input.tensors.at(space.inputs[0].name).shape();
    windows.extents.assign(whole.begin() + (whole.size() > 1 ? 1 : 0), whole.end());
    const int channel = axes ? axes->channel - 1 : windows.extents.size() > 2 ? 0 : -1;
    Shape window{1};
    if (options.window != "auto") {
        window = parse_extents("window", options.window);
    } else if (windows.extents.size() > 1) {
        const std::int64_t side =
            axes ? std::min(whole[static_cast<std::size_t>(axes->height)], whole[static_cast<std::size_t>(axes->width)])
                 : windows.extents.back();
        window = {std::max<std::int64_t>(1, side / 14)};
    }
    windows.window = spread("window", window, windows.extents, channel);
    for (std::size_t axis = 0; axis < windows.extents.size(); ++axis) {
        windows.window[axis] = std::min(windows.window[axis], windows.extents[axis]);
    }
    windows.spans_channels =
        axes && windows.window[static_cast<std::size_t>(channel)] == windows.extents[static_cast<std::size_t>(channel)];
    if (options.stride == "auto") {
        for (std::size_t axis = 0; axis < windows.window.size(); ++axis) {
            windows.stride.push_back(std::max<std::int64_t>(1, windows.window[axis] / 2));
        }
    } else {
        windows.stride = spread("stride", parse_extents("stride", options.stride), windows.extents, channel);
    }
    for (std::size_t axis = 0; axis < windows.extents.size(); ++axis) {
        if (windows.stride[axis] > windows.window[axis]) {
            throw Error(ErrorCode::kUsage,
                        "occlusion: stride " + std::to_string(windows.stride[axis]) + " is beyond the window " +
                            std::to_string(windows.window[axis]),
                        "some of the input would never be covered; give a stride of at most the window");
        }
        const std::int64_t travel = windows.extents[axis] - windows.window[axis];
        windows.positions.push_back(1 + (travel + windows.stride[axis] - 1) / windows.stride[axis]);
    }
    windows.choose_step();
    return windows;
}

/// Sums of the differences and numbers of the windows that cover each position.
struct Coverage {
    std::vector<std::vector<double>> sums;  // [target][position]
    std::vector<double> windows;

    [[nodiscard]] Array map(std::size_t target, const Shape& shape) const {
        Array attribution(shape);
        for (std::size_t at = 0; at < windows.size(); ++at) {
            attribution[at] = windows[at] > 0.0 ? static_cast<float>(sums[target][at] / windows[at]) : 0.0F;
        }
        return attribution;
    }
};

/// Point 0 is x itself; point 1 + k is x with the k-th window filled.
Points covered_points(const Task& task, const Windows& windows, const Baseline& fill) {
    return {1 + windows.count(),
            [x = task.tensors(), &windows, &fill](std::int64_t point, std::span<const std::span<float>> inputs) {
                copy_tensors(x, inputs);
                if (point > 0) {
                    const float* const from = fill.tensors[0].data();
                    windows.visit(windows.in_order(point - 1), [&](std::size_t offset, std::size_t length) {
                        std::copy_n(from + offset, length, inputs[0].begin() + static_cast<std::ptrdiff_t>(offset));
                    });
                }
            }};
}

void note_fill_like_input(Task& task, const Baseline& fill) {
    const std::span<const float> x = task.tensors()[0];
    if (std::equal(x.begin(), x.end(), fill.tensors[0].values().begin())) {
        task.notes.emplace_back("the fill equals the input everywhere, and covering it changes nothing: take another");
    }
}

std::vector<Explanation> run_occlusion(const Request& request) {
    const auto options = options_of<OcclusionOptions>("occlusion", request);
    Task task(request, Score::kLogit);
    const Windows windows = make_windows(task.space, task.input, options);
    note_held_inputs(task);
    if (options.window == "auto" || options.stride == "auto") {
        task.notes.push_back("windows of " + to_string(windows.window) + " in steps of " + to_string(windows.stride));
    }
    const Baseline fill = make_baseline(task.space, task.input, options.fill, request.run.seed, {0});
    note_fill_like_input(task, fill);
    const Shape& shape = task.input.tensors.at(task.space.inputs[0].name).shape();
    Coverage coverage{std::vector(task.targets.size(), std::vector<double>(element_count(shape), 0.0)),
                      std::vector<double>(element_count(shape), 0.0)};
    std::vector<double> f_input;
    const auto fold = [&](std::int64_t point, std::span<const double> scores) {
        if (point == 0) {
            f_input.assign(scores.begin(), scores.end());
            return;
        }
        windows.visit(windows.in_order(point - 1), [&](std::size_t offset, std::size_t length) {
            for (std::size_t at = offset; at < offset + length; ++at) {
                coverage.windows[at] += 1.0;
                for (std::size_t target = 0; target < scores.size(); ++target) {
                    coverage.sums[target][at] += f_input[target] - scores[target];
                }
            }
        });
    };
    auto report = stream_scores(task, covered_points(task, windows, fill), "occlusion", fold);
    report.rows = std::max<std::int64_t>(0, report.rows - 1);  // windows, without x itself
    settle_stop(report, windows.count(), "window positions (what they did not cover is 0)", report.rows > 0,
                task.notes);
    auto explanations = task.explanations();
    for (std::size_t target = 0; target < explanations.size(); ++target) {
        explanations[target].attribution = coverage.map(target, shape);
        explanations[target].baseline = fill.description;
        explanations[target].f_input = f_input[target];
        explanations[target].channels_alike = windows.spans_channels;
        explanations[target].measures["windows"] = static_cast<double>(report.rows);
        explanations[target].measures["windows_planned"] = static_cast<double>(windows.count());
    }
    task.finish(explanations);
    return explanations;
}

Cost cost_of(const Request& request) {
    const auto options = options_of<OcclusionOptions>("occlusion", request);
    return {2 + make_windows(space_of(request), *request.input, options).count(), 0};
}

}  // namespace

MethodRow occlusion_row() {
    return {.name = "occlusion",
            .family = "perturbation",
            .question = "What does the score lose when a window of the input is covered?",
            .source = "Zeiler, Fergus, Visualizing and understanding convolutional networks, ECCV 2014 [zeiler2014]",
            .needs = {Need::kScores},
            .inputs = {"image", "tensor"},
            .default_score = Score::kLogit,
            .options = list_fields<OcclusionOptions>,
            .refuse = [](const Model&, const std::map<std::string, std::string>&) { return std::string(); },
            .cost_doc = "one forward pass a window position",
            .cost = cost_of,
            .run = run_occlusion};
}

Explanation occlusion(const Model& model, const Input& input, const Target& target, const OcclusionOptions& options,
                      const RunOptions& run) {
    return run_typed(occlusion_row(), options, {model, input, target, run});
}

}  // namespace pellucid::explain
