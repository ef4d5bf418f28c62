#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "cli/read_apart.hpp"
#include "cli/terminal.hpp"
#include "cli/verbs.hpp"
#include "graph/describe.hpp"
#include "graph/layers.hpp"
#include "model/network.hpp"
#include "model/score_model.hpp"
#include "pellucid/error.hpp"
#include "pellucid/methods.hpp"

namespace pellucid::cli {

namespace {

using Json = nlohmann::ordered_json;

struct Admission {
    std::string method;
    std::string reason;   ///< why `explain` refuses it as it stands; empty: admitted
    std::string option;   ///< with which it is admitted all the same
};

struct Layer {
    std::string name;
    Shape shape;
    bool keeps_bits;
    std::optional<graph::TokenGrid> tokens;
};

/// All that inspect tells of a model.
struct Inspection {
    std::string format, opset;
    graph::Description description;
    std::vector<Layer> layers;
    std::string no_layers;   ///< why there are none
    std::vector<Admission> methods;
};

Shape shape_of(const ov::PartialShape& partial) {
    Shape shape;
    for (const ov::Dimension& extent : partial) {
        shape.push_back(extent.is_static() ? extent.get_length() : -1);
    }
    return shape;
}

void find_layers(const Model& model, Inspection& found) {
    const std::size_t output = model::usual_output(model.impl());
    try {
        for (const graph::SpatialLayer& layer :
             graph::spatial_layers(model.impl().network, model::logits_of(model.impl(), output).tensor)) {
            found.layers.push_back({layer.name, shape_of(layer.shape), layer.keeps_bits, layer.tokens});
        }
    } catch (const Error& error) {
        found.no_layers = error.what();
    }
    if (found.layers.empty() && found.no_layers.empty()) {
        found.no_layers = "no tensor between input and score has spatial extents above 1";
    }
}

/// The option, empty as it stands, that a method only needs to be given.
std::string option_that_admits(const MethodRow& row, const Model& model) {
    for (const OptionField& field : row.options()) {
        if (field.type == "text" && field.default_value.empty() && row.refuse(model, {{field.name, "given"}}).empty()) {
            return field.name;
        }
    }
    return {};
}

Admission admission_of(const MethodRow& row, const Model& model) {
    Admission admission{std::string(row.name), row.refuse(model, {}), {}};
    if (!admission.reason.empty()) {
        admission.option = option_that_admits(row, model);
    }
    return admission;
}

Inspection inspect(const Model& model) {
    Inspection found;
    found.format = model.impl().read.format;
    found.opset = model.impl().read.opset;
    found.description = graph::describe(model.impl().network);
    find_layers(model, found);
    for (const MethodRow& row : methods()) {
        found.methods.push_back(admission_of(row, model));
    }
    return found;
}

Json tensors_json(const std::vector<TensorInfo>& tensors) {
    Json all = Json::array();
    for (const TensorInfo& tensor : tensors) {
        all.push_back({{"name", tensor.name}, {"shape", tensor.shape}, {"type", tensor.type}});
    }
    return all;
}

/// "onnx 13" is 13; null where the file does not say.
Json opset_number(const std::string& opset) {
    const std::size_t digits = opset.find_last_not_of("0123456789");
    const std::string number = digits == std::string::npos ? opset : opset.substr(digits + 1);
    constexpr std::size_t kLongest = 9;   // a file may say anything
    return number.empty() || number.size() > kLongest ? Json(nullptr) : Json(std::stoll(number));
}

Json to_json(const Model& model, const Inspection& found) {
    Json json;
    json["format"] = found.format;
    json["opset"] = opset_number(found.opset);
    json["inputs"] = tensors_json(model.inputs());
    json["outputs"] = tensors_json(model.outputs());
    json["parameters"] = found.description.parameters;
    json["macs"] = found.description.macs_complete ? Json(found.description.macs) : Json(nullptr);
    json["ops"] = found.description.ops;
    json["layers"] = Json::array();
    for (const Layer& layer : found.layers) {
        json["layers"].push_back({{"name", layer.name}, {"shape", layer.shape}, {"cut_keeps_bits", layer.keeps_bits}});
        if (layer.tokens) {
            json["layers"].back()["tokens"] = {{"prefix", layer.tokens->prefix},
                                               {"rows", layer.tokens->rows},
                                               {"columns", layer.tokens->columns},
                                               {"guessed", layer.tokens->guessed}};
        }
    }
    json["methods"] = Json::array();
    for (const Admission& admission : found.methods) {
        json["methods"].push_back(
            {{"name", admission.method}, {"admitted", admission.reason.empty()}, {"reason", admission.reason}});
        if (!admission.option.empty()) {
            json["methods"].back()["admitted_with"] = admission.option;
        }
    }
    json["notes"] = model.notes();
    return json;
}

std::string count_text(std::int64_t count) {
    const auto value = static_cast<double>(count);
    return value >= 1e9   ? fmt::format("{:.2f} G", value / 1e9)
           : value >= 1e6 ? fmt::format("{:.2f} M", value / 1e6)
           : value >= 1e3 ? fmt::format("{:.1f} k", value / 1e3)
                          : fmt::format("{}", count);
}

void print_tensors(const char* heading, const std::vector<TensorInfo>& tensors) {
    for (const TensorInfo& tensor : tensors) {
        print_results(
            fmt::format("{:<12}{} {} {}\n", heading, printable(tensor.name), to_string(tensor.shape), tensor.type));
    }
}

void print_layers(const Inspection& found) {
    if (found.layers.empty()) {
        print_results(fmt::format("\nNo layer that a CAM can stand on: {}\n", printable(found.no_layers)));
        return;
    }
    std::vector<std::vector<std::string>> rows{{"INDEX", "LAYER", "SHAPE", "CUT"}};
    for (std::size_t at = 0; at < found.layers.size(); ++at) {
        const Layer& layer = found.layers[at];
        const std::string grid = layer.tokens
                                     ? fmt::format(" ({}x{} tokens{})", layer.tokens->rows, layer.tokens->columns,
                                                   layer.tokens->guessed ? ", a guess" : "")
                                     : "";
        rows.push_back({std::to_string(at), layer.name, to_string(layer.shape) + grid,
                        layer.keeps_bits ? "keeps the bits" : "within 5e-6"});
    }
    print_results(
        fmt::format("\nLayers that a CAM can stand on (-1 is unknown until an input comes):\n{}", table(rows)));
}

void print(const Model& model, const Inspection& found) {
    print_results(fmt::format("{:<12}{}{}\n", "format", found.format,
                              found.opset.empty() ? "" : " (" + printable(found.opset) + ")"));
    print_tensors("input", model.inputs());
    print_tensors("output", model.outputs());
    print_results(fmt::format("{:<12}{}\n", "parameters", count_text(found.description.parameters)));
    print_results(fmt::format("{:<12}{}\n", "MACs",
                              found.description.macs_complete ? count_text(found.description.macs) + " for one sample"
                                                              : "not counted: a shape is dynamic"));
    std::string ops;
    for (const auto& [type, count] : found.description.ops) {
        ops += fmt::format("{}{} {}", ops.empty() ? "" : ", ", type, count);
    }
    print_results(fmt::format("{:<12}{}\n", "ops", printable(ops)));
    print_layers(found);
    std::vector<std::vector<std::string>> rows{{"METHOD", "ADMITTED", "WHY NOT"}};
    for (const Admission& admission : found.methods) {
        const std::string with = admission.option.empty() ? "no" : "with " + admission.option;
        rows.push_back({admission.method, admission.reason.empty() ? "yes" : with, admission.reason});
    }
    print_results(fmt::format("\n{}", table(rows)));
    for (const std::string& note : model.notes()) {
        print_results(fmt::format("note: {}\n", printable(note)));
    }
}

}  // namespace

void add_inspect(CLI::App& app) {
    struct Options {
        std::string model, card;
        bool json = false;
    };
    auto options = std::make_shared<Options>();
    CLI::App* verb = app.add_subcommand("inspect", "what this network is, and which methods it admits");
    verb->add_option("MODEL", options->model, "a network (.onnx, .xml, .tflite, .pb)")->required();
    verb->add_option("--card", options->card, "what the model takes and answers (default: the card beside the model)")
        ->check(not_empty());
    verb->add_flag("--json", options->json, "one JSON document on stdout");
    verb->footer("Examples:\n  pellucid inspect model.onnx\n  pellucid inspect model.onnx --json");
    verb->callback([options] {
        LoadOptions load;
        load.card = options->card;
        const Model model = load_model(options->model, load);
        const Inspection found = inspect(model);
        if (options->json) {
            // A damaged file may hold names that are no UTF-8.
            print_results(
                fmt::format("{}\n", to_json(model, found).dump(2, ' ', false, Json::error_handler_t::replace)));
        } else {
            print(model, found);
        }
    });
}

}  // namespace pellucid::cli
