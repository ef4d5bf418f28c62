// Fourier transforms, all linear: the adjoint of a transform is its inverse without the inverse's scale (or with it,
// the other way round), after which an axis that was cut or filled up with zeros gets its own length back. Complex
// numbers are pairs on the last axis. Of real signals half the spectrum is kept: all of its elements stand for two,
// but the first and, for an even length, the one at half the length.
#include "graph/facts/table.hpp"

namespace pellucid::graph::facts {
namespace {

namespace op = ov::op;
using Node = std::shared_ptr<ov::Node>;
using Cotangents = std::vector<Cotangent>;

/// Which axes are transformed, not negative, in their order: real transforms halve the last of them.
std::vector<std::int64_t> transformed_axes(const ov::Node& node, std::int64_t rank) {
    auto axes = Tape::integers_of(node, 1, "the list of its axes");
    for (auto& axis : axes) axis += axis < 0 ? rank : 0;
    return axes;
}

/// The lengths that are transformed along the axes, where none is left to the data: empty.
std::vector<std::int64_t> given_lengths(const ov::Node& node) {
    if (node.get_input_size() < 3) return {};
    return Tape::integers_of(node, 2, "the size of its signal");
}

std::int64_t known_extent(const ov::Node& node, const Value& x, std::int64_t axis) {
    const auto& extent = x.get_partial_shape()[static_cast<std::size_t>(axis)];
    if (extent.is_dynamic()) {
        refuse(node, "a size along axis " + std::to_string(axis) + " is known only while the model runs",
               "give the model's input a fixed size");
    }
    return extent.get_length();
}

/// The adjoint of cutting, or filling up with zeros, the axis of `x` to what `g` has.
Expr resized(const ov::Node& node, const Expr& g, const Value& x, std::int64_t axis) {
    const auto at = static_cast<std::size_t>(axis);
    if (same_extent(g.value.get_partial_shape()[at], x.get_partial_shape()[at])) return g;
    auto& tape = *g.tape;
    const auto change = known_extent(node, x, axis) - known_extent(node, g.value, axis);
    std::vector<std::int64_t> begin(g.value.get_partial_shape().size(), 0), end = begin;
    end[at] = change;
    return tape.make<op::v12::Pad>(g.value, tape.integers(begin).value, tape.integers(end).value,
                                   tape.scalar(g.value, 0.0).value, op::PadMode::CONSTANT);
}

/// The number of elements that are transformed together.
Expr count_along(const Expr& g, const std::vector<std::int64_t>& axes) {
    auto& tape = *g.tape;
    auto count = tape.integers({1});
    double known = 1.0;
    bool open = false;
    for (const auto axis : axes) {
        const auto& extent = g.value.get_partial_shape()[static_cast<std::size_t>(axis)];
        if (extent.is_static()) {
            known *= static_cast<double>(extent.get_length());
        } else {
            count = count * tape.extent(g.value, axis);
            open = true;
        }
    }
    const auto constant = tape.scalar(g.value, known);
    if (!open) return constant;
    return tape.make<op::v0::Convert>(count.value, g.value.get_element_type()) * constant;
}

/// The adjoint of DFT is the inverse times the count; that of IDFT is DFT over the count.
template <class Inverse, bool Multiplies>
Cotangents complex_transform(const Node& node, const Cotangents& outputs, Tape& tape) {
    const auto x = node->input_value(0);
    const auto axes = transformed_axes(*node, rank_of(*node, x) - 1);
    const auto g = tape.expr(outputs[0].value);
    const auto count = count_along(g, axes);
    Expr made = tape.make<Inverse>(g.value, tape.integers(axes).value);
    made = Multiplies ? made * count : made / count;
    for (const auto axis : axes) made = resized(*node, made, x, axis);
    return {made};
}

/// Along the halved axis of `like`: `once` for the elements that stand for themselves, `twice` for the others.
Expr half_weights(const Expr& like, std::int64_t axis, std::int64_t length, const std::pair<double, double>& weights) {
    const auto half = length / 2 + 1;
    std::vector<double> values(static_cast<std::size_t>(half), weights.second);
    values.front() = weights.first;
    if (length % 2 == 0) values.back() = weights.first;
    ov::Shape shape(like.value.get_partial_shape().size(), 1);
    shape[static_cast<std::size_t>(axis)] = static_cast<std::size_t>(half);
    return like.tape->make<op::v0::Constant>(like.value.get_element_type(), shape, values);
}

/// How a real signal of these lengths is transformed, and back.
struct RealTransform {
    std::vector<std::int64_t> axes, lengths;
    [[nodiscard]] double count() const {
        double product = 1.0;
        for (const auto length : lengths) product *= static_cast<double>(length);
        return product;
    }
};

/// The inverse reads every element but the lone ones twice: half of each is what the spectrum holds of it.
Expr real_adjoint(const Expr& g, const RealTransform& transform) {
    auto& tape = *g.tape;
    const auto weights = half_weights(g, transform.axes.back(), transform.lengths.back(), {1.0, 0.5});
    return tape.make<op::v9::IRDFT>((g * weights).value, tape.integers(transform.axes).value,
                                    tape.integers(transform.lengths).value) *
           transform.count();
}

RealTransform real_transform(const ov::Node& node, const Value& x, std::int64_t rank) {
    RealTransform made{transformed_axes(node, rank), given_lengths(node)};
    made.lengths.resize(made.axes.size(), -1);
    for (std::size_t i = 0; i < made.axes.size(); ++i) {
        if (made.lengths[i] == -1) made.lengths[i] = known_extent(node, x, made.axes[i]);
    }
    return made;
}

Cotangents real_forward(const Node& node, const Cotangents& outputs, Tape& tape) {
    const auto x = node->input_value(0);
    const auto transform = real_transform(*node, x, rank_of(*node, x));
    auto made = real_adjoint(tape.expr(outputs[0].value), transform);
    for (const auto axis : transform.axes) made = resized(*node, made, x, axis);
    return {made};
}

Cotangents real_inverse(const Node& node, const Cotangents& outputs, Tape& tape) {
    const auto x = node->input_value(0);
    // The lengths of what comes out, the last of which the half spectrum does not tell.
    RealTransform transform{transformed_axes(*node, rank_of(*node, x) - 1), {}};
    for (const auto axis : transform.axes) {
        const auto length = known_extent(*node, node->output(0), axis);
        const auto read = axis == transform.axes.back() ? length / 2 + 1 : length;
        if (read > known_extent(*node, x, axis)) {
            refuse(*node,
                   "it fills its input up with zeros along axis " + std::to_string(axis) +
                       ", where this engine answers with what lies in memory beyond it",
                   "pad the spectrum before it is transformed");
        }
        transform.lengths.push_back(length);
    }
    const auto spectrum = tape.make<op::v9::RDFT>(outputs[0].value, tape.integers(transform.axes).value);
    const auto share = 1.0 / transform.count();
    auto made =
        spectrum * half_weights(spectrum, transform.axes.back(), transform.lengths.back(), {share, 2.0 * share});
    for (const auto axis : transform.axes) made = resized(*node, made, x, axis);
    return {made};
}

/// A short-time transform: overlapping frames of the signal, each times the window, each transformed.
struct Frames {
    std::int64_t size = 0, count = 0;
    Expr places;  ///< of the frames' elements in the signal, [count * size]
    Expr window;  ///< filled up with zeros on both sides to the size of a frame
    std::int64_t before = 0;
};

Frames frames_of(const ov::Node& node, Tape& tape) {
    const auto signal = node.input_value(0);
    const auto window = node.input_value(1);
    Frames made;
    made.size = Tape::integers_of(node, 2, "the size of a frame").at(0);
    const auto step = Tape::integers_of(node, 3, "the step between frames").at(0);
    const auto length = known_extent(node, signal, rank_of(node, signal) - 1);
    made.count = (length - made.size) / step + 1;
    std::vector<std::int64_t> places;
    for (std::int64_t frame = 0; frame < made.count; ++frame) {
        for (std::int64_t i = 0; i < made.size; ++i) places.push_back(frame * step + i);
    }
    made.places = tape.integers(places);
    const auto missing = made.size - known_extent(node, window, 0);
    made.before = missing / 2;
    made.window = tape.make<op::v12::Pad>(window, tape.integers({made.before}).value,
                                          tape.integers({missing - made.before}).value, tape.scalar(window, 0.0).value,
                                          op::PadMode::CONSTANT);
    return made;
}

Cotangents short_time(const Node& node, const Cotangents& outputs, Tape& tape) {
    const auto frames = frames_of(*node, tape);
    const auto signal = node->input_value(0);
    const auto rank = rank_of(*node, signal);  // 1, or 2 with a batch
    auto g = tape.expr(outputs[0].value);
    if (ov::as_type_ptr<op::v15::STFT>(node)->get_transpose_frames()) {
        std::vector<std::int64_t> order{0, 1, 2, 3};
        order.resize(static_cast<std::size_t>(rank + 2));
        std::swap(order[static_cast<std::size_t>(rank - 1)], order[static_cast<std::size_t>(rank)]);
        g = tape.make<op::v1::Transpose>(g.value, tape.integers(order).value);
    }
    const auto by_frames = real_adjoint(g, {{rank}, {frames.size}});  // [batch, frames, size]
    Cotangents made(node->get_input_size());
    if (tape.wants(*node, 0)) {
        std::vector<std::int64_t> flat(static_cast<std::size_t>(rank), 0);
        flat.back() = -1;
        const auto all = tape.make<op::v1::Reshape>((by_frames * frames.window).value, tape.integers(flat).value, true);
        const auto at = tape.broadcast_like(frames.places.value, all.value);
        made[0] = tape.make<op::v12::ScatterElementsUpdate>(tape.fill_like(signal, 0.0).value, at.value, all.value,
                                                            tape.integer(rank - 1).value,
                                                            op::v12::ScatterElementsUpdate::Reduction::SUM);
    }
    if (tape.wants(*node, 1)) {
        const auto picked = tape.make<op::v8::Gather>(signal, frames.places.value, tape.integer(rank - 1).value);
        std::vector<std::int64_t> axes{0, 1};
        axes.resize(static_cast<std::size_t>(rank));
        const auto sums = tape.sum((tape.reshape_like(picked.value, by_frames.value) * by_frames).value, axes, false);
        const auto cut = tape.make<op::v8::Slice>(
            sums.value, tape.integers({frames.before}).value,
            tape.integers({frames.before + known_extent(*node, node->input_value(1), 0)}).value,
            tape.integers({1}).value, tape.integers({0}).value);
        made[1] = cut;
    }
    return made;
}

}  // namespace

std::span<const OpFacts> spectral() {
    static const std::array kRows{
        row<op::v7::DFT>(Law::kLinear, complex_transform<op::v7::IDFT, true>),
        row<op::v7::IDFT>(Law::kLinear, complex_transform<op::v7::DFT, false>),
        row<op::v9::RDFT>(Law::kLinear, real_forward),
        row<op::v9::IRDFT>(Law::kLinear, real_inverse),
        row<op::v15::STFT>(Law::kBilinear, short_time),
    };
    return kRows;
}

}  // namespace pellucid::graph::facts
