#include "model/score_form.hpp"

#include <algorithm>
#include <cmath>

#include "openvino/op/clamp.hpp"
#include "openvino/op/exp.hpp"
#include "openvino/op/log.hpp"
#include "openvino/op/log_softmax.hpp"
#include "openvino/op/negative.hpp"
#include "openvino/op/sigmoid.hpp"
#include "openvino/op/softmax.hpp"
#include "openvino/op/softplus.hpp"

#include "model/logits.hpp"

namespace pellucid::model {

namespace {

namespace op = ov::op;

/// Below this a probability's logarithm is cut off, where there are no logits to take it from.
constexpr double kLeastProbability = 1e-12;

bool has_several_classes(const LogitTensor& logits) {
    const ov::PartialShape& shape = logits.tensor.get_partial_shape();
    return shape.rank().is_static() && shape.size() > static_cast<std::size_t>(logits.axis) &&
           (shape[static_cast<std::size_t>(logits.axis)].is_dynamic() ||
            shape[static_cast<std::size_t>(logits.axis)] != 1);
}

Transform by_activation(const LogitTensor& logits, bool softmax, Score score) {
    if (score == Score::kLogit) {
        return Transform::kIdentity;
    }
    if (softmax && has_several_classes(logits)) {
        return score == Score::kProbability ? Transform::kSoftmax : Transform::kLogSoftmax;
    }
    return score == Score::kProbability ? Transform::kSigmoid : Transform::kLogSigmoid;
}

Transform by_card(const LogitTensor& logits, const OutputCard& card, Score score) {
    switch (card.kind) {
        case OutputKind::kLogits:
            return by_activation(logits, !card.independent, score);
        case OutputKind::kProbabilities:
            return score == Score::kLogProbability ? Transform::kLog : Transform::kIdentity;
        case OutputKind::kLogProbabilities:
            return score == Score::kProbability ? Transform::kExp : Transform::kIdentity;
        default:
            return Transform::kIdentity;
    }
}

struct AxisWalk {
    std::size_t outer = 1, extent = 1, inner = 1;
    AxisWalk(const Shape& shape, std::size_t axis) {
        for (std::size_t at = 0; at < shape.size(); ++at) {
            (at < axis ? outer : at == axis ? extent : inner) *= static_cast<std::size_t>(shape[at]);
        }
    }
};

void softmax(Array& values, std::size_t axis, bool logs) {
    const AxisWalk walk(values.shape(), axis);
    for (std::size_t outer = 0; outer < walk.outer; ++outer) {
        for (std::size_t inner = 0; inner < walk.inner; ++inner) {
            const auto at = [&](std::size_t k) { return (outer * walk.extent + k) * walk.inner + inner; };
            double largest = -INFINITY, sum = 0.0;
            for (std::size_t k = 0; k < walk.extent; ++k) {
                largest = std::max(largest, double{values[at(k)]});
            }
            for (std::size_t k = 0; k < walk.extent; ++k) {
                sum += std::exp(double{values[at(k)]} - largest);
            }
            for (std::size_t k = 0; k < walk.extent; ++k) {
                const double log_share = double{values[at(k)]} - largest - std::log(sum);
                values[at(k)] = static_cast<float>(logs ? log_share : std::exp(log_share));
            }
        }
    }
}

double transformed(Transform transform, double x) {
    switch (transform) {
        case Transform::kSigmoid:
            return 1.0 / (1.0 + std::exp(-x));
        case Transform::kLogSigmoid:
            return -(std::max(-x, 0.0) + std::log1p(std::exp(-std::abs(x))));
        case Transform::kExp:
            return std::exp(x);
        case Transform::kLog:
            return std::log(std::clamp(x, kLeastProbability, 1.0));
        default:
            return x;
    }
}

template <class Op, class... Arguments>
ov::Output<ov::Node> named(const char* name, Arguments&&... arguments) {
    const auto node = std::make_shared<Op>(std::forward<Arguments>(arguments)...);
    node->set_friendly_name(std::string("pellucid/score/") + name);
    return node->output(0);
}

}  // namespace

ScoreForm form_of(const Model::Impl& impl, std::size_t output, Score score) {
    const LogitTensor logits = logits_of(impl, output);
    const Transform transform = logits.found.empty() ? by_card(logits, impl.card.outputs[output], score)
                                                     : by_activation(logits, logits.found != "sigmoid", score);
    return {transform, logits.axis};
}

ScoreForm form_of_output(const Model::Impl& impl, std::size_t output) {
    const LogitTensor logits = logits_of(impl, output);
    const Transform transform = logits.found == "softmax"       ? Transform::kSoftmax
                                : logits.found == "log-softmax" ? Transform::kLogSoftmax
                                : logits.found == "sigmoid"     ? Transform::kSigmoid
                                                                : Transform::kIdentity;
    return {transform, logits.axis};
}

ov::Output<ov::Node> scored_by(const ScoreForm& form, const LogitTensor& logits) {
    switch (form.transform) {
        case Transform::kIdentity:
            return as_output(logits, logits.tensor);
        case Transform::kSoftmax:
            return as_output(logits, named<op::v8::Softmax>("softmax", logits.tensor, form.axis));
        case Transform::kLogSoftmax:
            return as_output(logits, named<op::v5::LogSoftmax>("log-softmax", logits.tensor, form.axis));
        case Transform::kSigmoid:
            return as_output(logits, named<op::v0::Sigmoid>("sigmoid", logits.tensor));
        case Transform::kLogSigmoid: {
            const auto minus = named<op::v0::Negative>("minus", logits.tensor);
            const auto plus = named<op::v4::SoftPlus>("softplus", minus);
            return as_output(logits, named<op::v0::Negative>("log-sigmoid", plus));
        }
        case Transform::kExp:
            return named<op::v0::Exp>("exp", logits.tensor);
        case Transform::kLog:
            return named<op::v0::Log>("log", named<op::v0::Clamp>("clamp", logits.tensor, kLeastProbability, 1.0));
    }
    return logits.tensor;
}

Array scored_by(const ScoreForm& form, const Array& logits) {
    Array values = logits;
    if (form.transform == Transform::kSoftmax || form.transform == Transform::kLogSoftmax) {
        softmax(values, static_cast<std::size_t>(form.axis), form.transform == Transform::kLogSoftmax);
        return values;
    }
    for (float& value : values.values()) {
        value = static_cast<float>(transformed(form.transform, double{value}));
    }
    return values;
}

std::int64_t Row::classes() const {
    return class_axis ? values.shape()[*class_axis] : static_cast<std::int64_t>(values.size());
}

std::int64_t Row::positions() const {
    const std::int64_t count = classes();
    return count == 0 ? 0 : static_cast<std::int64_t>(values.size()) / count;
}

Shape Row::grid() const {
    Shape shape = values.shape();
    if (class_axis) {
        shape.erase(shape.begin() + static_cast<std::ptrdiff_t>(*class_axis));
    }
    return shape;
}

std::size_t Row::class_at(std::size_t element) const { return element / inner() % static_cast<std::size_t>(classes()); }

std::size_t Row::position_at(std::size_t element) const {
    const std::size_t behind = inner();
    return element / (behind * static_cast<std::size_t>(classes())) * behind + element % behind;
}

std::size_t Row::inner() const {
    std::size_t behind = 1;
    for (std::size_t axis = class_axis.value_or(values.rank()) + 1; axis < values.rank(); ++axis) {
        behind *= static_cast<std::size_t>(values.shape()[axis]);
    }
    return behind;
}

namespace {

/// The axis of the classes in an output, batch included.
std::optional<int> class_axis_of(const Model::Impl& impl, std::size_t output) {
    const LogitTensor logits = logits_of(impl, output);
    if (logits.output_axis) {
        return logits.output_axis;
    }
    const std::optional<int> said = impl.card.outputs[output].class_axis;
    return said || logits.found != "sigmoid" ? said : 1;
}

}  // namespace

bool answers_classes(const Model::Impl& impl, std::size_t output) {
    const OutputCard& card = impl.card.outputs[output];
    const bool has_axis = card.class_axis || logits_of(impl, output).output_axis;
    return has_axis && card.kind != OutputKind::kOther && card.kind != OutputKind::kBoxes;
}

Row row_of(const Model::Impl& impl, const Logits& logits, std::size_t output, const ScoreForm& form) {
    Row row;
    const bool softmax = form.transform == Transform::kSoftmax || form.transform == Transform::kLogSoftmax;
    if (const auto logs = logits.logs.find(output); softmax && logs != logits.logs.end()) {
        const Transform rest = form.transform == Transform::kSoftmax ? Transform::kExp : Transform::kIdentity;
        row.values = scored_by({rest, form.axis}, logs->second);
    } else {
        row.values = scored_by(form, logits.tensors[output]);
    }
    row.batched = logits.batched[output];
    Shape shape = row.values.shape();
    if (row.batched) {
        shape.erase(shape.begin());
        row.values = row.values.reshaped(shape);
    }
    const std::optional<int> axis = class_axis_of(impl, output);
    const int batch = row.batched ? 1 : 0;
    if (axis && *axis >= batch && *axis - batch < static_cast<int>(shape.size())) {
        row.class_axis = static_cast<std::size_t>(*axis - batch);
    }
    return row;
}

}  // namespace pellucid::model
