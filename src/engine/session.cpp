#include "engine/session.hpp"

#include "openvino/runtime/properties.hpp"

#include "engine/block.hpp"
#include "engine/cache.hpp"
#include "engine/compiled_session.hpp"
#include "engine/core.hpp"
#include "engine/request.hpp"
#include "ops/register.hpp"
#include "pellucid/error.hpp"

namespace pellucid::engine {

namespace {

Error does_not_compile(const std::exception& error) {
    return {ErrorCode::kUnsupported, "the graph does not compile: " + engine_reason(error),
            "choose another device or precision, or report the model"};
}

int streams_of(const ov::CompiledModel& compiled, const std::string& device) {
    return device == "CPU" ? std::max(1, static_cast<int>(compiled.get_property(ov::num_streams).num)) : 1;
}

}  // namespace

std::shared_ptr<Session> Session::compile(const std::shared_ptr<ov::Model>& model, const CompileOptions& options) {
    const ov::AnyMap properties = compile_properties(options);
    BlockGraph graph = fix_block(model, options);
    try {
        if (options.device != "CPU") {
            ops::decompose(graph.model);
        }
        GraphCache cache;
        ov::CompiledModel compiled = options.cache ? cache.compile(graph.model, options.device, properties, graph.notes)
                                                   : core().compile_model(graph.model, options.device, properties);
        graph.model.reset();  // its constants are the caller's or the engine's
        const int streams = streams_of(compiled, options.device);
        return std::make_shared<CompiledSession>(std::move(graph), std::move(compiled), streams, cache);
    } catch (const Error&) {
        throw;
    } catch (const std::exception& error) {
        throw does_not_compile(error);
    }
}

CompiledSession::CompiledSession(BlockGraph graph, ov::CompiledModel compiled, int streams, const GraphCache& cache)
    : graph_(std::move(graph)), compiled_(std::move(compiled)), streams_(streams), cache_(cache) {
    for (const Slot& slot : graph_.inputs) {
        inputs_.push_back(slot.info);
    }
    for (const Slot& slot : graph_.outputs) {
        outputs_.push_back(slot.info);
    }
    if (graph_.block > 1) {
        graph_.notes.push_back("rows go in blocks of " + std::to_string(graph_.block));
    }
}

std::optional<std::string> CompiledSession::known(const std::string& topic) const {
    return cache_.hit() ? cache_.recall(cache_.compiled_key() + "." + topic) : std::nullopt;
}

bool CompiledSession::make_known(const std::string& topic, const std::string& line) const {
    return cache_.hit() && cache_.remember(cache_.compiled_key() + "." + topic, line);
}

Shape CompiledSession::row_shape_of(const Slot& slot, const Array& array) const {
    Shape shape = array.shape();
    if (slot.info.batched) {
        if (shape.empty() || shape[0] != 1) {
            throw Error(ErrorCode::kUsage, "input '" + slot.info.name + "' is given as " + to_string(shape) +
                                               ", not as one row with a first axis of extent 1");
        }
        shape.erase(shape.begin());
    }
    return shape;
}

std::vector<Array> CompiledSession::run_one(const std::vector<Array>& inputs) {
    if (inputs.size() != inputs_.size()) {
        throw Error(ErrorCode::kUsage, "the network takes " + std::to_string(inputs_.size()) + " inputs, " +
                                           std::to_string(inputs.size()) + " were given");
    }
    std::vector<Shape> shapes;
    for (std::size_t index = 0; index < inputs.size(); ++index) {
        shapes.push_back(row_shape_of(graph_.inputs[index], inputs[index]));
    }
    BlockRequest request(*this);
    request.set_shapes(shapes);
    const auto row = request.row(0);
    for (std::size_t index = 0; index < inputs.size(); ++index) {
        std::copy(inputs[index].values().begin(), inputs[index].values().end(), row[index].begin());
    }
    request.finish_rows(1);
    try {
        request.request().infer();
    } catch (const std::exception& error) {
        throw Error(ErrorCode::kUnsupported, "the network does not run on this input: " + engine_reason(error));
    }
    request.collect();
    std::vector<Array> answers;
    const auto spans = request.answer(0);
    for (std::size_t index = 0; index < spans.size(); ++index) {
        Shape shape = request.answer_shape(index);
        if (graph_.outputs[index].info.batched) {
            shape.insert(shape.begin(), 1);
        }
        answers.emplace_back(std::move(shape), std::vector<float>(spans[index].begin(), spans[index].end()));
    }
    return answers;
}

}  // namespace pellucid::engine
