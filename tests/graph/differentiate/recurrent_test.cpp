// Recurrent cells and sequences. Written out, they must answer as the engine's own do, or the gradient explains another
// function; then their derivatives are checked like any other.
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "graph/differentiate/cases.hpp"
#include "graph/tape.hpp"
#include "openvino/opsets/opset16.hpp"
#include "pellucid/error.hpp"

namespace pellucid::graph::testing {
namespace {

namespace op = ov::op;
using Direction = op::RecurrentSequenceDirection;
using Names = std::vector<std::string>;

constexpr std::size_t kRows = 3, kSteps = 4, kInput = 3, kHidden = 2;

enum class Kind { kRnn, kGru, kGruLinear, kLstm };

std::size_t gates_of(Kind kind) { return kind == Kind::kLstm ? 4 : kind == Kind::kRnn ? 1 : 3; }

struct Options {
    Kind kind = Kind::kLstm;
    Direction direction = Direction::FORWARD;
    std::size_t output = 0;  ///< Y, H, C
    std::vector<std::int64_t> lengths = {};  ///< of the rows, again and again; empty: all steps
    bool lengths_are_read = false;  ///< the lengths depend on the input, as far as the graph can tell
    float clip = 0.0F;
    Names activations = {};
    bool weights_are_inputs = false;
    std::size_t steps = kSteps, hidden = kHidden;
};

Names activations_of(const Options& o) {
    if (!o.activations.empty()) return o.activations;
    if (o.kind == Kind::kRnn) return {"tanh"};
    if (o.kind == Kind::kLstm) return {"sigmoid", "tanh", "tanh"};
    return {"sigmoid", "tanh"};
}

/// How many rows x has, as a vector of one element.
Value rows_of(const Value& x) {
    return std::make_shared<op::v8::Gather>(std::make_shared<op::v3::ShapeOf>(x), ints({0}), integer(0));
}

/// The lengths of the rows: the options' repeated, or what importers write where a model gives none.
Value lengths_of(const Options& o, const Value& x) {
    const auto rows = rows_of(x);
    if (o.lengths.empty()) {
        const auto steps =
            std::make_shared<op::v8::Gather>(std::make_shared<op::v3::ShapeOf>(x), ints({1}), integer(0));
        return std::make_shared<op::v3::Broadcast>(steps, rows);
    }
    const auto many = std::make_shared<op::v0::Tile>(ints(o.lengths), rows);
    const auto lengths = std::make_shared<op::v8::Slice>(many, ints({0}), rows, ints({1}), ints({0}));
    if (!o.lengths_are_read) return lengths;
    const auto sums = std::make_shared<op::v1::ReduceSum>(x, ints({1, 2}), false);  // below 100 in magnitude
    const auto small = std::make_shared<op::v1::Multiply>(sums, floats({1}, 1, 1e-3, 2e-3));
    const auto none = std::make_shared<op::v0::Convert>(small, ov::element::i64);
    return std::make_shared<op::v1::Add>(lengths, none);
}

struct Weights {
    Value w, r, b;
};

Weights weights_of(const Options& o, std::size_t directions) {
    const auto rows = gates_of(o.kind) * o.hidden, biases = rows + (o.kind == Kind::kGruLinear ? o.hidden : 0);
    const double reach = 1.1 / std::sqrt(static_cast<double>(o.hidden));  // of sums that are not all saturated
    return {floats({directions, rows, kInput}, 31, -0.8, 0.8), floats({directions, rows, o.hidden}, 32, -reach, reach),
            floats({directions, biases}, 33, -0.5, 0.5)};
}

std::shared_ptr<ov::Node> sequence_node(const Options& o, const Values& in, const Weights& w) {
    const auto lengths = lengths_of(o, in[0]);
    const auto activations = activations_of(o);
    const auto h = in[1];
    const std::vector<float> none;
    if (o.kind == Kind::kRnn) {
        return std::make_shared<op::v5::RNNSequence>(in[0], h, lengths, w.w, w.r, w.b, o.hidden, o.direction,
                                                     activations, none, none, o.clip);
    }
    if (o.kind == Kind::kLstm) {
        return std::make_shared<op::v5::LSTMSequence>(in[0], h, in[2], lengths, w.w, w.r, w.b, o.hidden, o.direction,
                                                      none, none, activations, o.clip);
    }
    return std::make_shared<op::v5::GRUSequence>(in[0], h, lengths, w.w, w.r, w.b, o.hidden, o.direction, activations,
                                                 none, none, o.clip, o.kind == Kind::kGruLinear);
}

std::string name_of(const Options& o) {
    static const std::array kKinds{"RNN", "GRU", "GRU, linear before reset", "LSTM"};
    static const std::array kDirections{"forward", "reverse", "both ways"};
    std::string name = kKinds[static_cast<std::size_t>(o.kind)];
    name +=
        std::string(", ") + kDirections[static_cast<std::size_t>(o.direction)] + ", output " + std::to_string(o.output);
    if (!o.lengths.empty()) name += o.lengths_are_read ? ", lengths that are read" : ", lengths";
    if (o.clip > 0.0F) name += ", clip";
    for (const auto& activation : o.activations) name += ", " + activation;
    if (o.weights_are_inputs) name += ", by weights";
    if (o.hidden != kHidden) name += ", wide";
    return name;
}

/// A case of the input and the initial states; of the weights too where the options say so.
Case sequence(const Options& o) {
    const std::size_t directions = o.direction == Direction::BIDIRECTIONAL ? 2 : 1;
    Case c;
    c.name = name_of(o);
    c.inputs = {{.extents = {o.steps, kInput}}, {.extents = {directions, o.hidden}}};
    if (o.kind == Kind::kLstm) c.inputs.push_back({.extents = {directions, o.hidden}});
    // Steps that carry one of a hundred sums over a kink of the clip are off by a percent; a clip that is missed, by more.
    if (o.clip > 0.0F) c.tolerance = 2e-2;
    const auto first_weights = c.inputs.size();
    const auto given = weights_of(o, directions);
    if (o.weights_are_inputs) {
        for (const auto& w : {given.w, given.r, given.b}) {
            c.inputs.push_back({.extents = w.get_shape(), .low = -0.8, .high = 0.8, .batched = false});
        }
    }
    c.build = [=](const Values& in) -> Value {
        const auto w =
            o.weights_are_inputs ? Weights{in[first_weights], in[first_weights + 1], in[first_weights + 2]} : given;
        const auto node = sequence_node(o, in, w);
        node->set_friendly_name("layer");
        return node->output(o.output);
    };
    return c;
}

std::vector<Options> every_kind_and_direction() {
    std::vector<Options> all;
    for (const auto kind : {Kind::kRnn, Kind::kGru, Kind::kGruLinear, Kind::kLstm}) {
        for (const auto direction : {Direction::FORWARD, Direction::REVERSE, Direction::BIDIRECTIONAL}) {
            for (std::size_t output = 0; output < (kind == Kind::kLstm ? 3U : 2U); ++output) {
                all.push_back({.kind = kind, .direction = direction, .output = output});
                all.push_back({.kind = kind,
                               .direction = direction,
                               .output = output,
                               .lengths = {2, 4, 1},
                               .lengths_are_read = direction == Direction::REVERSE});
            }
        }
    }
    return all;
}

std::vector<Options> variants() {
    std::vector<Options> all;
    for (const auto kind : {Kind::kRnn, Kind::kGru, Kind::kGruLinear, Kind::kLstm}) {
        all.push_back({.kind = kind, .clip = 1.0F});
        all.push_back({.kind = kind, .direction = Direction::BIDIRECTIONAL, .weights_are_inputs = true});
        all.push_back({.kind = kind, .steps = 1});
        all.push_back({.kind = kind, .steps = 3, .hidden = 64});  // square matrices, forward and transposed
    }
    all.push_back({.kind = Kind::kRnn, .activations = {"sigmoid"}});
    all.push_back({.kind = Kind::kGru, .activations = {"tanh", "sigmoid"}});
    all.push_back({.kind = Kind::kLstm, .activations = {"tanh", "sigmoid", "sigmoid"}});
    all.push_back({.kind = Kind::kLstm, .output = 2, .clip = 1.0F});
    all.push_back({.kind = Kind::kLstm, .lengths = {4, 9}});
    return all;
}

Value first_lstm_cell(const Values& in, op::LSTMWeightsFormat format) {
    const auto rows = 4 * kHidden;
    const auto cell = std::make_shared<op::v0::LSTMCell>(in[0], in[1], in[2], floats({rows, kInput}, 41, -0.8, 0.8),
                                                         floats({rows, kHidden}, 42, -0.8, 0.8),
                                                         floats({rows}, 43, -0.5, 0.5), kHidden, format);
    cell->set_friendly_name("cell");
    return cell->output(0);
}

/// The cells alone: state after a step.
std::vector<Case> cells() {
    const auto of = [](const std::string& name, std::size_t states, const std::function<Value(const Values&)>& build) {
        Case c{.name = name, .inputs = {{.extents = {kInput}}, {.extents = {kHidden}}}, .build = build};
        if (states == 2) c.inputs.push_back({.extents = {kHidden}});
        return c;
    };
    const auto w = [](std::size_t gates) { return floats({gates * kHidden, kInput}, 41, -0.8, 0.8); };
    const auto r = [](std::size_t gates) { return floats({gates * kHidden, kHidden}, 42, -0.8, 0.8); };
    const auto b = [](std::size_t gates) { return floats({gates * kHidden}, 43, -0.5, 0.5); };
    const std::vector<float> none;
    std::vector<Case> all{
        of("RNNCell", 1,
           [=](const Values& in) -> Value {
               return std::make_shared<op::v0::RNNCell>(in[0], in[1], w(1), r(1), b(1), kHidden, Names{"tanh"});
           }),
        of("GRUCell", 1,
           [=](const Values& in) -> Value {
               return std::make_shared<op::v3::GRUCell>(in[0], in[1], w(3), r(3), b(3), kHidden,
                                                        Names{"sigmoid", "tanh"}, none, none, 0.0F, false);
           }),
        of("GRUCell, linear before reset", 1,
           [=](const Values& in) -> Value {
               return std::make_shared<op::v3::GRUCell>(in[0], in[1], w(3), r(3), b(4), kHidden,
                                                        Names{"sigmoid", "tanh"}, none, none, 0.4F, true);
           }),
    };
    for (const std::size_t output : {0U, 1U}) {
        all.push_back(of("LSTMCell, output " + std::to_string(output), 2, [=](const Values& in) -> Value {
            return std::make_shared<op::v4::LSTMCell>(in[0], in[1], in[2], w(4), r(4), b(4), kHidden)->output(output);
        }));
    }
    all.push_back(of("LSTMCell of the first opset", 2,
                     [=](const Values& in) -> Value { return first_lstm_cell(in, op::LSTMWeightsFormat::FICO); }));
    return all;
}

/// With a batch that is not fixed, the engine runs all rows to their last step, whatever their lengths: what it answers
/// is no reference then.
Case with_fixed_batch(Case c) {
    for (auto& input : c.inputs) {
        if (input.batched) input.extents.insert(input.extents.begin(), kRows);
        input.batched = false;
    }
    return c;
}

std::vector<Case> cases_of(const std::vector<Options>& options) {
    std::vector<Case> cases;
    for (const auto& o : options) cases.push_back(o.lengths.empty() ? sequence(o) : with_fixed_batch(sequence(o)));
    return cases;
}

GradientModel by_first_input(const std::shared_ptr<ov::Model>& model) {
    return differentiate(model, {model->get_parameters()[0]->output(0)}, model->get_results()[0]->input_value(0));
}

/// The score of the gradient model, written out with any batch, against what the engine itself answers.
void expect_same_forward(const Case& c) {
    SCOPED_TRACE(c.name);
    const auto made = by_first_input(model_of(c)).model;
    for (const auto& node : made->get_ordered_ops()) {
        EXPECT_FALSE(ov::is_type<op::util::RNNCellBase>(node)) << node->get_friendly_name();
    }
    const auto fixed = with_fixed_batch(c);
    auto whole = compile(model_of(fixed)), written_out = compile(made);
    Random random(3);
    auto inputs = tensors_of(fixed, 1, random);
    const auto expected = run(whole, inputs)[0];
    inputs.push_back(random_tensor(expected.get_shape(), random));
    const auto got = run(written_out, inputs)[0];
    ASSERT_EQ(got.get_shape(), expected.get_shape());
    // A dozen operations in single precision a step, of which none enlarges an error: 1e-6 of the norm.
    EXPECT_LE(relative_error(got, expected), 1e-6);
}

TEST(DifferentiateRecurrent, WrittenOutTheyAnswerAsTheEngineDoes) {
    for (const auto& o : every_kind_and_direction()) expect_same_forward(sequence(o));
    for (const auto& o : variants()) expect_same_forward(sequence(o));
    expect_same_forward(sequence({.kind = Kind::kRnn, .activations = {"relu"}}));
    for (const auto kind : {Kind::kRnn, Kind::kGru, Kind::kGruLinear, Kind::kLstm}) {
        expect_same_forward(sequence({.kind = kind, .clip = 0.3F}));  // most sums, and a cell's state were it clipped
    }
    for (const auto& c : cells()) expect_same_forward(c);
}

TEST(DifferentiateRecurrent, FirstDerivatives) { check_first_orders(cases_of(every_kind_and_direction())); }
TEST(DifferentiateRecurrent, FirstDerivativesOfVariants) { check_first_orders(cases_of(variants())); }
TEST(DifferentiateRecurrent, FirstDerivativesOfCells) { check_first_orders(cells()); }
TEST(DifferentiateRecurrent, DerivativesOfDerivatives) {
    check_second_orders(cells());
    std::vector<Options> some;
    for (const auto kind : {Kind::kRnn, Kind::kGru, Kind::kGruLinear, Kind::kLstm}) {
        some.push_back({.kind = kind});
        some.push_back({.kind = kind, .direction = Direction::BIDIRECTIONAL, .lengths = {2, 3, 1}, .steps = 3});
    }
    check_second_orders(cases_of(some));
}

std::size_t count(const ov::Model& model, const ov::DiscreteTypeInfo& type) {
    const auto nodes = model.get_ordered_ops();
    return static_cast<std::size_t>(
        std::count_if(nodes.begin(), nodes.end(), [&](const auto& node) { return node->get_type_info() == type; }));
}

/// Hundreds of steps: what they owe to the input is one product, the gradient by it another, and the rest is as many
/// operations a step as it is for few steps, of which none asks at run time what shape it has.
TEST(DifferentiateRecurrent, LongSequences) {
    constexpr std::size_t kLong = 512;
    const auto model_with = [](std::size_t steps) {
        return by_first_input(model_of(sequence({.steps = steps}))).model;
    };
    const auto longer = model_with(kLong);
    EXPECT_EQ(count(*longer, op::v0::MatMul::get_type_info_static()), 2 * kLong + 1);
    EXPECT_LE(longer->get_ordered_ops().size(), 55 * kLong);
    EXPECT_EQ(count(*longer, op::v3::ShapeOf::get_type_info_static()),
              count(*model_with(2), op::v3::ShapeOf::get_type_info_static()));
    const auto c = with_fixed_batch(sequence({.steps = kLong}));
    Random random(11);
    auto inputs = tensors_of(c, 1, random);
    auto forward = compile(model_of(c)), gradient = compile(longer);
    const auto expected = run(forward, inputs)[0];
    inputs.push_back(random_tensor(expected.get_shape(), random));
    const auto answers = run(gradient, inputs);
    // Each step rounds anew, and what it forgets of the steps before it forgets of their errors too.
    EXPECT_LE(relative_error(answers[0], expected), 2e-6);
    // Of <seed, y> along one direction, as central differences see it.
    const auto v = random_tensor(inputs[0].get_shape(), random);
    const auto at = [&](double h) {
        auto moved_inputs = std::vector<ov::Tensor>{moved(inputs[0], v, h), inputs[1], inputs[2]};
        return dot(run(forward, moved_inputs)[0], inputs[3]);
    };
    const double scale = norm(answers[1]) * norm(v) / std::sqrt(static_cast<double>(v.get_size()));
    EXPECT_NEAR((at(1e-2) - at(-1e-2)) / 2e-2, dot(answers[1], v), 2e-3 * scale);
}

TEST(DifferentiateRecurrent, SavedAndReadBack) {
    const auto c = sequence({.direction = Direction::BIDIRECTIONAL, .lengths = {2, 4, 1}});
    const auto made = by_first_input(model_of(c)).model;
    auto fresh = compile(made), read = compile(saved_and_read(made));
    Random random(5);
    auto inputs = tensors_of(c, kRows, random);
    inputs.push_back(random_tensor({kRows, 2, kSteps, kHidden}, random));
    const auto expected = run(fresh, inputs), got = run(read, inputs);
    EXPECT_GT(norm(expected[1]), 0.1);
    for (const std::size_t result : {0U, 1U}) EXPECT_EQ(relative_error(got[result], expected[result]), 0.0);
}

TEST(DifferentiateRecurrent, OffTheWayASequenceStaysWhole) {
    const auto c = sequence({});
    const auto x = std::make_shared<op::v0::Parameter>(ov::element::f32, ov::PartialShape{-1, kSteps, kInput});
    const auto z = std::make_shared<op::v0::Parameter>(ov::element::f32, ov::PartialShape{-1, 1, kHidden});
    const auto h = std::make_shared<op::v0::Parameter>(ov::element::f32, ov::PartialShape{-1, 1, kHidden});
    const auto aside = c.build({x, h, h});
    const auto steps = std::make_shared<op::v1::ReduceMean>(aside, ints({2}), false);
    const auto y = std::make_shared<op::v1::Multiply>(steps, z);
    const auto model = std::make_shared<ov::Model>(ov::OutputVector{y}, ov::ParameterVector{x, z, h});
    const auto type = op::v5::LSTMSequence::get_type_info_static();
    EXPECT_EQ(count(*differentiate(model, {z}, y).model, type), 1U);
    EXPECT_EQ(count(*differentiate(model, {x}, y).model, type), 0U);
    EXPECT_EQ(count(*differentiate(model, {steps}, y).model, type), 1U);
}

TEST(DifferentiateRecurrent, StepsThatAreNotKnownAreRefusedByNode) {
    auto c = sequence({});
    c.dynamic = true;
    const auto why = refusal(model_of(c));
    EXPECT_NE(why.find("LSTMSequence (node 'layer')"), std::string::npos) << why;
    EXPECT_NE(why.find("number of steps"), std::string::npos) << why;
}

TEST(DifferentiateRecurrent, WhatTheEngineDoesNotRunIsRefusedByName) {
    const auto why = refusal(model_of(sequence({.activations = {"hardsigmoid", "tanh", "tanh"}})));
    EXPECT_NE(why.find("'hardsigmoid'"), std::string::npos) << why;
    EXPECT_NE(why.find("'layer'"), std::string::npos) << why;
    auto first = cells().back();
    first.build = [](const Values& in) { return first_lstm_cell(in, op::LSTMWeightsFormat::IFCO); };
    const auto order = refusal(model_of(first));
    EXPECT_NE(order.find("LSTMCell (node 'cell')"), std::string::npos) << order;
    EXPECT_NE(order.find("another order"), std::string::npos) << order;
}

/// Gates times (inputs + states) for each state, step, direction and row.
TEST(DifferentiateRecurrent, Macs) {
    for (const auto kind : {Kind::kRnn, Kind::kGru, Kind::kLstm}) {
        const auto c = with_fixed_batch(sequence({.kind = kind, .direction = Direction::BIDIRECTIONAL}));
        const auto node = model_of(c)->get_results()[0]->input_value(0).get_node_shared_ptr();
        const auto expected = gates_of(kind) * (kInput + kHidden) * kHidden * kSteps * 2 * kRows;
        EXPECT_EQ(facts_of(*node)->macs(*node), static_cast<std::int64_t>(expected)) << c.name;
    }
    for (const auto& c : cells()) {
        const auto node = model_of(with_fixed_batch(c))->get_results()[0]->input_value(0).get_node_shared_ptr();
        const std::size_t gates = c.name.starts_with("L") ? 4 : c.name.starts_with("G") ? 3 : 1;
        EXPECT_EQ(facts_of(*node)->macs(*node),
                  static_cast<std::int64_t>(gates * (kInput + kHidden) * kHidden * kRows));
    }
}

}  // namespace
}  // namespace pellucid::graph::testing
