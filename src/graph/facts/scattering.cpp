// Elements placed by indices. What is placed replaces the data there or is reduced with it: the cotangent of each
// element is what the others at its place leave of it.
#include "graph/facts/table.hpp"

namespace pellucid::graph::facts {
namespace {

namespace op = ov::op;
using Node = std::shared_ptr<ov::Node>;
using Cotangents = std::vector<Cotangent>;

/// How what is placed meets what is there, whichever op says it.
enum class Meeting { kReplace, kSum, kSubtract, kProduct, kSmallest, kLargest, kMean };

/// The places of one op: how to write to them and how to read from them.
struct Places {
    std::function<Expr(const Expr& data, const Expr& updates, Meeting)> write;
    std::function<Expr(const Expr& data)> read;
    Meeting meeting = Meeting::kReplace;
    bool with_data = true;  ///< whether the data itself is among what is reduced
};

/// Everything that is reduced at a place, with its share of a tensor at those places: that of the data, that of updates.
struct Reduced {
    Expr data, updates;
};

/// 1 for each element of the data that takes part, 0 for those that are replaced.
Expr taking_part(const Expr& data, const Expr& updates, const Places& places) {
    auto& tape = *data.tape;
    const auto ones = tape.fill_like(data.value, 1.0);
    if (places.with_data) return ones;
    return places.write(ones, tape.fill_like(updates.value, 0.0), Meeting::kReplace);
}

/// The sum of `of` over everything at a place.
Expr sum_at_places(const Reduced& of, const Expr& taking, const Places& places) {
    return places.write(of.data * taking, of.updates, Meeting::kSum);
}

Reduced mean_shares(const Expr& g, const Reduced& x, const Expr& taking, const Places& places) {
    auto& tape = *g.tape;
    const Reduced ones{tape.fill_like(x.data.value, 1.0), tape.fill_like(x.updates.value, 1.0)};
    const auto share = g / sum_at_places(ones, taking, places);
    return {share * taking, places.read(share)};
}

/// Shared evenly by all that reach the extreme.
Reduced extreme_shares(const Expr& g, const Expr& y, const Reduced& x, const Expr& taking, const Places& places) {
    const Reduced reached{indicator(equal(x.data, y), g) * taking, indicator(equal(x.updates, places.read(y)), g)};
    const auto share = g / sum_at_places(reached, taking, places);
    return {share * reached.data, places.read(share) * reached.updates};
}

/// The product of all others at the place, right with zeros among them: the product of what is not 0 over the element
/// itself (if it is not 0), where no other is 0.
Reduced product_shares(const Expr& g, const Reduced& x, const Expr& taking, const Places& places) {
    const auto zero = [](const Expr& v) { return equal(v, v * 0.0); };
    const auto filled = [&](const Expr& v) { return select(zero(v), v * 0.0 + 1.0, v); };
    const auto zeros = [&](const Expr& v) { return indicator(zero(v), v); };
    const auto data = filled(x.data) * taking + (1.0 - taking);
    const auto product = places.write(data, filled(x.updates), Meeting::kProduct);
    const auto count = sum_at_places({zeros(x.data), zeros(x.updates)}, taking, places);
    const auto alone = [](const Expr& all, const Expr& own) { return indicator(less(all - own, 0.5), all); };
    return {g * taking * alone(count, zeros(x.data)) * product / data,
            places.read(g) * alone(places.read(count), zeros(x.updates)) * places.read(product) / filled(x.updates)};
}

/// The cotangents of the data and of what is placed.
std::pair<Cotangent, Cotangent> scattered(const Node& node, const Expr& g, const Places& places, Tape& tape) {
    const Reduced x{tape.in(*node, 0), tape.in(*node, 2)};
    const auto taking = places.meeting == Meeting::kReplace ? Expr{} : taking_part(x.data, x.updates, places);
    Reduced made;
    switch (places.meeting) {
        case Meeting::kReplace:
            return {places.write(g, tape.fill_like(x.updates.value, 0.0), Meeting::kReplace), places.read(g)};
        case Meeting::kSum:
            return {places.with_data ? g : g * taking, places.read(g)};
        case Meeting::kSubtract:
            return {g, {places.read(g).value, true}};
        case Meeting::kMean:
            made = mean_shares(g, x, taking, places);
            break;
        case Meeting::kProduct:
            made = product_shares(g, x, taking, places);
            break;
        case Meeting::kSmallest:
        case Meeting::kLargest:
            tape.note(std::string(node->get_type_name()) +
                      ": of elements that tie for the extreme at one place each gets an equal share");
            made = extreme_shares(g, tape.out(node), x, taking, places);
            break;
    }
    return {made.data, made.updates};
}

using Elements = op::v12::ScatterElementsUpdate;

Meeting meeting_of(Elements::Reduction reduction) {
    switch (reduction) {
        case Elements::Reduction::SUM:
            return Meeting::kSum;
        case Elements::Reduction::PROD:
            return Meeting::kProduct;
        case Elements::Reduction::MIN:
            return Meeting::kSmallest;
        case Elements::Reduction::MAX:
            return Meeting::kLargest;
        case Elements::Reduction::MEAN:
            return Meeting::kMean;
        default:
            return Meeting::kReplace;
    }
}
Elements::Reduction elements_reduction(Meeting meeting) {
    if (meeting == Meeting::kSum) return Elements::Reduction::SUM;
    return meeting == Meeting::kProduct ? Elements::Reduction::PROD : Elements::Reduction::NONE;
}

Cotangents scatter_elements_update(const Node& node, const Cotangents& outputs, Tape& tape) {
    const auto axis = Tape::integers_of(*node, 3, "its axis").at(0);
    const auto indices = node->input_value(1);
    Places places;
    places.write = [&](const Expr& data, const Expr& updates, Meeting meeting) -> Expr {
        if (meeting == Meeting::kReplace) {
            return tape.make<op::v3::ScatterElementsUpdate>(data.value, indices, updates.value, node->input_value(3));
        }
        return tape.make<Elements>(data.value, indices, updates.value, tape.integer(axis).value,
                                   elements_reduction(meeting));
    };
    places.read = [&](const Expr& data) { return tape.make<op::v6::GatherElements>(data.value, indices, axis); };
    if (const auto typed = ov::as_type_ptr<Elements>(node)) {
        places.meeting = meeting_of(typed->get_reduction());
        places.with_data = typed->get_use_init_val();
    }
    Cotangents made(node->get_input_size());
    std::tie(made[0], made[2]) = scattered(node, tape.expr(outputs[0].value), places, tape);
    return made;
}

using Slices = op::v15::ScatterNDUpdate;

Meeting meeting_of(Slices::Reduction reduction) {
    switch (reduction) {
        case Slices::Reduction::SUM:
            return Meeting::kSum;
        case Slices::Reduction::SUB:
            return Meeting::kSubtract;
        case Slices::Reduction::PROD:
            return Meeting::kProduct;
        case Slices::Reduction::MIN:
            return Meeting::kSmallest;
        case Slices::Reduction::MAX:
            return Meeting::kLargest;
        default:
            return Meeting::kReplace;
    }
}

Cotangents scatter_nd_update(const Node& node, const Cotangents& outputs, Tape& tape) {
    const auto indices = node->input_value(1);
    Places places;
    places.write = [&](const Expr& data, const Expr& updates, Meeting meeting) -> Expr {
        if (meeting == Meeting::kReplace) {
            return tape.make<op::v3::ScatterNDUpdate>(data.value, indices, updates.value);
        }
        const auto reduction = meeting == Meeting::kSum ? Slices::Reduction::SUM : Slices::Reduction::PROD;
        return tape.make<Slices>(data.value, indices, updates.value, reduction);
    };
    places.read = [&](const Expr& data) { return tape.make<op::v8::GatherND>(data.value, indices); };
    if (const auto typed = ov::as_type_ptr<Slices>(node)) places.meeting = meeting_of(typed->get_reduction());
    Cotangents made(node->get_input_size());
    std::tie(made[0], made[2]) = scattered(node, tape.expr(outputs[0].value), places, tape);
    return made;
}

Cotangents scatter_update(const Node& node, const Cotangents& outputs, Tape& tape) {
    const auto g = tape.expr(outputs[0].value);
    Cotangents made(node->get_input_size());
    const auto indices = node->input_value(1);
    const auto axis = node->input_value(3);
    if (tape.wants(*node, 0)) {
        const auto zeros = tape.fill_like(node->input_value(2), 0.0);
        made[0] = tape.make<op::v3::ScatterUpdate>(g.value, indices, zeros.value, axis);
    }
    if (tape.wants(*node, 2)) made[2] = tape.make<op::v8::Gather>(g.value, indices, axis);
    return made;
}

/// Updates in place of a cut: zeros there in the data's cotangent, the cut of it for the updates.
Cotangents slice_scatter(const Node& node, const Cotangents& outputs, Tape& tape) {
    const auto g = outputs[0].value;
    auto inputs = node->input_values();
    Cotangents made(inputs.size());
    if (tape.wants(*node, 0)) {
        inputs[0] = g;
        inputs[1] = tape.fill_like(node->input_value(1), 0.0).value;
        const auto replaced = node->clone_with_new_inputs(inputs);
        tape.name(*replaced);
        made[0] = {replaced->output(0), false};
    }
    if (tape.wants(*node, 1)) {
        made[1] = inputs.size() > 5 ? tape.make<op::v8::Slice>(g, inputs[2], inputs[3], inputs[4], inputs[5])
                                    : tape.make<op::v8::Slice>(g, inputs[2], inputs[3], inputs[4]);
    }
    return made;
}

}  // namespace

std::span<const OpFacts> scattering() {
    static const std::array kRows{
        row<op::v3::ScatterElementsUpdate>(Law::kMovement, scatter_elements_update),
        row<op::v3::ScatterNDUpdate>(Law::kMovement, scatter_nd_update),
        row<op::v3::ScatterUpdate>(Law::kMovement, scatter_update),
        row<op::v15::SliceScatter>(Law::kMovement, slice_scatter),
        // These may also keep the largest, say, of what meets at a place.
        row<op::v12::ScatterElementsUpdate>(Law::kSelecting, scatter_elements_update),
        row<op::v15::ScatterNDUpdate>(Law::kSelecting, scatter_nd_update),
    };
    return kRows;
}

}  // namespace pellucid::graph::facts
