// Faults that only an ONNX file tells: by attributes and inputs that are gone once the engine has read it.
#include <cstdint>
#include <map>
#include <string_view>

#include "graph/engine_faults.hpp"
#include "graph/protobuf.hpp"

namespace pellucid::graph {

namespace {

// Field numbers of the messages in onnx.proto.
constexpr std::uint64_t kModelGraph = 7, kModelFunctions = 25, kFunctionNodes = 7, kGraphNodes = 1;
constexpr std::uint64_t kNodeInput = 1, kNodeOutput = 2, kNodeName = 3, kNodeType = 4, kNodeAttributes = 5;
constexpr std::uint64_t kAttributeName = 1, kAttributeInteger = 3, kAttributeText = 4, kAttributeGraph = 6,
                        kAttributeGraphs = 11;
constexpr int kDeepest = 64;

struct Node {
    std::string_view type, name, output;
    std::vector<std::string_view> input_names;  ///< an omitted one is empty
    std::map<std::string_view, std::int64_t> integers;
    std::map<std::string_view, std::string_view> texts;

    [[nodiscard]] std::int64_t integer(std::string_view attribute, std::int64_t otherwise) const {
        const auto found = integers.find(attribute);
        return found == integers.end() ? otherwise : found->second;
    }
    [[nodiscard]] std::string_view text(std::string_view attribute) const {
        const auto found = texts.find(attribute);
        return found == texts.end() ? std::string_view() : found->second;
    }
    [[nodiscard]] bool has_input(std::size_t place) const {
        return place < input_names.size() && !input_names[place].empty();
    }
};

struct Row {
    std::string_view type;
    bool certain;
    std::string_view what;
    bool (*met)(const Node&);
};

bool is_batchwise(const Node& node) { return node.integer("layout", 0) == 1; }

constexpr std::string_view kBatchwise = "the engine reads its layout=1 (batch first) wrong";

/// What OpenVINO 2026.4.1 gets wrong without a word. New releases: run `./dev conformance` and compare.
constexpr Row kRows[] = {
    {"Attention", true, "the engine ignores its left_window_size",
     [](const Node& node) { return node.integer("left_window_size", -1) >= 0; }},
    {"Attention", true, "the engine ignores its right_window_size",
     [](const Node& node) { return node.integer("right_window_size", -1) >= 0; }},
    {"Attention", true, "the engine masks it wrong where a causal mask, another mask and a past meet",
     [](const Node& node) { return node.integer("is_causal", 0) == 1 && node.has_input(3) && node.has_input(4); }},
    {"LSTM", true, kBatchwise, is_batchwise},
    {"GRU", true, kBatchwise, is_batchwise},
    {"RNN", true, kBatchwise, is_batchwise},
    {"SpaceToDepth", true, "the engine ignores its mode=CRD",
     [](const Node& node) { return node.text("mode") == "CRD"; }},
    {"Resize", true, "the engine resizes without its antialias",
     [](const Node& node) { return node.integer("antialias", 0) == 1; }},
    {"Resize", true, "the engine ignores its exclude_outside",
     [](const Node& node) { return node.integer("exclude_outside", 0) == 1; }},
    {"Resize", true, "the engine ignores its keep_aspect_ratio_policy",
     [](const Node& node) {
         const auto policy = node.text("keep_aspect_ratio_policy");
         return !policy.empty() && policy != "stretch";
     }},
    {"Resize", false,
     "with align_corners, the engine places pixels otherwise where its scales make no whole number of them",
     [](const Node& node) { return node.text("coordinate_transformation_mode") == "align_corners"; }},
    {"DFT", true, "the engine gives its onesided transform another shape",
     [](const Node& node) { return node.integer("onesided", 0) == 1; }},
    {"DFT", true, "the engine transforms another axis than its third input says",
     [](const Node& node) { return node.has_input(2); }},
    {"DynamicQuantizeLinear", false, "the engine rounds values between two steps to the other one",
     [](const Node&) { return true; }},
    {"RoiAlign", true, "the engine takes its maximum over other points",
     [](const Node& node) { return node.text("mode") == "max"; }},
};

/// Walks the nodes of a file and asks each row.
class Search {
public:
    std::vector<EngineFault> found;

    void model(std::string_view bytes) {
        each_field(bytes, [&](const Field& field) {
            if (field.number == kModelGraph) graph(field.bytes, 0);
            if (field.number != kModelFunctions) return;
            each_field(field.bytes, [&](const Field& part) {
                if (part.number == kFunctionNodes) node(part.bytes, 0);
            });
        });
    }

private:
    void graph(std::string_view bytes, int depth) {
        if (depth > kDeepest) return;
        each_field(bytes, [&](const Field& field) {
            if (field.number == kGraphNodes) node(field.bytes, depth);
        });
    }

    void node(std::string_view bytes, int depth) {
        Node node;
        each_field(bytes, [&](const Field& field) {
            if (field.number == kNodeType) node.type = field.bytes;
            if (field.number == kNodeName) node.name = field.bytes;
            if (field.number == kNodeOutput && node.output.empty()) node.output = field.bytes;
            if (field.number == kNodeInput) node.input_names.push_back(field.bytes);
            if (field.number == kNodeAttributes) attribute(field.bytes, node, depth);
        });
        for (const Row& row : kRows) {
            if (row.type != node.type || !row.met(node)) continue;
            found.push_back({std::string(node.type), std::string(node.name.empty() ? node.output : node.name),
                             std::string(row.what), row.certain});
        }
    }

    void attribute(std::string_view bytes, Node& node, int depth) {
        std::string_view name;
        each_field(bytes, [&](const Field& field) { name = field.number == kAttributeName ? field.bytes : name; });
        each_field(bytes, [&](const Field& field) {
            if (field.number == kAttributeInteger) node.integers[name] = static_cast<std::int64_t>(field.value);
            if (field.number == kAttributeText) node.texts[name] = field.bytes;
            if (field.number == kAttributeGraph || field.number == kAttributeGraphs) graph(field.bytes, depth + 1);
        });
    }
};

}  // namespace

std::vector<EngineFault> find_engine_faults(std::span<const std::byte> onnx) {
    Search search;
    search.model({reinterpret_cast<const char*>(onnx.data()), onnx.size()});
    return search.found;
}

}  // namespace pellucid::graph
