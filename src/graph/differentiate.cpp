#include "graph/differentiate.hpp"

#include <cstring>

#include "graph/duplicate.hpp"
#include "graph/reverse.hpp"
#include "graph/tape.hpp"
#include "graph/weights.hpp"
#include "pellucid/error.hpp"

namespace pellucid::graph {
namespace {

namespace op = ov::op;

/// "grad/", or "grad2/" for the gradient of a gradient, and so on.
std::string free_prefix(const Duplicate& copy) {
    for (int level = 1;; ++level) {
        const std::string prefix = level == 1 ? "grad/" : "grad" + std::to_string(level) + "/";
        const bool taken = std::any_of(copy.nodes.begin(), copy.nodes.end(),
                                       [&](const auto& node) { return node->get_friendly_name().starts_with(prefix); });
        if (!taken) return prefix;
    }
}

Value find_tensor(const Duplicate& copy, const Value& tensor) {
    const auto found = copy.tensors.find(tensor);
    if (found == copy.tensors.end()) {
        throw Error(ErrorCode::kUsage, "'" + tensor.get_node()->get_friendly_name() + "' is not a tensor of this model",
                    "take it from the model that is differentiated");
    }
    return found->second;
}

void check_types(const std::vector<Value>& wrt, const Value& of) {
    const auto check = [](const Value& v, const char* role) {
        if (!v.get_element_type().is_real()) {
            throw Error(ErrorCode::kUnsupported,
                        std::string("the ") + role + " '" + v.get_node()->get_friendly_name() + "' has type " +
                            v.get_element_type().get_type_name() + ", which has no derivative",
                        "choose a floating-point tensor (for token inputs, the embedding)");
        }
    };
    for (const auto& v : wrt) check(v, "tensor to differentiate by");
    check(of, "tensor to differentiate");
}

std::shared_ptr<op::v0::Result> result(const Value& v, const std::string& name) {
    const auto made = std::make_shared<op::v0::Result>(v);
    made->set_friendly_name(name);
    return made;
}

struct Request {
    const std::vector<Value>& wrt;
    const Value& of;
    const std::vector<Value>& keep;
    const RuleSet& rules;
};

GradientModel build(const std::shared_ptr<ov::Model>& model, const Request& request, bool dry) {
    check_types(request.wrt, request.of);
    std::vector<Value> kept = request.wrt;
    kept.push_back(request.of);
    kept.insert(kept.end(), request.keep.begin(), request.keep.end());
    const auto copy = duplicate(model, kept, {request.wrt, request.of}, dry);
    const auto prefix = free_prefix(copy);
    Tape tape(prefix, dry);
    tape.parameter = request.rules.parameter;
    tape.amend = request.rules.amend;

    const auto of = find_tensor(copy, request.of);
    std::vector<Value> wrt;
    for (const auto& v : request.wrt) wrt.push_back(find_tensor(copy, v));
    auto parameters = copy.parameters;
    const auto seed = std::make_shared<op::v0::Parameter>(of.get_element_type(), of.get_partial_shape());
    seed->set_friendly_name(prefix + "seed");
    seed->output(0).get_tensor().set_names({prefix + "seed"});
    parameters.push_back(seed);
    if (request.rules.twin) {
        for (const auto& baseline : make_twin(copy, prefix, tape)) parameters.push_back(baseline);
    }

    const auto gradients = reverse(copy.nodes, {wrt, of, Cotangent{seed->output(0), false}}, request.rules, tape);

    ov::ResultVector results{result(of, prefix + "of")};
    for (std::size_t i = 0; i < request.keep.size(); ++i) {
        results.push_back(result(find_tensor(copy, request.keep[i]), prefix + "keep/" + std::to_string(i)));
    }
    for (std::size_t i = 0; i < gradients.size(); ++i) {
        results.push_back(result(gradients[i], prefix + "gradient/" + std::to_string(i)));
    }
    GradientModel made;
    const auto name = model->get_friendly_name() + "/" + prefix.substr(0, prefix.size() - 1);
    made.model = std::make_shared<ov::Model>(results, parameters, name);
    made.seed_parameter = copy.parameters.size();
    made.notes = tape.notes;
    return made;
}

/// The constant that weights are read from, behind conversions and reshapes; null where there is none.
const op::v0::Constant* stored(const Value& w) {
    const auto* node = w.get_node();
    while (node->get_input_size() > 0) node = node->get_input_node_ptr(0);
    return ov::as_type<const op::v0::Constant>(node);
}

/// Equal constants are merged when a model is saved, so equal bytes count as one buffer.
bool same_weights(const Value& a, const Value& b) {
    const auto* left = stored(a);
    const auto* right = stored(b);
    if (left == nullptr || right == nullptr) return a == b;
    if (left->get_data_ptr() == right->get_data_ptr()) return true;
    return left->get_byte_size() == right->get_byte_size() &&
           std::memcmp(left->get_data_ptr(), right->get_data_ptr(), left->get_byte_size()) == 0;
}

/// Which way an op reads its weights: two ops that read one buffer different ways get each other's packing.
enum class Reading { kNone, kForward, kBackward };

Reading reading_of(const ov::Node& node) {
    if (ov::is_type<op::v1::Convolution>(&node) || ov::is_type<op::v1::GroupConvolution>(&node)) {
        return Reading::kForward;
    }
    if (ov::is_type<op::v1::ConvolutionBackpropData>(&node) ||
        ov::is_type<op::v1::GroupConvolutionBackpropData>(&node)) {
        return Reading::kBackward;
    }
    if (const auto* product = ov::as_type<const op::v0::MatMul>(&node)) {
        if (!is_weights(node.input_value(1))) return Reading::kNone;
        return product->get_transpose_b() ? Reading::kForward : Reading::kBackward;
    }
    return Reading::kNone;
}

void guard(const std::shared_ptr<ov::Node>& node) {
    const auto name = node->get_friendly_name();
    int made = 0;
    const auto called = [&](ov::Node& fresh) { fresh.set_friendly_name(name + "/guard/" + std::to_string(made++)); };
    const auto negative = [&](const Value& v) {
        const auto fresh = std::make_shared<op::v0::Negative>(v);
        called(*fresh);
        return fresh->output(0);
    };
    const auto targets = node->output(0).get_target_inputs();
    const auto names = node->output(0).get_names();
    node->input(1).replace_source_output(negate_weights(node->input_value(1), true, negative, called));
    const auto restored = std::make_shared<op::v0::Negative>(node->output(0));
    for (auto target : targets) target.replace_source_output(restored->output(0));
    node->output(0).get_tensor().set_names({});
    restored->output(0).get_tensor().set_names(names);
    node->set_friendly_name(name + "/guarded");
    restored->set_friendly_name(name);
}

}  // namespace

GradientModel differentiate(const std::shared_ptr<ov::Model>& model, const std::vector<Value>& wrt, const Value& of,
                            const std::vector<Value>& keep, const RuleSet& rules) {
    return build(model, {wrt, of, keep, rules}, false);
}

std::string why_not_differentiable(const std::shared_ptr<ov::Model>& model, const std::vector<Value>& wrt,
                                   const Value& of, const RuleSet& rules) {
    try {
        build(model, {wrt, of, {}, rules}, true);
        return {};
    } catch (const Error& error) {
        return error.what();
    }
}

int guard_tied_weights(const std::shared_ptr<ov::Model>& model) {
    std::vector<Value> forward;
    std::vector<std::shared_ptr<ov::Node>> backward;
    for (const auto& node : model->get_ordered_ops()) {
        const auto reading = reading_of(*node);
        if (reading == Reading::kForward) forward.push_back(node->input_value(1));
        if (reading == Reading::kBackward) backward.push_back(node);
    }
    int rewritten = 0;
    for (const auto& node : backward) {
        const auto w = node->input_value(1);
        const bool tied =
            std::any_of(forward.begin(), forward.end(), [&](const auto& f) { return same_weights(f, w); });
        if (!tied) continue;
        guard(node);
        ++rewritten;
    }
    return rewritten;
}

}  // namespace pellucid::graph
