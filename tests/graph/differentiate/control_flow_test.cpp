// Branches and loops: written out where they are known, against the engine's own answer and by finite differences;
// refused by node where they are not.
#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "graph/differentiate/cases.hpp"
#include "graph/tape.hpp"
#include "openvino/opsets/opset16.hpp"
#include "pellucid/error.hpp"

namespace pellucid::graph::testing {
namespace {

namespace op = ov::op;
using Iterator = op::v0::TensorIterator;
using Loop = op::v5::Loop;

std::shared_ptr<op::v0::Parameter> inner(const ov::PartialShape& shape, ov::element::Type type = ov::element::f32) {
    return std::make_shared<op::v0::Parameter>(type, shape);
}
Value add(const Value& a, const Value& b) { return std::make_shared<op::v1::Add>(a, b); }
Value multiply(const Value& a, const Value& b) { return std::make_shared<op::v1::Multiply>(a, b); }
Value tanh_of(const Value& x) { return std::make_shared<op::v0::Tanh>(x); }
Value product(const Value& x, const Value& w) { return std::make_shared<op::v0::MatMul>(x, w, false, true); }
Value truth(bool value) { return op::v0::Constant::create(ov::element::boolean, ov::Shape{}, {value})->output(0); }

/// Which slices an iterator takes of [batch, 6, 2], and in which order it puts its answers together.
struct Cut {
    std::int64_t start = 0, stride = 1, part = 1, end = -1;
    bool answers_backward = false;
    bool last = false;  ///< the state after the last iteration instead of all
};

/// s' = tanh(x_k w + s a + z), from s = z: slices, a state, and an input that every iteration reads.
Value iterate(const Values& in, const Cut& cut) {
    const auto x = inner({-1, cut.part, 2}), s = inner({-1, cut.part, 2}), z = inner({-1, 1, 2});
    const auto next = tanh_of(add(add(product(x, floats({2, 2}, 3)), product(s, floats({2, 2}, 4, -1, 1))), z));
    const auto doubled = multiply(next, floats({1}, 5));
    const auto loop = std::make_shared<Iterator>();
    loop->set_body(std::make_shared<ov::Model>(ov::OutputVector{next, doubled}, ov::ParameterVector{x, s, z}));
    loop->set_sliced_input(x, in[0], cut.start, cut.stride, cut.part, cut.end, 1);
    const Value first =
        cut.part == 1 ? in[1] : Value(std::make_shared<op::v0::Concat>(ov::OutputVector{in[1], in[1]}, 1));
    loop->set_merged_input(s, first, next);
    loop->set_invariant_input(z, in[1]);
    const auto state = loop->get_iter_value(next, -1);
    const auto all = cut.answers_backward ? loop->get_concatenated_slices(doubled, -1, -cut.part, cut.part, 0, 1)
                                          : loop->get_concatenated_slices(doubled, 0, cut.part, cut.part, -1, 1);
    loop->set_friendly_name("iterator");
    return cut.last ? state : all;
}

Case iterator(const std::string& name, const Cut& cut) {
    return {.name = name, .inputs = {{.extents = {6, 2}}, {.extents = {1, 2}}}, .build = [=](const Values& in) {
                return iterate(in, cut);
            }};
}

/// What a loop is told: its trip count, and after which iteration its condition, counted in the body, becomes false.
struct Turns {
    Value trips = integer(4);
    bool begins = true;
    std::int64_t last = 100;
    bool counts_itself = false;  ///< by a state of its own, not by the loop's counter
};

/// s' = tanh(s w) + s k / 4 in iteration k, and the sum of all.
Value loop_of(const Value& x, const Turns& turns, bool all) {
    const auto s = inner({-1, 3}),
               k = inner(turns.counts_itself ? ov::PartialShape{1} : ov::PartialShape{}, ov::element::i64);
    const auto counter = std::make_shared<op::v0::Convert>(k, ov::element::f32);
    const auto scale = std::make_shared<op::v1::Divide>(counter, floats({1}, 6, 4.0, 4.0));
    const auto next = add(tanh_of(product(s, floats({3, 3}, 7, -1, 1))), multiply(s, scale));
    const auto counted = add(k, integer(1));
    const Value goes_on = std::make_shared<op::v1::Less>(k, integer(turns.last));
    const auto one = std::make_shared<op::v1::Reshape>(goes_on, ints({1}), false);
    const auto step = std::make_shared<op::v0::Unsqueeze>(next, ints({1}));
    const auto loop = std::make_shared<Loop>(turns.trips, truth(turns.begins));
    loop->set_function(
        std::make_shared<ov::Model>(ov::OutputVector{one, next, counted, step}, ov::ParameterVector{s, k}));
    loop->set_merged_input(s, x, next);
    if (turns.counts_itself) loop->set_merged_input(k, ints({0}), counted);
    loop->set_special_body_ports({turns.counts_itself ? -1 : 1, 0});
    const auto last = loop->get_iter_value(next, -1);
    const auto together = loop->get_concatenated_slices(step, 0, 1, 1, -1, 1);
    loop->set_friendly_name("loop");
    return all ? together : last;
}

Case loop(const std::string& name, const std::function<Turns(const Value&)>& turns, bool all) {
    return smooth(name, {3}, [=](const Values& in) { return loop_of(in[0], turns(in[0]), all); });
}

/// The last extent of x, which is fixed though its batch is not.
Value width_of(const Value& x) {
    return std::make_shared<op::v8::Gather>(std::make_shared<op::v3::ShapeOf>(x), ints({1}), integer(0));
}

/// An If: x w in one branch, tanh(x) in the other.
Value choose(const Value& condition, const Value& x, const ov::PartialShape& shape = {-1, 3}) {
    const auto a = inner(shape), b = inner(shape);
    const auto then =
        std::make_shared<ov::Model>(ov::OutputVector{product(a, floats({3, 3}, 8, -1, 1))}, ov::ParameterVector{a});
    const auto other = std::make_shared<ov::Model>(ov::OutputVector{tanh_of(b)}, ov::ParameterVector{b});
    const auto choice = std::make_shared<op::v8::If>(condition);
    choice->set_then_body(then);
    choice->set_else_body(other);
    choice->set_input(x, a, b);
    choice->set_friendly_name("choice");
    return choice->set_output(then->get_results()[0], other->get_results()[0]);
}

/// Even iterations take one branch, odd ones the other; each iterates three times over the columns.
Value nested(const Value& x) {
    const auto s = inner({-1, 3}), k = inner({}, ov::element::i64);
    const auto odd = std::make_shared<op::v1::Equal>(std::make_shared<op::v1::Mod>(k, integer(2)), integer(1));
    const auto chosen = choose(odd, s);
    const auto column = inner({-1, 1}), sum = inner({-1, 1});
    const auto next_sum = tanh_of(add(multiply(column, floats({1}, 9)), sum));
    const auto columns = std::make_shared<Iterator>();
    columns->set_body(std::make_shared<ov::Model>(ov::OutputVector{next_sum}, ov::ParameterVector{column, sum}));
    columns->set_sliced_input(column, chosen, 0, 1, 1, -1, 1);
    columns->set_merged_input(sum, std::make_shared<op::v1::ReduceSum>(s, ints({1}), true), next_sum);
    const auto next = columns->get_concatenated_slices(next_sum, 0, 1, 1, -1, 1);
    const auto outer = std::make_shared<Loop>(integer(3), truth(true));
    outer->set_function(std::make_shared<ov::Model>(ov::OutputVector{truth(true), next}, ov::ParameterVector{s, k}));
    outer->set_merged_input(s, x, next);
    outer->set_special_body_ports({1, 0});
    const auto last = outer->get_iter_value(next, -1);
    outer->set_friendly_name("outer");
    return last;
}

std::vector<Case> iterators() {
    return {
        iterator("TensorIterator", {}),
        iterator("TensorIterator, last state", {.last = true}),
        iterator("TensorIterator, backward", {.start = -1, .stride = -1, .end = 0}),
        iterator("TensorIterator, answers backward", {.answers_backward = true}),
        iterator("TensorIterator, two at a time", {.stride = 2, .part = 2}),
        iterator("TensorIterator, two at a time, backward", {.start = -1, .stride = -2, .part = 2, .end = 0}),
        iterator("TensorIterator, not to the end", {.end = -2}),
        iterator("TensorIterator, backward, not to the end", {.start = -1, .stride = -1, .end = 1, .last = true}),
    };
}

std::vector<Case> loops() {
    const auto always = [](const Turns& turns) { return [=](const Value&) { return turns; }; };
    return {
        loop("Loop", always({}), false),
        loop("Loop, all iterations", always({}), true),
        loop("Loop, stopped by its condition", always({.last = 2}), true),
        loop("Loop that counts itself", always({.trips = integer(-1), .last = 2, .counts_itself = true}), false),
        loop(
            "Loop over a fixed extent", [](const Value& x) { return Turns{.trips = width_of(x)}; }, true),
        loop("Loop that never begins", always({.begins = false}), false),
        smooth("Loop, with branches and loops inside", {3}, [](const Values& in) { return nested(in[0]); }),
        smooth("If, taken", {3}, [](const Values& in) { return choose(truth(true), in[0]); }),
        smooth("If, not taken", {3}, [](const Values& in) { return choose(truth(false), in[0]); }),
    };
}

/// The score of the gradient model, written out, is what the engine answers for the loop itself.
void expect_same_forward(const Case& c) {
    SCOPED_TRACE(c.name);
    const auto model = model_of(c);
    const auto made =
        differentiate(model, {model->get_parameters()[0]->output(0)}, model->get_results()[0]->input_value(0)).model;
    std::set<std::string> names;
    for (const auto& node : made->get_ordered_ops()) {
        EXPECT_FALSE(ov::is_type<op::util::MultiSubGraphOp>(node)) << node->get_friendly_name();
        EXPECT_TRUE(names.insert(node->get_friendly_name()).second) << node->get_friendly_name() << " twice";
        EXPECT_NE(node->get_friendly_name(), node->get_name()) << "a name that the engine made up";
    }
    auto whole = compile(model), written_out = compile(made);
    Random random(3);
    for (const std::size_t batch : {1U, 3U}) {
        auto inputs = tensors_of(c, batch, random);
        const auto expected = run(whole, inputs)[0];
        inputs.push_back(random_tensor(expected.get_shape(), random));
        const auto got = run(written_out, inputs)[0];
        ASSERT_EQ(got.get_shape(), expected.get_shape());
        // A handful of operations in single precision in each of few iterations.
        EXPECT_LE(relative_error(got, expected), 1e-6) << "batch " << batch;
    }
}

TEST(DifferentiateControlFlow, WrittenOutTheyAnswerAsTheEngineDoes) {
    for (const auto& c : iterators()) expect_same_forward(c);
    for (const auto& c : loops()) expect_same_forward(c);
}
TEST(DifferentiateControlFlow, FirstDerivativesOfIterators) { check_first_orders(iterators()); }
TEST(DifferentiateControlFlow, FirstDerivatives) { check_first_orders(loops()); }
TEST(DifferentiateControlFlow, DerivativesOfDerivatives) {
    check_second_orders({iterators()[0], iterators()[2]});
    auto some = loops();
    // Of a linear function, and of the identity, the second derivative by x is none.
    std::erase_if(some, [](const Case& c) { return c.name == "If, taken" || c.name == "Loop that never begins"; });
    check_second_orders(some);
}

TEST(DifferentiateControlFlow, SavedAndReadBack) {
    const auto c = loops()[6];
    const auto model = model_of(c);
    const auto made =
        differentiate(model, {model->get_parameters()[0]->output(0)}, model->get_results()[0]->input_value(0)).model;
    auto fresh = compile(made), read = compile(saved_and_read(made));
    Random random(5);
    const std::vector<ov::Tensor> inputs{random_tensor({2, 3}, random), random_tensor({2, 3}, random)};
    const auto expected = run(fresh, inputs), got = run(read, inputs);
    EXPECT_GT(norm(expected[1]), 0.01);
    for (const std::size_t result : {0U, 1U}) EXPECT_EQ(relative_error(got[result], expected[result]), 0.0);
}

std::vector<std::string> names_of_gradient(const Case& c) {
    const auto model = model_of(c);
    const auto made =
        differentiate(model, {model->get_parameters()[0]->output(0)}, model->get_results()[0]->input_value(0)).model;
    std::vector<std::string> names;
    for (const auto& node : made->get_ordered_ops()) names.push_back(node->get_friendly_name());
    return names;
}

/// The engine numbers nodes without a name anew each time that a model is read.
TEST(DifferentiateControlFlow, NamesAreTheSameEveryTime) {
    for (const auto& cases : {iterators(), loops()}) {
        for (const auto& c : cases) EXPECT_EQ(names_of_gradient(c), names_of_gradient(c)) << c.name;
    }
}

/// Weights that every iteration reads are one constant, and negated once for the reverse pass.
TEST(DifferentiateControlFlow, WeightsAreNotCopiedForEachIteration) {
    const auto model = model_of(iterators()[0]);
    const auto made =
        differentiate(model, {model->get_parameters()[0]->output(0)}, model->get_results()[0]->input_value(0)).model;
    std::size_t matrices = 0;
    for (const auto& node : made->get_ordered_ops()) {
        matrices += ov::is_type<op::v0::Constant>(node) && node->get_element_type().is_real() &&
                    node->get_shape() == ov::Shape{2, 2};
    }
    EXPECT_EQ(matrices, 4U);
}

TEST(DifferentiateControlFlow, WhatIsNotKnownIsRefusedByNode) {
    const auto check = [](const Case& c, const std::string& node, const std::string& what) {
        const auto why = refusal(model_of(c));
        EXPECT_NE(why.find(node), std::string::npos) << c.name << ": " << why;
        EXPECT_NE(why.find(what), std::string::npos) << c.name << ": " << why;
    };
    const auto sum_of = [](const Value& x) -> Value {
        return std::make_shared<op::v1::ReduceSum>(x, ints({0, 1}), false);
    };
    check(smooth("a branch that the data decides", {3},
                 [&](const Values& in) {
                     const auto positive = std::make_shared<op::v1::Greater>(sum_of(in[0]), floats({}, 1));
                     return choose(positive, in[0]);
                 }),
          "If (node 'choice')", "which branch");
    check(loop(
              "a trip count that the data decides",
              [&](const Value& x) {
                  return Turns{.trips = std::make_shared<op::v0::Convert>(sum_of(x), ov::element::i64)};
              },
              false),
          "Loop (node 'loop')", "how often it iterates");
    check(loop(
              "as many trips as rows",
              [](const Value& x) {
                  const auto shape = std::make_shared<op::v3::ShapeOf>(x);
                  return Turns{.trips = std::make_shared<op::v8::Gather>(shape, ints({0}), integer(0))};
              },
              false),
          "Loop (node 'loop')", "how often it iterates");
    check(loop(
              "no end", [](const Value&) { return Turns{.trips = integer(-1), .last = 1000000000}; }, false),
          "Loop (node 'loop')", "more than");
    auto slices = iterator("slices of an extent that is not known", {});
    slices.dynamic = true;
    check(slices, "TensorIterator (node 'iterator')", "how many slices");
    // The engine would read such slices from the first element on.
    check(iterator("slices from inside", {.start = 1}), "TensorIterator (node 'iterator')", "start inside");
}

/// Products of a body count once for each iteration.
TEST(DifferentiateControlFlow, Macs) {
    Case c = iterators()[0];
    for (auto& input : c.inputs) {
        input.extents.insert(input.extents.begin(), 5);
        input.batched = false;
    }
    const auto node = model_of(c)->get_results()[0]->input_value(0).get_node_shared_ptr();
    EXPECT_EQ(facts_of(*node)->macs(*node), 2 * 5 * 2 * 2 * 6);
}

}  // namespace
}  // namespace pellucid::graph::testing
