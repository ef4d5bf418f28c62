#include "pellucid/card.hpp"

#include <algorithm>

#include "core/files.hpp"
#include "model/card_names.hpp"
#include "model/fields.hpp"
#include "model/labels.hpp"
#include "pellucid/error.hpp"

namespace pellucid {

namespace model {

namespace {

const std::vector<std::string> kModalities{"image", "text", "table", "sound", "tensor"};
const std::vector<std::string> kOutputKinds{"logits", "probabilities", "log-probabilities", "boxes", "other"};
/// Empty: a plain tensor.
const std::vector<std::string> kLayouts{"", "NCHW", "NHWC", "CHW", "HWC", "NHW", "HW"};
const std::vector<std::string> kColors{"RGB", "BGR", "gray"};
const std::vector<std::string> kResizes{"nearest", "bilinear", "bicubic", "lanczos", "box", "hamming"};
const std::vector<std::string> kFits{"stretch", "crop", "pad"};

constexpr std::int64_t kMostPixels = 1 << 16;

template <class Enumeration>
Enumeration enumerator(const std::vector<std::string>& names, const std::string& name) {
    return static_cast<Enumeration>(std::find(names.begin(), names.end(), name) - names.begin());
}

void check_channels(const Fields& fields, const InputCard& card, const std::string& key,
                    const std::vector<double>& values) {
    if (card.modality == Modality::kImage && !values.empty() && values.size() != channels_of(card)) {
        fields.fail(key, "has " + std::to_string(values.size()) + " values, and a " + card.color + " picture has " +
                             std::to_string(channels_of(card)) + " channels");
    }
}

InputCard parse_input(Fields& fields) {
    InputCard card;
    card.name = fields.text("name", "");
    card.modality = enumerator<Modality>(kModalities, fields.choice("modality", "tensor", kModalities));
    card.layout = fields.choice("layout", "", kLayouts);
    card.color = fields.choice("color", card.color, kColors);
    card.height = fields.integer("height", 0, 0, kMostPixels);
    card.width = fields.integer("width", 0, 0, kMostPixels);
    card.resize = fields.choice("resize", card.resize, kResizes);
    card.fit = fields.choice("fit", card.fit, kFits);
    card.resize_ratio = fields.number("resize_ratio", card.resize_ratio);
    card.divide_by = fields.number("divide_by", card.divide_by);
    card.mean = fields.numbers("mean");
    card.std = fields.numbers("std");
    fields.finish();
    if (card.resize_ratio <= 0.0 || card.resize_ratio > 1.0) {
        fields.fail("resize_ratio", "must be above 0 and at most 1");
    }
    if (card.divide_by <= 0.0) {
        fields.fail("divide_by", "must be above 0", "1 leaves pixels at 0 to 255");
    }
    check_channels(fields, card, "mean", card.mean);
    check_channels(fields, card, "std", card.std);
    const auto zero = std::find_if(card.std.begin(), card.std.end(), [](double value) { return value <= 0.0; });
    if (zero != card.std.end()) {
        fields.fail("std[" + std::to_string(zero - card.std.begin()) + "]", "must be above 0");
    }
    return card;
}

OutputCard parse_output(Fields& fields, const std::filesystem::path& folder) {
    OutputCard card;
    constexpr std::int64_t kMostAxes = 7;
    card.name = fields.text("name", "");
    card.kind = enumerator<OutputKind>(kOutputKinds, fields.choice("kind", "other", kOutputKinds));
    const std::int64_t axis = fields.integer("class_axis", 0, -kMostAxes, kMostAxes);
    if (axis != 0) {
        card.class_axis = static_cast<int>(axis);
    } else if (fields.has("class_axis")) {
        fields.fail("class_axis", "is 0, and axis 0 is the batch's", "1 for [N, C] and [N, C, H, W], -1 for the last");
    }
    card.labels = fields.is_text("labels") ? labels_from(fields.text("labels", ""), folder) : fields.texts("labels");
    card.independent = fields.flag("independent", false);
    fields.finish();
    if (card.independent && (card.kind == OutputKind::kOther || card.kind == OutputKind::kBoxes)) {
        fields.fail("independent", "is true, and an output of kind '" + name_of(card.kind) + "' answers no classes",
                    "say \"kind\": \"logits\" or \"probabilities\"");
    }
    return card;
}

using Json = nlohmann::ordered_json;

void set_text(Json& json, const char* key, const std::string& value) {
    if (!value.empty()) {
        json[key] = value;
    }
}

Json to_json(const InputCard& card) {
    Json json = Json::object();
    set_text(json, "name", card.name);
    json["modality"] = name_of(card.modality);
    set_text(json, "layout", card.layout);
    if (card.modality == Modality::kImage) {
        json["color"] = card.color;
        json["height"] = card.height;
        json["width"] = card.width;
        json["resize"] = card.resize;
        json["fit"] = card.fit;
        json["resize_ratio"] = card.resize_ratio;
        json["divide_by"] = card.divide_by;
    }
    if (!card.mean.empty()) {
        json["mean"] = card.mean;
    }
    if (!card.std.empty()) {
        json["std"] = card.std;
    }
    return json;
}

Json to_json(const OutputCard& card) {
    Json json = Json::object();
    set_text(json, "name", card.name);
    json["kind"] = name_of(card.kind);
    if (card.class_axis) {
        json["class_axis"] = *card.class_axis;
    }
    if (!card.labels.empty()) {
        json["labels"] = card.labels;
    }
    if (card.independent) {
        json["independent"] = true;
    }
    return json;
}

}  // namespace

std::span<const std::string> modality_names() { return kModalities; }
std::span<const std::string> output_kind_names() { return kOutputKinds; }
std::span<const std::string> layout_names() { return kLayouts; }
std::span<const std::string> color_names() { return kColors; }
std::span<const std::string> resize_names() { return kResizes; }
std::span<const std::string> fit_names() { return kFits; }
const std::string& name_of(Modality modality) { return kModalities.at(static_cast<std::size_t>(modality)); }
const std::string& name_of(OutputKind kind) { return kOutputKinds.at(static_cast<std::size_t>(kind)); }

}  // namespace model

Card Card::parse(const std::string& json_text, const std::string& origin) {
    const nlohmann::json document = model::parse_json(json_text, origin);
    model::Fields fields(document, origin, "");
    Card card;
    static_cast<void>(fields.text("$schema", ""));
    card.task = fields.text("task", "");
    for (model::Fields& input : fields.objects("inputs")) {
        card.inputs.push_back(model::parse_input(input));
    }
    const std::filesystem::path folder = std::filesystem::path(origin).parent_path();
    for (model::Fields& output : fields.objects("outputs")) {
        card.outputs.push_back(model::parse_output(output, folder));
    }
    card.license = fields.text("license", "");
    card.provenance = fields.text("provenance", "");
    card.notes = fields.texts("notes");
    fields.finish();
    return card;
}

Card Card::read(const std::filesystem::path& path) {
    constexpr std::size_t kMostBytes = 64ULL << 20U;
    const std::vector<std::byte> bytes = core::read_whole(path, kMostBytes);
    return parse(std::string(reinterpret_cast<const char*>(bytes.data()), bytes.size()), path.string());
}

std::string Card::to_json() const {
    model::Json json = model::Json::object();
    model::set_text(json, "task", task);
    json["inputs"] = model::Json::array();
    for (const InputCard& input : inputs) {
        json["inputs"].push_back(model::to_json(input));
    }
    json["outputs"] = model::Json::array();
    for (const OutputCard& output : outputs) {
        json["outputs"].push_back(model::to_json(output));
    }
    model::set_text(json, "license", license);
    model::set_text(json, "provenance", provenance);
    json["notes"] = notes;
    constexpr int kIndent = 2;
    return json.dump(kIndent, ' ', false, nlohmann::json::error_handler_t::replace);
}

}  // namespace pellucid
