// What is told of a model's file before the engine sees it: of ONNX, of a frozen TensorFlow graph, of an OpenVINO IR.

#include "fuzz/outcome.hpp"
#include "graph/onnx_file.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace pellucid;
    const auto bytes = fuzz::bytes_of(data, size);
    return fuzz::read_or_refuse([&] {
        const graph::OnnxOutline onnx = graph::outline_onnx(bytes);
        for (const std::string& location : onnx.external) {
            fuzz::expect(location.size() <= size);
        }
        // Neither format may be told of nothing.
        fuzz::expect(size > 0 || (!onnx.well_formed && !graph::is_frozen_graph(bytes)));
        static_cast<void>(graph::is_frozen_graph(bytes));
        const graph::IrOutline ir = graph::outline_ir(bytes);
        fuzz::expect(!ir.ends || ir.begins);
        fuzz::expect(ir.begins || ir.version.empty());
    });
}
