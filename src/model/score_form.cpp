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

Transform by_kind(const LogitTensor& logits, OutputKind kind, Score score) {
    switch (kind) {
        case OutputKind::kLogits:
            return by_activation(logits, true, score);
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
    const Transform transform = logits.found.empty() ? by_kind(logits, impl.card.outputs[output].kind, score)
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

ov::Output<ov::Node> scored_by(const ScoreForm& form, const ov::Output<ov::Node>& logits) {
    switch (form.transform) {
        case Transform::kIdentity:
            return logits;
        case Transform::kSoftmax:
            return named<op::v8::Softmax>("softmax", logits, form.axis);
        case Transform::kLogSoftmax:
            return named<op::v5::LogSoftmax>("log-softmax", logits, form.axis);
        case Transform::kSigmoid:
            return named<op::v0::Sigmoid>("sigmoid", logits);
        case Transform::kLogSigmoid: {
            const auto minus = named<op::v0::Negative>("minus", logits);
            return named<op::v0::Negative>("log-sigmoid", named<op::v4::SoftPlus>("softplus", minus));
        }
        case Transform::kExp:
            return named<op::v0::Exp>("exp", logits);
        case Transform::kLog:
            return named<op::v0::Log>("log", named<op::v0::Clamp>("clamp", logits, kLeastProbability, 1.0));
    }
    return logits;
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

bool answers_classes(const Model::Impl& impl, std::size_t output) {
    const OutputCard& card = impl.card.outputs[output];
    return card.class_axis && card.kind != OutputKind::kOther && card.kind != OutputKind::kBoxes;
}

Row row_of(const Model::Impl& impl, const Logits& logits, std::size_t output, const ScoreForm& form) {
    Row row;
    row.values = scored_by(form, logits.tensors[output]);
    row.batched = logits.batched[output];
    Shape shape = row.values.shape();
    if (row.batched) {
        shape.erase(shape.begin());
        row.values = row.values.reshaped(shape);
    }
    const std::size_t axis = static_cast<std::size_t>(form.axis) - (row.batched ? 1 : 0);
    const bool has_axis = impl.card.outputs[output].class_axis.has_value() || !logits_of(impl, output).found.empty();
    if (has_axis && axis < shape.size()) {
        row.class_axis = axis;
    }
    return row;
}

}  // namespace pellucid::model
