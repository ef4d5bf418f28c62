#include "model/score_model.hpp"

#include <limits>
#include <numeric>
#include <set>

#include "openvino/op/constant.hpp"
#include "openvino/op/divide.hpp"
#include "openvino/op/equal.hpp"
#include "openvino/op/logical_and.hpp"
#include "openvino/op/maximum.hpp"
#include "openvino/op/not_equal.hpp"
#include "openvino/op/parameter.hpp"
#include "openvino/op/reduce_max.hpp"
#include "openvino/op/reduce_sum.hpp"
#include "openvino/op/result.hpp"
#include "openvino/op/select.hpp"
#include "openvino/op/shape_of.hpp"

#include "model/logits.hpp"
#include "model/score_form.hpp"
#include "pellucid/error.hpp"

namespace pellucid::model {

namespace {

namespace op = ov::op;
using Value = ov::Output<ov::Node>;

/// Visits what `from` is computed of, shapes left aside; `stop` is not passed through.
template <class Visit>
void visit_sources(const Value& from, const ov::Node* stop, const Visit& visit) {
    std::set<const ov::Node*> seen;
    std::vector<const ov::Node*> waiting{from.get_node()};
    while (!waiting.empty()) {
        const ov::Node* node = waiting.back();
        waiting.pop_back();
        const bool shape = ov::is_type<op::v0::ShapeOf>(node) || ov::is_type<op::v3::ShapeOf>(node);
        if (node == stop || shape || !seen.insert(node).second) {
            continue;
        }
        visit(node);
        for (std::size_t port = 0; port < node->get_input_size(); ++port) {
            waiting.push_back(node->get_input_node_ptr(port));
        }
    }
}

/// Makes the nodes of `seed_by_mask`, named one after the other.
class Namer {
public:
    template <class Op, class... Arguments>
    Value make(Arguments&&... arguments) {
        const auto node = std::make_shared<Op>(std::forward<Arguments>(arguments)...);
        node->set_friendly_name("pellucid/maximum/" + std::to_string(count_++));
        return node->output(0);
    }

private:
    int count_ = 0;
};

}  // namespace

ScoreModel score_model(const Model::Impl& impl, const ScoreTensor& tensor) {
    const auto copy = impl.network->clone();
    const LogitTensor known = logits_of(impl, tensor.output);
    const LogitTensor logits = find_logits(*copy, tensor.output, known.axis);
    ScoreModel scored;
    scored.score = scored_by(form_of(impl, tensor.output, tensor.score), logits);
    const auto result = std::make_shared<op::v0::Result>(scored.score);
    result->set_friendly_name("pellucid/score/result");
    scored.model = std::make_shared<ov::Model>(ov::ResultVector{result}, copy->get_parameters(), "pellucid/score");
    return scored;
}

std::size_t usual_output(const Model::Impl& impl) {
    for (std::size_t output = 0; output < impl.card.outputs.size(); ++output) {
        if (answers_classes(impl, output)) {
            return output;
        }
    }
    return 0;
}

std::vector<std::size_t> float_inputs(const ScoreModel& scored) {
    std::set<const ov::Node*> reached;
    visit_sources(scored.score, nullptr, [&](const ov::Node* node) {
        if (ov::is_type<op::v0::Parameter>(node) && node->get_output_element_type(0).is_real()) {
            reached.insert(node);
        }
    });
    std::vector<std::size_t> inputs;
    const ov::ParameterVector& parameters = scored.model->get_parameters();
    for (std::size_t index = 0; index < parameters.size(); ++index) {
        if (reached.count(parameters[index].get()) != 0) {
            inputs.push_back(index);
        }
    }
    return inputs;
}

std::string no_float_input(const Model& model) {
    std::string types;
    for (const TensorInfo& input : model.inputs()) {
        types += (types.empty() ? "" : ", ") + ("'" + input.name + "' is " + input.type);
    }
    return "the model has no floating-point input to take a gradient of (" + types +
           "): for token ids it would start at the embedding, which is not there yet";
}

bool carries_all(const ScoreModel& scored, const Value& layer) {
    bool passed = false;
    visit_sources(scored.score, layer.get_node(),
                  [&](const ov::Node* node) { passed = passed || ov::is_type<op::v0::Parameter>(node); });
    const auto& outputs = layer.get_node()->outputs();
    const bool alone = std::all_of(outputs.begin(), outputs.end(), [&layer](const auto& output) {
        return output.get_index() == layer.get_index() || output.get_target_inputs().empty();
    });
    return !passed && alone;
}

std::string layer_name(const Value& layer) {
    const std::string& name = layer.get_node()->get_friendly_name();
    return layer.get_index() == 0 ? name : name + ":" + std::to_string(layer.get_index());
}

void seed_by_mask(graph::GradientModel& gradient) {
    const Value mask = gradient.model->get_parameters()[gradient.seed_parameter]->output(0);
    const auto consumers = mask.get_target_inputs();
    const Value score = gradient.model->get_results().front()->input_value(0);
    const ov::element::Type type = score.get_element_type();
    std::vector<std::int64_t> axes(score.get_partial_shape().size() - 1);
    std::iota(axes.begin(), axes.end(), 1);
    Namer namer;
    const auto scalar = [&](double value) {
        return namer.make<op::v0::Constant>(type, ov::Shape{}, std::vector<double>{value});
    };
    const Value all = namer.make<op::v0::Constant>(ov::element::i64, ov::Shape{axes.size()}, axes);
    const Value zero = scalar(0.0);
    const Value selected = namer.make<op::v1::NotEqual>(mask, zero);
    const Value least = scalar(static_cast<double>(std::numeric_limits<float>::lowest()));
    const Value candidates = namer.make<op::v1::Select>(selected, score, least);
    const Value largest = namer.make<op::v1::ReduceMax>(candidates, all, true);
    const Value is_largest = namer.make<op::v1::Equal>(candidates, largest);
    const Value hit = namer.make<op::v1::LogicalAnd>(is_largest, selected);
    const Value one = scalar(1.0);
    const Value hits = namer.make<op::v1::Select>(hit, one, zero);
    const Value ties = namer.make<op::v1::ReduceSum>(hits, all, true);
    const Value counted = namer.make<op::v1::Maximum>(ties, one);
    const Value seed = namer.make<op::v1::Divide>(hits, counted);
    for (ov::Input<ov::Node> consumer : consumers) {
        consumer.replace_source_output(seed);
    }
    gradient.model->validate_nodes_and_infer_types();
}

}  // namespace pellucid::model
