#include "graph/tape.hpp"

#include "graph/weights.hpp"
#include "pellucid/error.hpp"

namespace pellucid::graph {

namespace op = ov::op;

std::string describe_node(const ov::Node& node) {
    return std::string(node.get_type_name()) + " (node '" + node.get_friendly_name() + "')";
}

void refuse(const ov::Node& node, const std::string& what, const std::string& remedy) {
    throw Error(ErrorCode::kUnsupported, "no gradient through " + describe_node(node) + ": " + what,
                remedy.empty() ? "use a method that needs only scores (occlusion, lime)" : remedy);
}

bool same_extent(const ov::Dimension& a, const ov::Dimension& b) {
    if (a.is_static() && b.is_static()) return a == b;
    return a.has_symbol() && b.has_symbol() && ov::symbol::are_equal(a.get_symbol(), b.get_symbol());
}

std::vector<std::int64_t> normalise_axes(std::vector<std::int64_t> axes, std::int64_t rank) {
    for (auto& axis : axes) axis += axis < 0 ? rank : 0;
    std::sort(axes.begin(), axes.end());
    return axes;
}

std::int64_t rank_of(const ov::Node& node, const Value& x) {
    const auto rank = x.get_partial_shape().rank();
    if (rank.is_dynamic()) refuse(node, "the rank of its input is not known", "give the model's inputs fixed shapes");
    return rank.get_length();
}

void Tape::name(ov::Node& node) { node.set_friendly_name(prefix_ + at_ + "/" + std::to_string(counters_[at_]++)); }

void Tape::note(const std::string& text) {
    if (std::find(notes.begin(), notes.end(), text) == notes.end()) notes.push_back(text);
}

Expr Tape::integers(const std::vector<std::int64_t>& values) {
    return make<op::v0::Constant>(ov::element::i64, ov::Shape{values.size()}, values);
}

Expr Tape::integer(std::int64_t value) { return make<op::v0::Constant>(ov::element::i64, ov::Shape{}, value); }

Expr Tape::scalar(const Value& like, double value) {
    return make<op::v0::Constant>(like.get_element_type(), ov::Shape{}, value);
}

Expr Tape::shape_of(const Value& x) {
    const auto known = shapes_.find(x);
    if (known != shapes_.end()) return expr(known->second);
    const auto& shape = x.get_partial_shape();
    Expr made;
    if (shape.is_static()) {
        const auto extents = shape.to_shape();
        made = integers({extents.begin(), extents.end()});
    } else {
        made = make<op::v3::ShapeOf>(x, ov::element::i64);
    }
    shapes_[x] = made.value;
    return made;
}

Expr Tape::extent(const Value& x, std::int64_t axis) {
    const auto& extent = x.get_partial_shape()[static_cast<std::size_t>(axis)];
    if (extent.is_static()) return integers({extent.get_length()});
    return make<op::v8::Gather>(shape_of(x).value, integers({axis}).value, integer(0).value);
}

Expr Tape::reshape_like(const Value& g, const Value& x) {
    const auto& shape = x.get_partial_shape();
    if (shape.rank().is_static() && g.get_partial_shape().same_scheme(shape) && shape.is_static()) return expr(g);
    int dynamic = 0;
    std::vector<std::int64_t> extents;
    if (shape.rank().is_static()) {
        for (const auto& extent : shape) {
            dynamic += extent.is_dynamic();
            extents.push_back(extent.is_dynamic() ? -1 : extent.get_length());
        }
    }
    const bool divides =
        shape.rank().is_static() && dynamic <= 1 && std::find(extents.begin(), extents.end(), 0) == extents.end();
    const Value target = divides ? integers(extents).value : shape_of(x).value;
    auto made = make<op::v1::Reshape>(g, target, false);
    return made;
}

Expr Tape::fill_like(const Value& x, double value) {
    return make<op::v3::Broadcast>(scalar(x, value).value, shape_of(x).value);
}

Expr Tape::broadcast_like(const Value& g, const Value& x) { return make<op::v3::Broadcast>(g, shape_of(x).value); }

Expr Tape::sum(const Value& x, const std::vector<std::int64_t>& axes, bool keep) {
    if (axes.empty()) return expr(x);
    return make<op::v1::ReduceSum>(x, integers(axes).value, keep);
}

Expr Tape::mean(const Value& x, const std::vector<std::int64_t>& axes) {
    return make<op::v1::ReduceMean>(x, integers(axes).value, true);
}

Expr Tape::sum_to(const Value& g, const Value& x) {
    const auto& from = g.get_partial_shape();
    const auto& to = x.get_partial_shape();
    if (from.rank().is_dynamic() || to.rank().is_dynamic()) {
        throw Error(ErrorCode::kUnsupported,
                    "no gradient through " + describe_node(*x.get_node()) + ": the rank of its output is not known",
                    "give the model's inputs fixed shapes");
    }
    const auto lead = from.size() - to.size();
    std::vector<std::int64_t> certain;
    std::vector<std::size_t> uncertain;
    for (std::size_t axis = lead; axis < from.size(); ++axis) {
        const auto& narrow = to[axis - lead];
        const auto& wide = from[axis];
        if (narrow == 1 && wide != 1) certain.push_back(static_cast<std::int64_t>(axis));
        if (narrow.is_dynamic() && wide != 1 && !same_extent(narrow, wide)) uncertain.push_back(axis);
    }
    if (!uncertain.empty()) return sum_to_runtime(g, x, uncertain, certain);
    std::vector<std::int64_t> leading;
    for (std::size_t axis = 0; axis < lead; ++axis) leading.push_back(static_cast<std::int64_t>(axis));
    return sum(sum(g, certain, true), leading, false);
}

/// Extents known only at run time: g is reshaped so that each uncertain axis n becomes [x_n, g_n / x_n], of which the
/// second is summed. The axes summed are constants: run-time axes of ReduceSum are not safe on the CPU plugin.
Expr Tape::sum_to_runtime(const Value& g, const Value& x, const std::vector<std::size_t>& uncertain,
                          const std::vector<std::int64_t>& certain) {
    const auto rank = g.get_partial_shape().size();
    const auto lead = rank - x.get_partial_shape().size();
    ov::OutputVector pieces;
    std::vector<std::int64_t> axes;
    std::int64_t position = 0;
    for (std::size_t axis = 0; axis < rank; ++axis) {
        const auto index = static_cast<std::int64_t>(axis);
        const auto wide = extent(g, index);
        const bool split = std::find(uncertain.begin(), uncertain.end(), axis) != uncertain.end();
        if (split) {
            const auto narrow = extent(x, index - static_cast<std::int64_t>(lead));
            pieces.push_back(narrow.value);
            pieces.push_back(make<op::v1::Divide>(wide.value, narrow.value).value);
            axes.push_back(position + 1);
            position += 2;
        } else {
            pieces.push_back(wide.value);
            if (axis < lead) axes.push_back(position);
            ++position;
        }
    }
    const auto kept = sum(g, certain, true);
    for (const auto axis : certain) {
        std::size_t at = static_cast<std::size_t>(axis);
        for (const auto axis_split : uncertain) at += axis_split < static_cast<std::size_t>(axis);
        pieces[at] = integers({1}).value;
    }
    const auto target = make<op::v0::Concat>(pieces, 0);
    const auto split = make<op::v1::Reshape>(kept.value, target.value, false);
    return reshape_like(sum(split, axes, false), x);
}

Value Tape::negative_weights(const Value& w) {
    const auto known = negatives_.find(w);
    if (known != negatives_.end()) return known->second;
    const auto make_negative = [this](const Value& v) { return make<op::v0::Negative>(v).value; };
    const auto register_node = [this](ov::Node& made) { name(made); };
    // A tensor that is asked for must stay connected, or derivatives of derivatives would miss it.
    const bool fold = !dry_ && varied.count(w) == 0;
    const auto made = negate_weights(w, fold, make_negative, register_node);
    negatives_[w] = made;
    return made;
}

std::vector<std::int64_t> Tape::integers_of(const ov::Node& node, std::size_t port, std::string_view what) {
    const auto constant = constant_of(node.input_value(port));
    if (!constant) refuse(node, std::string(what) + " is computed while the model runs");
    return constant->cast_vector<std::int64_t>();
}

std::shared_ptr<op::v0::Constant> Tape::constant_of(const Value& v) {
    const auto node = v.get_node_shared_ptr();
    if (const auto constant = ov::as_type_ptr<op::v0::Constant>(node)) return constant;
    const bool shape = ov::is_type<op::v0::ShapeOf>(node) || ov::is_type<op::v3::ShapeOf>(node);
    ov::OutputVector inputs;
    if (shape) {
        if (node->get_input_partial_shape(0).is_dynamic()) return nullptr;
        inputs = node->input_values();
    } else {
        if (node->get_input_size() == 0) return nullptr;
        for (const auto& input : node->input_values()) {
            const auto constant = constant_of(input);
            if (!constant) return nullptr;
            inputs.push_back(constant);
        }
    }
    ov::OutputVector folded(node->get_output_size());
    if (!node->clone_with_new_inputs(inputs)->constant_fold(folded, inputs)) return nullptr;
    return ov::as_type_ptr<op::v0::Constant>(folded[v.get_index()].get_node_shared_ptr());
}

bool Tape::wants(const ov::Node& node, std::size_t port) const { return varied.count(node.input_value(port)) != 0; }

Cotangent Tape::blocked(const ov::Node& node, std::size_t port, const std::string& why) {
    if (wants(node, port)) {
        const auto where = describe_node(node) + ", input " + std::to_string(port) + ": " + why;
        blocked_inputs.push_back({node.input_value(port), where});
        note(where);
    }
    blocked_.insert({&node, port});
    return {};
}

bool Tape::is_blocked(const ov::Node& node, std::size_t port) const { return blocked_.count({&node, port}) != 0; }

Expr Tape::positive(const Cotangent& c) { return c.negated ? -expr(c.value) : expr(c.value); }

Cotangent Tape::add(const Cotangent& a, const Cotangent& b) {
    if (a.empty()) return b;
    if (b.empty()) return a;
    if (a.negated == b.negated) return {(expr(a.value) + expr(b.value)).value, a.negated};
    const auto& plus = a.negated ? b : a;
    const auto& minus = a.negated ? a : b;
    return {(expr(plus.value) - expr(minus.value)).value, false};
}

namespace {

/// The engine refuses nodes that do not fit together: a fault of the rule, told as one of the operator it is for.
std::vector<Cotangent> ask(const OpFacts& facts, const std::shared_ptr<ov::Node>& node,
                           const std::vector<Cotangent>& outputs, Tape& tape) {
    try {
        return facts.vjp(node, outputs, tape);
    } catch (const ov::Exception& error) {
        const std::string reason = error.what();
        const auto last = reason.find_last_not_of(" \n");
        const auto line = reason.find_last_of('\n', last);
        refuse(*node, "its rule does not fit this node (" + reason.substr(line + 1, last - line) + ")",
               "please report this; methods that need only scores (occlusion, lime) do without");
    }
}

}  // namespace

std::vector<Cotangent> Tape::plain(const std::shared_ptr<ov::Node>& node, std::vector<Cotangent> outputs) {
    const auto* facts = facts_of(*node);
    if (facts == nullptr || (facts->vjp == nullptr && facts->law != Law::kBlocked)) {
        refuse(*node, "this operator has no rule yet",
               "replace it before export, or use a method that needs only scores (occlusion, lime)");
    }
    if (facts->vjp == nullptr) return std::vector<Cotangent>(node->get_input_size());
    bool sign = false;
    for (const auto& output : outputs) {
        if (!output.empty()) {
            sign = output.negated;
            break;
        }
    }
    for (auto& output : outputs) {
        if (output.empty()) continue;
        if (output.negated != sign) output.value = (-expr(output.value)).value;
        output.negated = false;
    }
    if (!facts->note.empty()) note(std::string(node->get_type_name()) + ": " + std::string(facts->note));
    auto inputs = ask(*facts, node, outputs, *this);
    inputs.resize(node->get_input_size());
    if (amend) amend(*node, inputs, *this);
    for (std::size_t port = 0; port < inputs.size(); ++port) {
        if (!inputs[port].empty()) inputs[port].negated = inputs[port].negated != sign;
        if (inputs[port].empty() && wants(*node, port) && !is_blocked(*node, port)) {
            refuse(*node, "its rule covers no gradient for input " + std::to_string(port));
        }
    }
    return inputs;
}

std::vector<Cotangent> Tape::vjp(const Unit& unit, const Cotangent& output) {
    std::map<Value, Cotangent> flowing{{unit.output, output}};
    for (auto node = unit.nodes.rbegin(); node != unit.nodes.rend(); ++node) {
        std::vector<Cotangent> outputs((*node)->get_output_size());
        bool reached = false;
        for (std::size_t port = 0; port < outputs.size(); ++port) {
            const auto found = flowing.find((*node)->output(port));
            if (found == flowing.end()) continue;
            outputs[port] = found->second;
            reached = true;
        }
        if (!reached) continue;
        const auto inputs = plain(*node, outputs);
        for (std::size_t port = 0; port < inputs.size(); ++port) {
            if (inputs[port].empty()) continue;
            auto& sum = flowing[(*node)->input_value(port)];
            sum = add(sum, inputs[port]);
        }
    }
    std::vector<Cotangent> result;
    for (const auto& input : unit.inputs) {
        const auto found = flowing.find(input);
        result.push_back(found == flowing.end() ? Cotangent{} : found->second);
    }
    return result;
}

Value Tape::replay(const Unit& unit, const std::vector<Value>& inputs, const std::map<Value, Value>& weights) {
    std::map<Value, Value> made = weights;
    for (std::size_t i = 0; i < inputs.size(); ++i) made[unit.inputs[i]] = inputs[i];
    for (const auto& node : unit.nodes) {
        ov::OutputVector arguments;
        for (const auto& input : node->input_values()) {
            const auto found = made.find(input);
            arguments.push_back(found == made.end() ? input : found->second);
        }
        const auto copy = node->clone_with_new_inputs(arguments);
        name(*copy);
        for (std::size_t port = 0; port < copy->get_output_size(); ++port)
            made[node->output(port)] = copy->output(port);
    }
    return made.at(unit.output);
}

Value Tape::baseline(const Value& v) const {
    const auto found = twin.find(v.get_node());
    if (found == twin.end()) {
        throw Error(ErrorCode::kInternal, "no baseline pass of '" + v.get_node()->get_friendly_name() + "'",
                    "please report this");
    }
    return found->second->output(v.get_index());
}

}  // namespace pellucid::graph
