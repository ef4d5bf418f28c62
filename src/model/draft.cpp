#include "model/draft.hpp"

#include <algorithm>
#include <array>

#include "core/suggest.hpp"
#include "model/card_names.hpp"
#include "model/interpret.hpp"
#include "model/labels.hpp"
#include "model/network.hpp"
#include "model/score_model.hpp"
#include "pellucid/error.hpp"

namespace pellucid::model {

namespace {

/// Mean and deviation of ImageNet's pixels at 0 to 1, red, green, blue, as torchvision's models take them.
const std::vector<double> kImagenetMean{0.485, 0.456, 0.406}, kImagenetStd{0.229, 0.224, 0.225};

struct Preset {
    std::string name;
    void (*apply)(InputCard&);
};

void imagenet(InputCard& card) {
    card.divide_by = 255.0;
    card.mean = kImagenetMean;
    card.std = kImagenetStd;
    card.fit = "crop";
    card.resize_ratio = 0.875;
}

void tf(InputCard& card) {
    card.divide_by = 127.5;
    card.mean.assign(channels_of(card), 1.0);
    card.std.assign(channels_of(card), 1.0);
}

void unit(InputCard& card) {
    card.divide_by = 255.0;
    card.mean.clear();
    card.std.clear();
}

const std::array<Preset, 3>& presets() {
    static const std::array<Preset, 3> all{{{"imagenet", imagenet}, {"tf", tf}, {"unit", unit}}};
    return all;
}

const Preset& preset_named(const std::string& name) {
    std::vector<std::string> names;
    for (const Preset& preset : presets()) {
        if (preset.name == name) {
            return preset;
        }
        names.push_back(preset.name);
    }
    throw Error(ErrorCode::kUsage, "unknown preset '" + name + "'", core::did_you_mean(name, names));
}

/// What the graph tells of an input stands in `found`; how its pixels were scaled in training no graph tells.
void prepare(InputCard& card, const InputNote& found, const std::string& preset, std::vector<std::string>& notes) {
    notes.push_back("guess: " + found.what + found.open_size);
    if (card.modality != Modality::kImage) {
        return;
    }
    const bool whole_pixels = card.divide_by == 1.0;   // an input of u8: the network scales them itself
    if (whole_pixels && !preset.empty()) {
        throw Error(ErrorCode::kUsage,
                    "preset " + preset + " scales pixels, and input '" + card.name + "' takes them whole, 0 to 255",
                    "leave --preset out");
    }
    if (preset == "imagenet" && card.color == "gray") {
        throw Error(ErrorCode::kUsage, "preset imagenet is of three channels, and input '" + card.name + "' has one",
                    "use --preset unit, then correct mean and std");
    }
    if (!preset.empty()) {
        preset_named(preset).apply(card);
        notes.push_back("given: '" + card.name + "' is scaled as preset " + preset + " says" +
                        (preset == "imagenet" ? ", and cut out of the centre" : ""));
    } else if (!whole_pixels) {
        notes.push_back("guess: '" + card.name +
                        "' is scaled to 0 to 1; no graph tells how pixels were scaled in training");
    }
    notes.push_back("guess: colour order " + card.color + ", kernel " + card.resize +
                    (preset == "imagenet" ? "" : ", fit " + card.fit));
}

void refuse_idle_preset(const Card& card, const Model::Impl& impl, const std::string& preset) {
    const auto is_picture = [](const InputCard& input) { return input.modality == Modality::kImage; };
    if (preset.empty() || std::any_of(card.inputs.begin(), card.inputs.end(), is_picture)) {
        return;
    }
    std::string inputs;
    for (const TensorInfo& info : impl.inputs) {
        inputs += (inputs.empty() ? "'" : ", '") + info.name + "' " + to_string(info.shape);
    }
    throw Error(ErrorCode::kUsage, "preset " + preset + " is for pictures, and the network takes none: " + inputs,
                "leave --preset out");
}

void set_labels(Card& card, const Model::Impl& impl, const std::string& spec) {
    const std::size_t output = usual_output(impl);
    OutputCard& described = card.outputs[output];
    std::vector<std::string> labels = labels_from(spec, {});
    const Shape& shape = impl.outputs[output].shape;
    if (!described.class_axis) {
        throw Error(ErrorCode::kUsage,
                    "output '" + described.name + "' " + to_string(shape) + " answers no classes to label");
    }
    const std::int64_t classes = shape[static_cast<std::size_t>(*described.class_axis)];
    const auto count = static_cast<std::int64_t>(labels.size());
    if (spec == "imagenet" && classes == count + 1) {
        labels.insert(labels.begin(), "background");
        card.notes.push_back("guess: class 0 of " + std::to_string(classes) + " is the background, before ImageNet's " +
                             std::to_string(count));
    } else if (classes >= 0 && classes != count && !(classes == 1 && count == 2)) {
        throw Error(ErrorCode::kUsage,
                    "labels '" + spec + "' has " + std::to_string(count) + " labels, and output '" + described.name +
                        "' " + std::to_string(classes) + " classes",
                    "give a label a class, in the order of the classes");
    }
    described.labels = std::move(labels);
}

}  // namespace

Card draft(const Model& model, const std::string& preset, const std::string& labels) {
    if (!preset.empty()) {
        static_cast<void>(preset_named(preset));
    }
    const Model::Impl& impl = model.impl();
    const Interpretation found = interpret(*impl.network);
    Card card = found.card;
    refuse_idle_preset(card, impl, preset);
    for (std::size_t index = 0; index < card.inputs.size(); ++index) {
        prepare(card.inputs[index], found.input_notes[index], preset, card.notes);
    }
    for (const std::string& note : found.output_notes) {
        card.notes.push_back("guess: " + note);
    }
    if (!labels.empty()) {
        set_labels(card, impl, labels);
    }
    return card;
}

}  // namespace pellucid::model
