// Branches and loops. They have no rules: a branch whose condition is known is the body that it takes, a loop that is
// known to go on for a number of iterations is as many copies of its body.
#include <unordered_map>

#include "graph/facts/table.hpp"
#include "graph/known.hpp"
#include "graph/unroll.hpp"

namespace pellucid::graph::facts {
namespace {

namespace op = ov::op;
using Node = std::shared_ptr<ov::Node>;
using Values = std::vector<Value>;
using SubGraph = op::util::MultiSubGraphOp;

/// Written out, a loop must still be a graph that an engine can compile.
constexpr std::size_t kMostNodes = 50000;

constexpr std::string_view kFixShapes =
    "export the model with fixed shapes and a fixed number of iterations, or use a method that needs only scores "
    "(occlusion, lime)";

/// Nodes of a body without a name of their own are numbered by the engine, anew in each run.
std::string name_in_body(const ov::Node& node, std::size_t place) {
    const auto& name = node.get_friendly_name();
    const std::string type = std::string(node.get_type_name()) + "_";
    const bool numbered = name.starts_with(type) && name.size() > type.size() &&
                          name.find_first_not_of("0123456789", type.size()) == std::string::npos;
    return numbered ? std::string(node.get_type_name()) + "#" + std::to_string(place) : name;
}

bool is_random(const ov::Node& node) {
    return ov::is_type<op::v8::RandomUniform>(&node) || ov::is_type<op::v13::Multinomial>(&node);
}

/// A body, and copies of it over other inputs. What no iteration changes (weights above all) is copied once.
class Body {
public:
    Body(const ov::Model& body, const ov::Node& owner, const Tape& tape)
        : body_(body), nodes_(body.get_ordered_ops()), owner_(owner.get_friendly_name()), dry_(tape.dry()) {}

    [[nodiscard]] std::size_t size() const { return nodes_.size(); }
    [[nodiscard]] const op::v0::Parameter& parameter(std::size_t index) const { return *body_.get_parameters()[index]; }

    /// The same in every iteration.
    void set_invariant(std::size_t parameter, const Value& value) {
        invariant_[body_.get_parameters()[parameter]->output(0)] = value;
    }

    /// The results of a copy named "<owner>/<label><node>", over values for the parameters that vary.
    [[nodiscard]] Values copy(const std::map<std::size_t, Value>& arguments, const std::string& label) {
        std::map<Value, Value> varying;
        for (const auto& [index, value] : arguments) varying[body_.get_parameters().at(index)->output(0)] = value;
        const auto find = [&](const Value& v) {
            const auto found = varying.find(v);
            return found == varying.end() ? invariant_.at(v) : found->second;
        };
        std::size_t place = 0;
        for (const auto& node : nodes_) {
            ++place;
            if (ov::is_type<op::v0::Parameter>(node) || ov::is_type<op::v0::Result>(node)) continue;
            if (invariant_.count(node->output(0)) != 0) continue;
            const auto inputs = node->input_values();
            const bool varies = is_random(*node) || std::any_of(inputs.begin(), inputs.end(),
                                                                [&](const Value& v) { return varying.count(v) != 0; });
            ov::OutputVector arguments_here;
            for (const auto& input : inputs) arguments_here.push_back(find(input));
            const auto made = node->clone_with_new_inputs(arguments_here);
            made->set_friendly_name(owner_ + "/" + (varies ? label : "") + name_in_body(*node, place));
            made->get_rt_info() = node->get_rt_info();
            auto outputs = unroll(made, dry_);
            if (outputs.empty()) outputs = made->outputs();
            for (std::size_t port = 0; port < outputs.size(); ++port) {
                (varies ? varying : invariant_)[node->output(port)] = outputs[port];
            }
        }
        Values results;
        for (const auto& result : body_.get_results()) results.push_back(find(result->input_value(0)));
        return results;
    }

private:
    const ov::Model& body_;
    std::vector<Node> nodes_;
    std::string owner_;
    bool dry_;
    std::map<Value, Value> invariant_;
};

std::optional<bool> known_condition(const Value& v) {
    const auto constant = Tape::constant_of(v);
    if (!constant || ov::shape_size(constant->get_shape()) != 1) return {};
    return constant->cast_vector<bool>()[0];
}

Values branch(const Node& node, Tape& tape) {
    const auto choice = ov::as_type_ptr<op::v8::If>(node);
    const auto condition = known_condition(node->input_value(0));
    if (!condition) {
        refuse(
            *node, "which branch it takes is known only while the model runs",
            "export the model for the branch that you use, or use a method that needs only scores (occlusion, lime)");
    }
    const int index = *condition ? op::v8::If::THEN_BODY_INDEX : op::v8::If::ELSE_BODY_INDEX;
    Body body(*choice->get_function(static_cast<std::size_t>(index)), *node, tape);
    for (const auto& input : choice->get_input_descriptions(index)) {
        body.set_invariant(input->m_body_parameter_index, node->input_value(input->m_input_index));
    }
    const auto results = body.copy({}, "");
    Values outputs(node->get_output_size());
    for (const auto& output : choice->get_output_descriptions(index)) {
        outputs[output->m_output_index] = results.at(output->m_body_value_index);
    }
    return outputs;
}

// ---- loops ----

/// A range of slices along an axis, in the order in which iterations take them.
struct Slices {
    std::int64_t first, count, width;  ///< in elements; in slices; in elements
    bool backward;
};

/// Ends are given as places between elements, negative ones from behind: -1 is behind the last element.
/// The engine's slices begin at the first element (with a negative stride, the last), whatever `start` says.
Slices slices_of(const ov::Node& node, const SubGraph::SliceInputDescription& slice) {
    const auto& shape = node.get_input_partial_shape(slice.m_input_index);
    if (shape.rank().is_dynamic() || shape[slice.m_axis].is_dynamic()) {
        refuse(node, "how many slices of its input it takes is known only while the model runs",
               "give the model's inputs fixed shapes, or use a method that needs only scores (occlusion, lime)");
    }
    const auto extent = shape[slice.m_axis].get_length();
    const auto place = [&](std::int64_t at) { return at < 0 ? at + extent + 1 : at; };
    const bool backward = slice.m_stride < 0;
    const auto from = place(slice.m_start), to = place(slice.m_end);
    const auto length = backward ? from - to : to - from;
    const auto width = std::abs(slice.m_stride);
    if (width != slice.m_part_size || width == 0 || length <= 0 || length % width != 0) {
        refuse(node, "its slices overlap, leave gaps or have a remainder");
    }
    if (from != (backward ? extent : 0)) {
        refuse(node, "its slices start inside its input, where the engine reads them from the end of it",
               "slice the input before the loop");
    }
    return {backward ? to : 0, length / width, width, backward};
}

/// One tensor for each iteration.
Values sliced(const Value& x, std::int64_t axis, const Slices& slices, Tape& tape) {
    const auto extent = x.get_partial_shape()[static_cast<std::size_t>(axis)].get_length();
    auto range = x;
    if (slices.count * slices.width != extent) {
        range = tape.make<op::v8::Slice>(x, tape.integers({slices.first}).value,
                                         tape.integers({slices.first + slices.count * slices.width}).value,
                                         tape.integers({1}).value, tape.integers({axis}).value)
                    .value;
    }
    if (slices.count == 1) return {range};
    auto parts =
        tape.node<op::v1::Split>(range, tape.integer(axis).value, static_cast<std::size_t>(slices.count))->outputs();
    if (slices.backward) std::reverse(parts.begin(), parts.end());
    return {parts.begin(), parts.end()};
}

/// A loop while it is written out.
class Unrolling {
public:
    Unrolling(const Node& node, Tape& tape)
        : node_(node),
          loop_(*ov::as_type_ptr<op::util::SubGraphOp>(node)),
          tape_(tape),
          body_(*loop_.get_function(), *node, tape) {
        connect();
    }

    Values outputs() {
        if (begins()) {
            for (std::int64_t k = 0; k != limit_; ++k) {
                if (static_cast<std::size_t>(k + 1) * body_.size() > kMostNodes) {
                    refuse(*node_, "written out it would be more than " + std::to_string(kMostNodes) + " operations",
                           std::string(kFixShapes));
                }
                iterate(k);
                if (!goes_on(k)) break;
            }
        }
        return collect();
    }

private:
    void connect() {
        for (const auto& input : loop_.get_input_descriptions()) {
            const auto value = node_->input_value(input->m_input_index);
            const auto parameter = input->m_body_parameter_index;
            if (const auto slice = ov::as_type_ptr<SubGraph::SliceInputDescription>(input)) {
                const auto slices = slices_of(*node_, *slice);
                slices_[parameter] = sliced(value, slice->m_axis, slices, tape_);
                limit_ = limit_ < 0 ? slices.count : std::min(limit_, slices.count);
            } else if (const auto merged = ov::as_type_ptr<SubGraph::MergedInputDescription>(input)) {
                carried_[parameter] = value;
                back_[parameter] = merged->m_body_value_index;
            } else {
                body_.set_invariant(parameter, value);
            }
        }
        if (const auto* loop = ov::as_type<const op::v5::Loop>(&loop_)) {
            ports_ = loop->get_special_body_ports();
            limit_by_trip_count();
        } else if (limit_ < 0 || limit_ != loop_.get_num_iterations()) {
            refuse(*node_, "how often it iterates is not known", std::string(kFixShapes));
        }
    }

    void limit_by_trip_count() {
        const auto known = known_integers(node_->input_value(0));
        if (!known || known->size() != 1) {
            refuse(*node_, "how often it iterates is known only while the model runs", std::string(kFixShapes));
        }
        const auto count = known->front();
        if (count >= 0 && limit_ >= 0 && limit_ != count) {
            refuse(*node_,
                   "it iterates " + std::to_string(count) + " times over " + std::to_string(limit_) + " slices");
        }
        if (count >= 0) limit_ = count;
    }

    /// Whether the first iteration runs.
    bool begins() {
        if (!ov::is_type<op::v5::Loop>(node_)) return true;
        const auto condition = known_condition(node_->input_value(1));
        if (!condition) refuse(*node_, "whether it begins is known only while the model runs", std::string(kFixShapes));
        return *condition;
    }

    bool goes_on(std::int64_t k) {
        if (ports_.body_condition_output_idx < 0) return true;
        const auto condition =
            known_condition(results_.back().at(static_cast<std::size_t>(ports_.body_condition_output_idx)));
        if (!condition) {
            refuse(*node_,
                   "whether it goes on after iteration " + std::to_string(k) + " depends on what the model reads",
                   std::string(kFixShapes));
        }
        return *condition;
    }

    void iterate(std::int64_t k) {
        auto arguments = carried_;
        for (const auto& [parameter, parts] : slices_) arguments[parameter] = parts.at(static_cast<std::size_t>(k));
        if (ports_.current_iteration_input_idx >= 0) {
            const auto index = static_cast<std::size_t>(ports_.current_iteration_input_idx);
            arguments[index] = counter(body_.parameter(index), k);
        }
        results_.push_back(body_.copy(arguments, std::to_string(k) + "/"));
        for (const auto& [parameter, result] : back_) carried_[parameter] = known_now(results_.back().at(result));
    }

    Value counter(const op::v0::Parameter& parameter, std::int64_t k) {
        const auto rank = parameter.get_partial_shape().rank();
        const ov::Shape shape(rank.is_static() ? static_cast<std::size_t>(rank.get_length()) : 0U, 1);
        return tape_.make<op::v0::Constant>(parameter.get_element_type(), shape, k).value;
    }

    /// Counters and conditions, once known, stay so: the next iteration need not look back to the first.
    Value known_now(const Value& v) {
        if (v.get_element_type().is_real()) return v;
        const auto constant = Tape::constant_of(v);
        if (!constant || constant == v.get_node_shared_ptr()) return v;
        const auto copy = tape_.node<op::v0::Constant>(*constant);
        return copy->output(0);
    }

    Values collect() {
        Values outputs(node_->get_output_size());
        for (const auto& output : loop_.get_output_descriptions()) {
            const auto concat = ov::as_type_ptr<SubGraph::ConcatOutputDescription>(output);
            outputs[output->m_output_index] =
                concat ? together(*concat) : one(*ov::as_type_ptr<SubGraph::BodyOutputDescription>(output));
        }
        return outputs;
    }

    Value together(const SubGraph::ConcatOutputDescription& output) {
        const bool backward = output.m_stride < 0;
        const bool whole =
            backward ? output.m_start == -1 && output.m_end == 0 : output.m_start == 0 && output.m_end == -1;
        if (!whole || std::abs(output.m_stride) != output.m_part_size) {
            refuse(*node_, "its output is put together with gaps or overlaps");
        }
        if (results_.empty()) return node_->output(output.m_output_index);  // stays whole: none may ask for it
        ov::OutputVector parts;
        for (const auto& results : results_) parts.push_back(results.at(output.m_body_value_index));
        if (backward) std::reverse(parts.begin(), parts.end());
        return parts.size() == 1 ? parts[0] : tape_.make<op::v0::Concat>(parts, output.m_axis).value;
    }

    /// The value of one iteration; of none, what the loop began with.
    Value one(const SubGraph::BodyOutputDescription& output) {
        if (!results_.empty()) {
            const auto count = static_cast<std::int64_t>(results_.size());
            const auto at = output.m_iteration < 0 ? output.m_iteration + count : output.m_iteration;
            if (at < 0 || at >= count) refuse(*node_, "it answers with an iteration that there is none of");
            return results_[static_cast<std::size_t>(at)].at(output.m_body_value_index);
        }
        for (const auto& [parameter, result] : back_) {
            if (result == output.m_body_value_index) return carried_.at(parameter);
        }
        return node_->output(output.m_output_index);
    }

    Node node_;
    const op::util::SubGraphOp& loop_;
    Tape& tape_;
    Body body_;
    op::v5::Loop::SpecialBodyPorts ports_;
    std::int64_t limit_ = -1;  ///< of iterations; negative: none
    std::map<std::size_t, Values> slices_;
    std::map<std::size_t, Value> carried_;       ///< of the parameters that iterations hand on
    std::map<std::size_t, std::size_t> back_;    ///< such a parameter -> the result that it takes
    std::vector<Values> results_;                ///< of each iteration
};

Values loop(const Node& node, Tape& tape) { return Unrolling(node, tape).outputs(); }

/// Of one iteration, times their number.
std::int64_t loop_macs(const ov::Node& node) {
    const auto& loop = *ov::as_type<const op::util::SubGraphOp>(&node);
    if (loop.get_num_iterations() < 0) return 0;
    std::int64_t sum = 0;
    for (const auto& inner : loop.get_function()->get_ordered_ops()) {
        const auto* facts = facts_of(*inner);
        if (facts != nullptr && facts->macs != nullptr) sum += facts->macs(*inner);
    }
    return sum * loop.get_num_iterations();
}

}  // namespace

std::span<const OpFacts> control_flow() {
    static const std::array kRows{
        composite<op::v8::If>(branch),
        composite<op::v0::TensorIterator>(loop, loop_macs),
        composite<op::v5::Loop>(loop, loop_macs),
    };
    return kRows;
}

}  // namespace pellucid::graph::facts
