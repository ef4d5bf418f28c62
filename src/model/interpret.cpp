#include "model/interpret.hpp"

#include <algorithm>

#include "openvino/op/log.hpp"

#include "model/card_names.hpp"
#include "model/index_ops.hpp"
#include "model/logits.hpp"

namespace pellucid::model {

namespace {

/// Where the graph leaves a picture's size open: what most classifiers were trained at.
constexpr std::int64_t kUsualSide = 224;
/// Smaller extents than this are no picture's.
constexpr std::int64_t kLeastSide = 8;

Shape shape_of(const ov::PartialShape& partial) {
    Shape shape;
    if (partial.rank().is_static()) {
        for (const ov::Dimension& extent : partial) {
            shape.push_back(extent.is_static() ? extent.get_length() : -1);
        }
    }
    return shape;
}

std::string name_from(const std::unordered_set<std::string>& names, const std::string& node) {
    if (names.empty() || names.count(node) != 0) {
        return node;
    }
    return *std::min_element(names.begin(), names.end());
}

bool is_side(std::int64_t extent) { return extent < 0 || extent >= kLeastSide; }
bool is_channels(std::int64_t extent) { return extent == 1 || extent == 3; }

/// "NCHW", "NHWC", or "" for what is no picture.
std::string picture_layout(const TensorInfo& input) {
    const Shape& shape = input.shape;
    const bool readable = input.type.starts_with("f") || input.type == "bf16" || input.type == "u8";
    if (shape.size() != 4 || !readable) {
        return {};
    }
    if (is_channels(shape[1]) && is_side(shape[2]) && is_side(shape[3])) {
        return "NCHW";
    }
    return is_channels(shape[3]) && is_side(shape[1]) && is_side(shape[2]) ? "NHWC" : "";
}

InputCard input_card(const TensorInfo& input, InputNote& note) {
    InputCard card;
    card.name = input.name;
    card.layout = picture_layout(input);
    if (card.layout.empty()) {
        note.what = "input '" + input.name + "' " + to_string(input.shape) + " is taken as a plain tensor";
        return card;
    }
    card.modality = Modality::kImage;
    const auto extent = [&](char axis) { return input.shape[card.layout.find(axis)]; };
    card.color = extent('C') == 1 ? "gray" : "RGB";
    card.height = extent('H') < 0 ? kUsualSide : extent('H');
    card.width = extent('W') < 0 ? kUsualSide : extent('W');
    card.divide_by = input.type == "u8" ? 1.0 : 255.0;
    note.what = "input '" + input.name + "' is taken as a picture: " + card.layout + ", " +
                std::to_string(card.height) + "x" + std::to_string(card.width) + ", " + card.color;
    note.scaling = input.type == "u8" ? ", 0 to 255" : ", scaled to 0 to 1, without mean and deviation";
    if (extent('H') < 0 || extent('W') < 0) {
        note.open_size = " (the graph leaves its size open: " + std::to_string(kUsualSide) + " was chosen)";
    }
    return card;
}

struct KindGuess {
    OutputKind kind = OutputKind::kOther;
    std::optional<int> axis;
    std::string why;
    bool guessed = false;
};

KindGuess kind_by_shape(const TensorInfo& output, bool channels_last) {
    const Shape& shape = output.shape;
    const bool real = output.type.starts_with("f") || output.type == "bf16";
    if (real && shape.size() == 2 && shape[1] != 1) {
        return {OutputKind::kLogits, 1, "no softmax or sigmoid ends the graph", true};
    }
    if (real && shape.size() == 4 && shape[channels_last ? 3 : 1] != 1) {
        return {OutputKind::kLogits, channels_last ? 3 : 1, "no softmax or sigmoid ends the graph", true};
    }
    return {OutputKind::kOther, {}, "its shape " + to_string(shape) + " is no classification's", true};
}

/// "a softmax ends the graph", with what was left out of its classes.
std::string ended_by(const LogitTensor& logits, const TensorInfo& output) {
    const ov::Dimension all = logits.tensor.get_partial_shape()[logits.axis];
    const std::int64_t answered = logits.output_axis ? output.shape[static_cast<std::size_t>(*logits.output_axis)] : -1;
    const bool fewer = all.is_static() && answered >= 0 && answered < all.get_length();
    return "a " + logits.found + (fewer ? " over " + std::to_string(all.get_length()) + " classes" : "") +
           " ends the graph";
}

/// Where the graph loses sight of the softmax's axis: the usual one, if it has as many classes.
std::optional<int> axis_of_classes(const LogitTensor& logits, const TensorInfo& output, std::optional<int> usual) {
    if (logits.output_axis) {
        return *logits.output_axis > 0 ? logits.output_axis : std::nullopt;
    }
    const ov::Dimension all = logits.tensor.get_partial_shape()[logits.axis];
    return usual && output.shape.size() > static_cast<std::size_t>(*usual) && all.is_static() &&
                   output.shape[static_cast<std::size_t>(*usual)] == all.get_length()
               ? usual
               : std::nullopt;
}

KindGuess kind_of(const ov::Model& network, std::size_t index, const TensorInfo& output, bool channels_last) {
    const LogitTensor logits = find_logits(network, index, 1);
    const std::size_t rank = output.shape.size();
    const std::optional<int> usual = rank == 2   ? std::optional<int>(1)
                                     : rank == 4 ? std::optional<int>(channels_last ? 3 : 1)
                                                 : std::nullopt;
    if (logits.found == "softmax" || logits.found == "log-softmax") {
        const bool logs = logits.found == "log-softmax";
        return {logs ? OutputKind::kLogProbabilities : OutputKind::kProbabilities,
                axis_of_classes(logits, output, usual), ended_by(logits, output)};
    }
    if (logits.found == "sigmoid" && usual) {
        return {OutputKind::kProbabilities, usual, "a sigmoid ends the graph"};
    }
    if (const auto made = made_in_graph(logits.tensor); made && logits.found.empty()) {
        return {*made, usual, "the graph makes it of softmaxes or sigmoids"};
    }
    return kind_by_shape(output, channels_last);
}

OutputCard output_card(const TensorInfo& output, const KindGuess& guess, std::string& note) {
    OutputCard card;
    card.name = output.name;
    card.kind = guess.kind;
    card.class_axis = guess.axis;
    note = "output '" + output.name + "' is taken as " +
           (guess.kind == OutputKind::kOther ? std::string("values, not classes") : name_of(guess.kind));
    if (guess.axis && output.shape.size() > static_cast<std::size_t>(*guess.axis)) {
        const std::int64_t classes = output.shape[static_cast<std::size_t>(*guess.axis)];
        const std::string count = classes == 1 ? "one class" : std::to_string(classes) + " classes";
        note += " of " + (classes < 0 ? "classes" : count) + " on axis " + std::to_string(*guess.axis);
    }
    note += ": " + guess.why;
    if (guess.kind == OutputKind::kLogits) {
        note +=
            "; probabilities are taken by softmax over the classes; for independent labels say so in the card "
            "(\"independent\": true)";
    }
    return card;
}

std::string task_of(const Card& card, const std::vector<TensorInfo>& outputs) {
    for (std::size_t index = 0; index < outputs.size(); ++index) {
        if (card.outputs[index].class_axis) {
            return outputs[index].shape.size() > 2 ? "segmentation" : "classification";
        }
    }
    return {};
}

}  // namespace

std::vector<TensorInfo> inputs_of(const ov::Model& network) {
    std::vector<TensorInfo> infos;
    for (const auto& input : network.inputs()) {
        infos.push_back({name_from(input.get_names(), input.get_node()->get_friendly_name()),
                         shape_of(input.get_partial_shape()), input.get_element_type().to_string()});
    }
    return infos;
}

std::vector<TensorInfo> outputs_of(const ov::Model& network) {
    std::vector<TensorInfo> infos;
    for (const auto& output : network.outputs()) {
        const ov::Node* producer = output.get_node()->get_input_node_ptr(0);
        infos.push_back({name_from(output.get_names(), producer->get_friendly_name()),
                         shape_of(output.get_partial_shape()), output.get_element_type().to_string()});
    }
    return infos;
}

std::optional<OutputKind> made_in_graph(const ov::Output<ov::Node>& value) {
    if (made_of_probabilities(value)) {
        return OutputKind::kProbabilities;
    }
    const ov::Node& node = *value.get_node();
    if (only_indexes(node)) {
        return made_in_graph(node.input_value(0)) == OutputKind::kLogProbabilities
                   ? std::optional<OutputKind>(OutputKind::kLogProbabilities)
                   : std::nullopt;
    }
    const bool logs = ov::is_type<ov::op::v0::Log>(&node) && made_of_probabilities(node.input_value(0));
    return logs ? std::optional<OutputKind>(OutputKind::kLogProbabilities) : std::nullopt;
}

Interpretation interpret(const ov::Model& network) {
    Interpretation found;
    bool channels_last = false;
    for (const TensorInfo& input : inputs_of(network)) {
        found.card.inputs.push_back(input_card(input, found.input_notes.emplace_back()));
        channels_last = channels_last || found.card.inputs.back().layout == "NHWC";
    }
    const std::vector<TensorInfo> outputs = outputs_of(network);
    for (std::size_t index = 0; index < outputs.size(); ++index) {
        const KindGuess guess = kind_of(network, index, outputs[index], channels_last);
        found.card.outputs.push_back(output_card(outputs[index], guess, found.output_notes.emplace_back()));
        found.kind_guessed.push_back(guess.guessed);
    }
    found.card.task = task_of(found.card, outputs);
    return found;
}

}  // namespace pellucid::model
