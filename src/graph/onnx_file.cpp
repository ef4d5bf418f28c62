#include "graph/onnx_file.hpp"

#include <algorithm>
#include <string_view>

#include "graph/protobuf.hpp"

namespace pellucid::graph {

namespace {

constexpr int kDeepest = 64;   // graphs within attributes of graphs; beyond this a file is hostile

// Field numbers of the messages in onnx.proto.
constexpr std::uint64_t kModelGraph = 7, kModelOpsets = 8, kModelFunctions = 25, kFunctionNodes = 7, kOpsetDomain = 1,
                        kOpsetVersion = 2;
constexpr std::uint64_t kGraphNodes = 1, kGraphInitializers = 5, kGraphSparse = 15, kNodeAttributes = 5;
constexpr std::uint64_t kAttributeTensor = 5, kAttributeGraph = 6, kAttributeTensors = 10, kAttributeGraphs = 11;
constexpr std::uint64_t kSparseValues = 1, kSparseIndices = 2, kTensorExternal = 13, kEntryKey = 1, kEntryValue = 2;

/// Walks the messages that can hold tensors and collects where their weights lie.
class Walk {
public:
    explicit Walk(OnnxOutline& outline) : outline_(outline) {}

    void model(std::string_view bytes) {
        bool graph_seen = false;
        const bool whole = each(bytes, [&](const Field& field) {
            if (field.number == kModelGraph) {
                graph_seen = true;
                graph(field.bytes, 0);
            } else if (field.number == kModelFunctions) {
                each(field.bytes, [&](const Field& part) {
                    if (part.number == kFunctionNodes) {
                        node(part.bytes, 0);
                    }
                });
            } else if (field.number == kModelOpsets) {
                opset(field.bytes);
            }
        });
        outline_.well_formed = whole && graph_seen && !broken_;
    }

private:
    template <class Visit>
    bool each(std::string_view bytes, const Visit& visit) {
        const bool whole = each_field(bytes, visit);
        broken_ = broken_ || !whole;
        return whole;
    }

    void opset(std::string_view bytes) {
        std::string_view domain;
        std::uint64_t version = 0;
        each(bytes, [&](const Field& field) {
            domain = field.number == kOpsetDomain ? field.bytes : domain;
            version = field.number == kOpsetVersion ? field.value : version;
        });
        if (domain.empty() || domain == "ai.onnx") {
            outline_.opset = static_cast<std::int64_t>(version);
        }
    }

    void graph(std::string_view bytes, int depth) {
        if (depth > kDeepest) {
            broken_ = true;
            return;
        }
        each(bytes, [&](const Field& field) {
            if (field.number == kGraphNodes) {
                node(field.bytes, depth);
            } else if (field.number == kGraphInitializers) {
                tensor(field.bytes);
            } else if (field.number == kGraphSparse) {
                each(field.bytes, [&](const Field& part) {
                    if (part.number == kSparseValues || part.number == kSparseIndices) {
                        tensor(part.bytes);
                    }
                });
            }
        });
    }

    void node(std::string_view bytes, int depth) {
        each(bytes, [&](const Field& field) {
            if (field.number == kNodeAttributes) {
                attribute(field.bytes, depth);
            }
        });
    }

    void attribute(std::string_view bytes, int depth) {
        each(bytes, [&](const Field& field) {
            if (field.number == kAttributeTensor || field.number == kAttributeTensors) {
                tensor(field.bytes);
            } else if (field.number == kAttributeGraph || field.number == kAttributeGraphs) {
                graph(field.bytes, depth + 1);
            }
        });
    }

    void tensor(std::string_view bytes) {
        each(bytes, [&](const Field& field) {
            if (field.number != kTensorExternal) {
                return;
            }
            std::string_view key;
            std::string_view value;
            each(field.bytes, [&](const Field& part) {
                key = part.number == kEntryKey ? part.bytes : key;
                value = part.number == kEntryValue ? part.bytes : value;
            });
            const std::string location(value);
            if (key == "location" &&
                std::find(outline_.external.begin(), outline_.external.end(), location) == outline_.external.end()) {
                outline_.external.push_back(location);
            }
        });
    }

    OnnxOutline& outline_;
    bool broken_ = false;
};

}  // namespace

bool is_frozen_graph(std::span<const std::byte> bytes) {
    constexpr std::uint64_t kGraphDefNode = 1;
    Message graph({reinterpret_cast<const char*>(bytes.data()), bytes.size()});
    std::size_t nodes = 0;
    for (Field field; graph.next(field);) {
        if (field.number != kGraphDefNode) {
            continue;
        }
        ++nodes;
        Message node(field.bytes);
        for (Field part; node.next(part);) {}
        graph.broken = graph.broken || !node.whole();
    }
    return graph.whole() && nodes > 0;
}

IrOutline outline_ir(std::span<const std::byte> bytes) {
    const std::string_view text(reinterpret_cast<const char*>(bytes.data()), bytes.size());
    constexpr std::string_view kVersion = "version=\"";
    constexpr std::size_t kLongest = 20;   // a number; more is not shown to anybody
    IrOutline outline;
    const std::size_t net = text.find("<net");
    outline.begins = net != std::string_view::npos;
    outline.ends = outline.begins && text.find("</net>", net) != std::string_view::npos;
    const std::string_view head = outline.begins ? text.substr(net, text.find('>', net) - net) : std::string_view();
    if (const std::size_t at = head.find(kVersion); at != std::string_view::npos) {
        const std::string_view rest = head.substr(at + kVersion.size());
        outline.version = rest.substr(0, std::min(rest.find('"'), kLongest));
    }
    return outline;
}

OnnxOutline outline_onnx(std::span<const std::byte> bytes) {
    OnnxOutline outline;
    Walk(outline).model({reinterpret_cast<const char*>(bytes.data()), bytes.size()});
    return outline;
}

}  // namespace pellucid::graph
