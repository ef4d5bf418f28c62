// Paths that no gradient flows through, beside one that it does: said in the notes, by op and node, and only where the
// answer owes something to them.
#include <gtest/gtest.h>

#include "graph/differentiate/cases.hpp"
#include "graph/differentiate/probe.hpp"
#include "openvino/opsets/opset16.hpp"
#include "pellucid/error.hpp"

namespace pellucid::graph::testing {
namespace {

namespace op = ov::op;
using Notes = std::vector<std::string>;

template <class Op, class... Arguments>
Value made(const std::string& name, Arguments&&... arguments) {
    const auto node = std::make_shared<Op>(std::forward<Arguments>(arguments)...);
    node->set_friendly_name(name);
    return node->output(0);
}

Value scalar(float value) { return op::v0::Constant::create(ov::element::f32, ov::Shape{}, {value})->output(0); }
Value add(const Value& a, const Value& b) { return made<op::v1::Add>("sum", a, b); }
Value to_float(const Value& v) { return made<op::v0::Convert>("to float", v, ov::element::f32); }
Value to_integer(const std::string& name, const Value& v) { return made<op::v0::Convert>(name, v, ov::element::i64); }

Value axes(const std::vector<std::int64_t>& values) {
    return op::v0::Constant::create(ov::element::i64, ov::Shape{values.size()}, values)->output(0);
}

/// Which element of a row is the largest, as importers spell ArgMax.
Value largest_index(const std::string& name, const Value& x) {
    return made<op::v11::TopK>(name, x, integer(1), 1, op::TopKMode::MAX, op::TopKSortType::SORT_VALUES)
        .get_node()
        ->output(1);
}

/// Of a batch of rows of four.
std::shared_ptr<ov::Model> model_of(const std::function<Value(const Value&)>& build) {
    const auto x = std::make_shared<op::v0::Parameter>(ov::element::f32, ov::PartialShape{-1, 4});
    x->set_friendly_name("x");
    return std::make_shared<ov::Model>(ov::OutputVector{build(x)}, ov::ParameterVector{x});
}

/// The notes of lost paths.
Notes notes_of(const std::function<Value(const Value&)>& build) {
    const auto model = model_of(build);
    Notes lost;
    for (const auto& note :
         differentiate(model, {model->get_parameters()[0]->output(0)}, model->get_results()[0]->input_value(0)).notes) {
        if (note.starts_with("no gradient flows through")) lost.push_back(note);
    }
    return lost;
}

Notes lost(const std::string& where) {
    return {"no gradient flows through " + where + ": what the answer owes to that path is not in this attribution"};
}

TEST(DifferentiateLostPaths, PiecewiseConstantOps) {
    EXPECT_EQ(notes_of([](const Value& x) { return add(x, made<op::v0::Floor>("cut", x)); }),
              lost("Floor (node 'cut')"));
    EXPECT_EQ(notes_of([](const Value& x) {
                  return add(x, made<op::v5::Round>("cut", x, op::v5::Round::RoundMode::HALF_TO_EVEN));
              }),
              lost("Round (node 'cut')"));
    EXPECT_EQ(notes_of([](const Value& x) { return add(x, made<op::v0::Sign>("cut", x)); }), lost("Sign (node 'cut')"));
}

/// Which boxes are kept, and how well they scored: the indices block, the scores do not.
TEST(DifferentiateLostPaths, IndicesOfKeptBoxes) {
    const auto boxes_by = [](std::size_t output) {
        return [output](const Value& x) {
            const auto corners = made<op::v1::Reshape>("corners", x, axes({1, -1, 4}), false);
            const auto sums = made<op::v1::ReduceSum>("sums", corners, axes({2}), false);
            const auto scores = made<op::v0::Unsqueeze>("scores", sums, axes({1}));
            const auto kept = made<op::v9::NonMaxSuppression>(
                "kept", corners, scores, integer(2), scalar(0.5F), scalar(0.0F),
                op::v9::NonMaxSuppression::BoxEncodingType::CORNER, true, ov::element::i64);
            const auto read = to_float(kept.get_node()->output(output));
            return add(made<op::v1::ReduceSum>("x", x, axes({0, 1}), false),
                       made<op::v1::ReduceSum>("read", read, axes({0, 1}), false));
        };
    };
    EXPECT_EQ(notes_of(boxes_by(0)), lost("NonMaxSuppression (node 'kept')"));
    const auto model = model_of(boxes_by(1));
    const auto why = refusal(model);
    EXPECT_NE(why.find("NonMaxSuppression (node 'kept')"), std::string::npos) << why;
    EXPECT_NE(why.find("values"), std::string::npos) << why;
}

TEST(DifferentiateLostPaths, OneLineForATypeHoweverManyNodes) {
    const auto notes = notes_of([](const Value& x) {
        const auto first = made<op::v0::Floor>("first", x);
        const auto doubled = made<op::v1::Multiply>("doubled", x, scalar(2));
        const auto second = made<op::v0::Floor>("second", doubled);
        return add(add(add(x, first), second), made<op::v0::Ceiling>("above", x));
    });
    ASSERT_EQ(notes.size(), 2U);
    const bool floor_first = notes[0].find("Floor") != std::string::npos;
    EXPECT_NE(notes[floor_first ? 0 : 1].find(", the first of 2)"), std::string::npos) << notes[0] << notes[1];
    EXPECT_NE(notes[floor_first ? 1 : 0].find("Ceiling (node 'above'):"), std::string::npos) << notes[0] << notes[1];
}

TEST(DifferentiateLostPaths, ConversionsToIntegers) {
    EXPECT_EQ(notes_of([](const Value& x) { return add(x, to_float(to_integer("whole", x))); }),
              lost("Convert (node 'whole')"));
}

/// An index is a number too: the answer owes to x which row of the table is taken.
TEST(DifferentiateLostPaths, IndicesThatAreComputed) {
    const auto table = floats({9, 4}, 3);
    const auto pick = [&](const Value& x, const Value& index) {
        const auto row = made<op::v8::Gather>("row", table, index, integer(0));
        return add(x, made<op::v1::ReduceSum>("all", row, ints({1}), false));
    };
    EXPECT_EQ(notes_of([&](const Value& x) { return pick(x, largest_index("largest", x)); }),
              lost("the indices of TopK (node 'largest')"));
    EXPECT_EQ(notes_of([&](const Value& x) { return pick(x, to_integer("whole", x)); }),
              lost("Convert (node 'whole')"));
    EXPECT_EQ(notes_of([](const Value& x) { return add(x, to_float(largest_index("largest", x))); }),
              lost("the indices of TopK (node 'largest')"));
}

/// Behind the loss come more nodes that nothing flows through: the first is where it happens.
TEST(DifferentiateLostPaths, TheNodeWhereItHappensIsNamed) {
    EXPECT_EQ(notes_of([](const Value& x) {
                  const auto index = largest_index("largest", x);
                  return add(x, made<op::v0::Floor>("later", to_float(index)));
              }),
              lost("the indices of TopK (node 'largest')"));
}

TEST(DifferentiateLostPaths, IndicesThatNobodyReadsAreNone) {
    EXPECT_EQ(notes_of([](const Value& x) {
                  return made<op::v11::TopK>("top", x, integer(2), 1, op::TopKMode::MAX, op::TopKSortType::SORT_VALUES);
              }),
              Notes());
    EXPECT_EQ(notes_of([](const Value& x) {
                  const auto channel = made<op::v0::Unsqueeze>("channel", x, ints({1}));
                  return made<op::v8::MaxPool>("pool", channel, ov::Strides{1}, ov::Strides{1}, ov::Shape{0},
                                               ov::Shape{0}, ov::Shape{2});
              }),
              Notes());
}

/// ReLU in other words, hard gates, guards against NaN: on either side of the kink the gradient is right.
TEST(DifferentiateLostPaths, ConditionsAreKinks) {
    const auto positive = [](const Value& x) { return made<op::v1::Greater>("positive", x, scalar(0)); };
    EXPECT_EQ(notes_of([&](const Value& x) { return made<op::v1::Select>("relu", positive(x), x, scalar(0)); }),
              Notes());
    EXPECT_EQ(notes_of([&](const Value& x) { return made<op::v1::Multiply>("relu", x, to_float(positive(x))); }),
              Notes());
    EXPECT_EQ(notes_of([](const Value& x) {
                  return made<op::v1::Select>("guard", made<op::v10::IsNaN>("nan", x), scalar(0), x);
              }),
              Notes());
    EXPECT_EQ(notes_of([](const Value& x) {
                  const auto floor = made<op::v0::Floor>("only asked about", x);
                  return made<op::v1::Select>("gate", made<op::v1::Less>("less", floor, scalar(2)), x, scalar(0));
              }),
              Notes());
}

TEST(DifferentiateLostPaths, ShapesDependOnNoValue) {
    EXPECT_EQ(notes_of([](const Value& x) {
                  const auto shape = made<op::v3::ShapeOf>("shape", made<op::v0::Floor>("only measured", x));
                  const auto count = made<op::v1::ReduceProd>("count", to_float(shape), ints({0}), false);
                  return made<op::v1::Divide>("mean", x, count);
              }),
              Notes());
    EXPECT_EQ(notes_of([](const Value& x) {
                  const auto like = made<op::v0::Floor>("only its type", x);
                  return add(x, made<op::v1::ConvertLike>("like", scalar(3), like));
              }),
              Notes());
}

TEST(DifferentiateLostPaths, OnlyBetweenWhatIsAskedForAndTheScore) {
    const auto aside = [](const Value& x) {
        const auto hidden = made<op::v0::Exp>("hidden", add(x, made<op::v0::Floor>("before", x)));
        return made<op::v0::Exp>("score", hidden);
    };
    EXPECT_EQ(notes_of(aside), lost("Floor (node 'before')"));
    const auto model = model_of(aside);
    for (const auto& node : model->get_ordered_ops()) {
        if (node->get_friendly_name() != "hidden") continue;
        const auto behind = differentiate(model, {node->output(0)}, model->get_results()[0]->input_value(0));
        EXPECT_EQ(behind.notes, Notes());
    }
    EXPECT_EQ(notes_of([](const Value& x) {
                  const auto unread = made<op::v0::Floor>("unread", x);
                  return made<op::v0::Exp>("score", x);
              }),
              Notes());
}

/// A loss belongs to the tensor whose path it is.
TEST(DifferentiateLostPaths, OfSeveralTensorsEachHasItsOwn) {
    const auto x = std::make_shared<op::v0::Parameter>(ov::element::f32, ov::PartialShape{-1, 4});
    const auto apart = std::make_shared<op::v0::Parameter>(ov::element::f32, ov::PartialShape{-1, 4});
    apart->set_friendly_name("apart");
    const auto floor = made<op::v0::Floor>("cut", x);
    const auto score = add(x, floor);
    const auto model = std::make_shared<ov::Model>(ov::OutputVector{score}, ov::ParameterVector{x, apart});
    const auto why = why_not_differentiable(model, {x, apart}, score);
    EXPECT_NE(why.find("does not depend on 'apart'"), std::string::npos) << why;
    // Asked for beside what it is computed from, Floor has a gradient of its own, and still loses that of x.
    EXPECT_EQ(differentiate(model, {x, floor}, score).notes, lost("Floor (node 'cut')"));
}

std::string refusal(const std::function<Value(const Value&)>& build) {
    const auto model = model_of(build);
    return why_not_differentiable(model, {model->get_parameters()[0]->output(0)},
                                  model->get_results()[0]->input_value(0));
}

/// Where nothing else is left, the refusal says where, of whatever kind the node is.
TEST(DifferentiateLostPaths, AloneTheyAreRefusedByName) {
    const auto check = [](const std::function<Value(const Value&)>& build, const std::string& where) {
        const auto why = refusal(build);
        EXPECT_NE(why.find("every path is blocked, last at " + where), std::string::npos) << why;
    };
    check([](const Value& x) { return to_float(to_integer("whole", x)); }, "Convert (node 'whole')");
    check([](const Value& x) { return to_float(largest_index("largest", x)); }, "TopK (node 'largest')");
    check([](const Value& x) { return to_float(made<op::v1::Greater>("positive", x, scalar(0))); },
          "Greater (node 'positive')");
    const auto shape = refusal([](const Value& x) { return to_float(made<op::v3::ShapeOf>("shape", x)); });
    EXPECT_NE(shape.find("does not depend"), std::string::npos) << shape;
}

}  // namespace
}  // namespace pellucid::graph::testing
