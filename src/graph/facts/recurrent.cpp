// Recurrent cells, and sequences of a fixed number of steps. They have no rules: they are written out in products, sums
// and activations, whose rules then share the states of the forward pass. What the steps owe to the input is one product
// for all of them, and so is the gradient by the input.
#include <cmath>

#include "graph/facts/table.hpp"
#include "graph/known.hpp"

namespace pellucid::graph::facts {
namespace {

namespace op = ov::op;
using Node = std::shared_ptr<ov::Node>;
using Exprs = std::vector<Expr>;
using Direction = op::RecurrentSequenceDirection;

/// [batch, hidden]; `c` for an LSTM only.
struct State {
    Expr h, c;
};

/// Of one direction: [gates * hidden, input], [gates * hidden, hidden], [gates * hidden] (one part more for a GRU that
/// is linear before its reset).
struct Weights {
    Expr w, r, b;
};

/// Parts along an axis; `x` itself where there is but one.
Exprs split(const Expr& x, std::int64_t axis, std::size_t parts) {
    if (parts == 1) return {x};
    auto& tape = *x.tape;
    const auto node = tape.node<op::v1::Split>(x.value, tape.integer(axis).value, parts);
    Exprs made;
    for (std::size_t part = 0; part < parts; ++part) made.push_back(tape.out(node, part));
    return made;
}

/// Parts along an axis, of these lengths.
Exprs split(const Expr& x, std::int64_t axis, const std::vector<std::int64_t>& lengths) {
    auto& tape = *x.tape;
    const auto node = tape.node<op::v1::VariadicSplit>(x.value, tape.integer(axis).value, tape.integers(lengths).value);
    Exprs made;
    for (std::size_t part = 0; part < lengths.size(); ++part) made.push_back(tape.out(node, part));
    return made;
}

/// x m'
Expr times(const Expr& x, const Expr& m) { return x.tape->make<op::v0::MatMul>(x.value, m.value, false, true); }

/// One cell: what it does to its state in a step. Gates of one activation are computed as one tensor.
class Cell {
public:
    Cell(const ov::Node& node, Weights weights)
        : node_(node), base_(*ov::as_type<const op::util::RNNCellBase>(&node)), weights_(std::move(weights)) {}
    virtual ~Cell() = default;
    Cell(const Cell&) = delete;
    Cell& operator=(const Cell&) = delete;

    /// What the gates owe to the input, a tensor for each group of them: x is [..., input].
    [[nodiscard]] virtual Exprs project(const Expr& x) const { return {times(x, weights_.w) + weights_.b}; }
    [[nodiscard]] virtual State step(const Exprs& projected, const State& state) const = 0;
    [[nodiscard]] std::int64_t hidden() const { return static_cast<std::int64_t>(base_.get_hidden_size()); }

protected:
    /// The activation of that place in the list, of the clipped sum.
    [[nodiscard]] Expr activate(const Expr& x, std::size_t which) const {
        auto& tape = *x.tape;
        const auto clip = static_cast<double>(base_.get_clip());
        const bool clips = op::util::classify_rnn_clip(base_.get_clip()) == op::util::RNNClipMode::CLAMP;
        const auto sum = clips ? tape.make<op::v0::Clamp>(x.value, -clip, clip) : x;
        return unclipped(sum, which);
    }
    [[nodiscard]] Expr unclipped(const Expr& x, std::size_t which) const {
        auto& tape = *x.tape;
        const auto& name = base_.get_activations().at(which);
        if (name == "sigmoid") return tape.make<op::v0::Sigmoid>(x.value);
        if (name == "tanh") return tape.make<op::v0::Tanh>(x.value);
        if (name == "relu") return tape.make<op::v0::Relu>(x.value);
        refuse(node_, "its activation '" + name + "' is none that the engine runs (sigmoid, tanh, relu)");
    }
    [[nodiscard]] const Weights& weights() const { return weights_; }

private:
    const ov::Node& node_;
    const op::util::RNNCellBase& base_;
    Weights weights_;
};

class RnnCell final : public Cell {
public:
    using Cell::Cell;
    [[nodiscard]] State step(const Exprs& projected, const State& state) const override {
        return {activate(projected[0] + times(state.h, weights().r), 0), {}};
    }
};

/// Rows come as forget, input, candidate, output; the candidate goes last, so that the others are one tensor.
Weights candidate_last(const Weights& weights) {
    const auto sorted = [](const Expr& m) {
        const auto rows = split(m, 0, 4);
        return concat({rows[0], rows[1], rows[3], rows[2]}, 0);
    };
    return {sorted(weights.w), sorted(weights.r), sorted(weights.b)};
}

class LstmCell final : public Cell {
public:
    LstmCell(const ov::Node& node, const Weights& weights) : Cell(node, candidate_last(weights)) {}
    [[nodiscard]] State step(const Exprs& projected, const State& state) const override {
        const auto sums = split(projected[0] + times(state.h, weights().r), 1, {3 * hidden(), hidden()});
        const auto gates = split(activate(sums[0], 0), 1, 3);
        const auto c = gates[0] * state.c + gates[1] * activate(sums[1], 1);
        return {gates[2] * unclipped(c, 2), c};  // only sums that a gate reads are clipped, as the engine does it
    }
};

/// Rows: update, reset, candidate.
class GruCell final : public Cell {
public:
    GruCell(const ov::Node& node, const Weights& weights, bool linear_before_reset)
        : Cell(node, weights), linear_before_reset_(linear_before_reset) {
        if (linear_before_reset) {
            const auto parts = split(weights.b, 0, {3 * hidden(), hidden()});
            input_bias_ = parts[0];
            reset_bias_ = parts[1];
        } else {
            input_bias_ = weights.b;
            const auto parts = split(weights.r, 0, {2 * hidden(), hidden()});
            gates_ = parts[0];
            candidate_ = parts[1];
        }
    }
    [[nodiscard]] Exprs project(const Expr& x) const override {
        return split(times(x, weights().w) + input_bias_, -1, {2 * hidden(), hidden()});
    }
    [[nodiscard]] State step(const Exprs& projected, const State& state) const override {
        Expr candidate, update;
        if (linear_before_reset_) {
            const auto owed = split(times(state.h, weights().r), 1, {2 * hidden(), hidden()});
            const auto gates = split(activate(projected[0] + owed[0], 0), 1, 2);
            update = gates[0];
            candidate = activate(projected[1] + gates[1] * (owed[1] + reset_bias_), 1);
        } else {
            const auto gates = split(activate(projected[0] + times(state.h, gates_), 0), 1, 2);
            update = gates[0];
            candidate = activate(projected[1] + times(gates[1] * state.h, candidate_), 1);
        }
        return {candidate + update * (state.h - candidate), {}};
    }

private:
    bool linear_before_reset_;
    Expr input_bias_, reset_bias_, gates_, candidate_;
};

bool is_lstm(const ov::Node& node) {
    return ov::is_type<op::v5::LSTMSequence>(&node) || ov::is_type<op::v4::LSTMCell>(&node) ||
           ov::is_type<op::v0::LSTMCell>(&node);
}

/// What the cell of the first opset may ask for: no later one has it, and of another order the engine takes no notice.
void refuse_variants(const op::v0::LSTMCell& cell) {
    if (cell.get_weights_format() != op::LSTMWeightsFormat::FICO) {
        refuse(cell,
               "its weights come in another order than the engine reads them in (forget, input, candidate, output)");
    }
    if (cell.get_input_forget()) refuse(cell, "its input and forget gates are coupled");
    const auto peepholes = Tape::constant_of(cell.input_value(6));
    const auto values = peepholes ? peepholes->cast_vector<double>() : std::vector<double>{1.0};
    if (std::any_of(values.begin(), values.end(), [](double v) { return v != 0.0; })) {
        refuse(cell, "it has peepholes");
    }
}

std::unique_ptr<Cell> cell_of(const ov::Node& node, const Weights& weights) {
    if (const auto* first = ov::as_type<const op::v0::LSTMCell>(&node)) refuse_variants(*first);
    if (is_lstm(node)) return std::make_unique<LstmCell>(node, weights);
    if (const auto* gru = ov::as_type<const op::v5::GRUSequence>(&node)) {
        return std::make_unique<GruCell>(node, weights, gru->get_linear_before_reset());
    }
    if (const auto* gru = ov::as_type<const op::v3::GRUCell>(&node)) {
        return std::make_unique<GruCell>(node, weights, gru->get_linear_before_reset());
    }
    return std::make_unique<RnnCell>(node, weights);
}

std::vector<Value> cell(const Node& node, Tape& tape) {
    const std::size_t at = is_lstm(*node) ? 3 : 2;  // where the weights begin
    const auto made = cell_of(*node, {tape.in(*node, at), tape.in(*node, at + 1), tape.in(*node, at + 2)});
    State state{tape.in(*node, 1), at == 3 ? tape.in(*node, 2) : Expr{}};
    state = made->step(made->project(tape.in(*node, 0)), state);
    return at == 3 ? std::vector{state.h.value, state.c.value} : std::vector{state.h.value};
}

// ---- sequences ----

Direction direction_of(const ov::Node& node) {
    if (const auto* lstm = ov::as_type<const op::v5::LSTMSequence>(&node)) return lstm->get_direction();
    if (const auto* gru = ov::as_type<const op::v5::GRUSequence>(&node)) return gru->get_direction();
    return ov::as_type<const op::v5::RNNSequence>(&node)->get_direction();
}

/// All that the steps of one direction read.
struct Run {
    std::vector<Exprs> projected;  ///< of each group of gates, a tensor for each step
    Exprs valid;  ///< [batch, 1] for each step, whether it is within a row's length; empty: all are
    bool backward = false;
};

struct Answer {
    Exprs by_step;  ///< the states, in the order of time
    State last;
};

/// Steps behind a row's length leave its state as it is: a backward run so begins where the row ends.
Answer run(const Cell& cell, const Run& run, State state) {
    const auto steps = run.projected[0].size();
    Answer made{Exprs(steps), {}};
    for (std::size_t step = 0; step < steps; ++step) {
        const auto time = run.backward ? steps - 1 - step : step;
        // On a dry run the second stands for the rest: they are alike.
        if (state.h.tape->dry() && step > 1) {
            made.by_step[time] = state.h;
            continue;
        }
        Exprs projected;
        for (const auto& group : run.projected) projected.push_back(group[time]);
        auto next = cell.step(projected, state);
        if (!run.valid.empty()) {
            next.h = select(run.valid[time], next.h, state.h);
            if (next.c.tape != nullptr) next.c = select(run.valid[time], next.c, state.c);
        }
        state = next;
        made.by_step[time] = state.h;
    }
    made.last = state;
    return made;
}

/// Where a sequence's inputs stand.
struct Ports {
    std::size_t lengths, weights;
    bool lstm;
};

/// [batch, steps]: whether a step is within its row's length; nothing where all are.
std::optional<Expr> within_lengths(const ov::Node& node, const Ports& ports, std::int64_t steps, Tape& tape) {
    const auto lengths = tape.in(node, ports.lengths);
    if (known_least(lengths.value).value_or(0) >= steps) return {};
    std::vector<std::int64_t> times(static_cast<std::size_t>(steps));
    for (std::size_t t = 0; t < times.size(); ++t) times[t] = static_cast<std::int64_t>(t);
    const auto clock = tape.make<op::v0::Constant>(lengths.value.get_element_type(), ov::Shape{1, times.size()}, times);
    return less(clock, tape.make<op::v0::Unsqueeze>(lengths.value, tape.integers({1}).value));
}

/// A direction's part of a tensor that has an axis of them.
Expr of_direction(const Expr& x, std::int64_t axis, std::size_t which, std::size_t directions) {
    auto& tape = *x.tape;
    return tape.make<op::v0::Squeeze>(split(x, axis, directions)[which].value, tape.integers({axis}).value);
}

/// The state's batch is the input's: where their shapes don't say so, the state is broadcast, so that the steps need not
/// find out at run time, each for itself.
Expr with_batch_of(const Expr& state, const Expr& x, std::int64_t hidden) {
    auto& tape = *state.tape;
    if (same_extent(state.value.get_partial_shape()[0], x.value.get_partial_shape()[0])) return state;
    const ov::OutputVector shape{tape.extent(x.value, 0).value, tape.integers({hidden}).value};
    return tape.make<op::v3::Broadcast>(state.value, tape.make<op::v0::Concat>(shape, 0).value);
}

/// [batch, steps, width] as a tensor [batch, width] for each step.
Exprs by_step(const Expr& x, std::int64_t steps) {
    auto& tape = *x.tape;
    const auto width = x.value.get_partial_shape()[2].get_length();
    const auto flat = tape.make<op::v1::Reshape>(x.value, tape.integers({0, steps * width}).value, true);
    return split(flat, 1, static_cast<std::size_t>(steps));
}

/// [batch, hidden] for each step as [batch, 1, steps, hidden].
Expr in_time(const Exprs& states, std::int64_t hidden) {
    auto& tape = *states[0].tape;
    const auto steps = static_cast<std::int64_t>(states.size());
    return tape.make<op::v1::Reshape>(concat(states, 1).value, tape.integers({0, 1, steps, hidden}).value, true);
}

std::int64_t steps_of(const ov::Node& node) {
    const auto& shape = node.get_input_partial_shape(0);
    if (shape.rank().is_dynamic() || shape[1].is_dynamic()) {
        refuse(node, "its number of steps is known only while the model runs",
               "give the model's inputs a fixed sequence length, or use a method that needs only scores (occlusion, "
               "lime)");
    }
    if (shape[1].get_length() == 0) refuse(node, "it has no step");
    return shape[1].get_length();
}

void refuse_open_weights(const ov::Node& node, std::size_t first) {
    for (std::size_t port = first; port < node.get_input_size(); ++port) {
        if (node.get_input_partial_shape(port).is_dynamic()) {
            refuse(node, "the shape of its weights is known only while the model runs");
        }
    }
}

std::vector<Value> sequence(const Node& node, Tape& tape) {
    const bool lstm = is_lstm(*node);
    const Ports ports{lstm ? 3U : 2U, lstm ? 4U : 3U, lstm};
    const auto steps = steps_of(*node);
    refuse_open_weights(*node, ports.weights);
    const auto x = tape.in(*node, 0);
    const auto direction = direction_of(*node);
    const std::size_t directions = direction == Direction::BIDIRECTIONAL ? 2 : 1;
    const auto mask = within_lengths(*node, ports, steps, tape);
    const auto valid = mask ? split(*mask, 1, static_cast<std::size_t>(steps)) : Exprs{};
    Exprs outputs, last_h, last_c;
    for (std::size_t which = 0; which < directions; ++which) {
        const auto part = [&](std::size_t port, std::int64_t axis) {
            return of_direction(tape.in(*node, port), axis, which, directions);
        };
        const auto made =
            cell_of(*node, {part(ports.weights, 0), part(ports.weights + 1, 0), part(ports.weights + 2, 0)});
        Run to_run{{}, valid, direction == Direction::REVERSE || which == 1};
        for (const auto& group : made->project(x)) to_run.projected.push_back(by_step(group, steps));
        State state{with_batch_of(part(1, 1), x, made->hidden()), {}};
        if (lstm) state.c = with_batch_of(part(2, 1), x, made->hidden());
        const auto answer = run(*made, to_run, state);
        outputs.push_back(in_time(answer.by_step, made->hidden()));
        const auto with_direction = [&](const Expr& s) { return unsqueeze(s, {1}); };
        last_h.push_back(with_direction(answer.last.h));
        if (lstm) last_c.push_back(with_direction(answer.last.c));
    }
    auto y = concat(outputs, 1);
    if (mask) {
        const auto by_state = tape.make<op::v1::Reshape>(mask->value, tape.integers({0, 1, steps, 1}).value, true);
        y = select(by_state, y, tape.scalar(y.value, 0.0));
    }
    std::vector<Value> made{y.value, concat(last_h, 1).value};
    if (lstm) made.push_back(concat(last_c, 1).value);
    return made;
}

/// Weights times steps and rows.
std::int64_t recurrent_macs(const ov::Node& node) {
    const bool is_sequence = node.get_input_partial_shape(0).rank() == 3;
    const std::size_t at = is_sequence ? (is_lstm(node) ? 4 : 3) : (is_lstm(node) ? 3 : 2);
    const auto& x = node.get_input_partial_shape(0);
    if (x.is_dynamic() || elements(x) == 0) return 0;
    const auto rows = elements(x) / x[x.size() - 1].get_length();
    return rows * (elements(node.get_input_partial_shape(at)) + elements(node.get_input_partial_shape(at + 1)));
}

}  // namespace

std::span<const OpFacts> recurrent() {
    static const std::array kRows{
        composite<op::v0::LSTMCell>(cell, recurrent_macs),
        composite<op::v4::LSTMCell>(cell, recurrent_macs),
        composite<op::v3::GRUCell>(cell, recurrent_macs),
        composite<op::v0::RNNCell>(cell, recurrent_macs),
        composite<op::v5::LSTMSequence>(sequence, recurrent_macs),
        composite<op::v5::GRUSequence>(sequence, recurrent_macs),
        composite<op::v5::RNNSequence>(sequence, recurrent_macs),
    };
    return kRows;
}

}  // namespace pellucid::graph::facts
