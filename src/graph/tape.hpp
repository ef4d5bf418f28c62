#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "openvino/core/node.hpp"
#include "openvino/op/constant.hpp"

#include "graph/rules.hpp"

namespace pellucid::graph {

using Value = ov::Output<ov::Node>;

/// A tensor of the graph under construction, with the arithmetic that rules are written in. Scalars take its type.
struct Expr {
    Value value;
    Tape* tape = nullptr;
    operator const Value&() const { return value; }  // NOLINT: a rule hands expressions to operator constructors
    operator Cotangent() const { return {value, false}; }  // NOLINT
};

Expr operator+(const Expr& a, const Expr& b);
Expr operator-(const Expr& a, const Expr& b);
Expr operator*(const Expr& a, const Expr& b);
Expr operator/(const Expr& a, const Expr& b);
Expr operator+(const Expr& a, double b);
Expr operator-(const Expr& a, double b);
Expr operator*(const Expr& a, double b);
Expr operator/(const Expr& a, double b);
Expr operator+(double a, const Expr& b);
Expr operator-(double a, const Expr& b);
Expr operator*(double a, const Expr& b);
Expr operator/(double a, const Expr& b);
Expr operator-(const Expr& a);

Expr exp(const Expr& x);
Expr log(const Expr& x);
Expr sqrt(const Expr& x);
Expr abs(const Expr& x);
Expr sign(const Expr& x);
Expr pow(const Expr& x, const Expr& y);
Expr pow(const Expr& x, double y);
/// Boolean tensors.
Expr greater(const Expr& a, const Expr& b);
Expr greater(const Expr& a, double b);
Expr less(const Expr& a, double b);
Expr less(const Expr& a, const Expr& b);
Expr equal(const Expr& a, const Expr& b);
Expr both(const Expr& a, const Expr& b);
/// `a` where `mask`, else `b`.
Expr select(const Expr& mask, const Expr& a, const Expr& b);
Expr select(const Expr& mask, const Expr& a, double b);
/// A boolean tensor as 0 and 1 in the type of `like`.
Expr indicator(const Expr& mask, const Expr& like);

/// The tensor itself where it is of that type.
Expr as_type(const Expr& x, const ov::element::Type& type);
/// New axes of extent 1, at these places of the result.
Expr unsqueeze(const Expr& x, const std::vector<std::int64_t>& axes);
/// The part itself where there is one.
Expr concat(const std::vector<Expr>& parts, std::int64_t axis);

/// What rules write on: it makes nodes with deterministic names, and knows which tensors lead back to what is asked.
class Tape {
public:
    /// @param prefix  what the names of new nodes begin with, e.g. "grad/"
    /// @param dry     only asking whether it can be built: constants are not copied
    Tape(std::string prefix, bool dry) : prefix_(std::move(prefix)), dry_(dry) {}

    /// A new node "<prefix><forward node>/<k>", computing what its class says.
    template <class Op, class... Arguments>
    std::shared_ptr<Op> node(Arguments&&... arguments) {
        auto made = std::make_shared<Op>(std::forward<Arguments>(arguments)...);
        name(*made);
        return made;
    }
    template <class Op, class... Arguments>
    Expr make(Arguments&&... arguments) {
        return {node<Op>(std::forward<Arguments>(arguments)...)->output(0), this};
    }
    Expr expr(const Value& value) { return {value, this}; }
    Expr in(const ov::Node& of, std::size_t port) { return {of.input_value(port), this}; }
    Expr out(const std::shared_ptr<ov::Node>& of, std::size_t port = 0) { return {of->output(port), this}; }

    /// i64 constant: a vector, or a scalar.
    Expr integers(const std::vector<std::int64_t>& values);
    Expr integer(std::int64_t value);
    /// A scalar of the element type of `like`.
    Expr scalar(const Value& like, double value);

    /// i64 shape of a tensor: a constant where it is static.
    Expr shape_of(const Value& x);
    /// One extent, as a vector of one element.
    Expr extent(const Value& x, std::int64_t axis);
    /// `g` in the shape of `x` (same elements).
    Expr reshape_like(const Value& g, const Value& x);
    /// Zeros (or another value) in the shape of `x`.
    Expr fill_like(const Value& x, double value);
    /// Broadcasts `g` to the shape of `x`.
    Expr broadcast_like(const Value& g, const Value& x);
    /// Adjoint of numpy broadcasting: sums `g` down to the shape of `x`. Works with dynamic extents.
    Expr sum_to(const Value& g, const Value& x);
    Expr sum(const Value& x, const std::vector<std::int64_t>& axes, bool keep = true);
    Expr mean(const Value& x, const std::vector<std::int64_t>& axes);

    /// -w in bytes of its own: constants are negated while the graph is built, through conversions and reshapes, so
    /// that no backward convolution shares a weight buffer with a forward one (docs/decisions/0002).
    Value negative_weights(const Value& w);

    /// The value of a tensor that does not depend on the inputs of the model; null where it cannot be known.
    static std::shared_ptr<ov::op::v0::Constant> constant_of(const Value& v);
    /// The same as integers; throws Error(kUnsupported) naming the node and what is not constant.
    static std::vector<std::int64_t> integers_of(const ov::Node& node, std::size_t port, std::string_view what);

    /// Whether a cotangent of this input leads to a tensor that is asked for.
    [[nodiscard]] bool wants(const ov::Node& node, std::size_t port) const;
    /// An input through which nothing flows, by a listed rule: said in the notes.
    Cotangent blocked(const ov::Node& node, std::size_t port, const std::string& why);
    [[nodiscard]] bool is_blocked(const ov::Node& node, std::size_t port) const;

    /// Plain vjp of one node: what a rule set's override falls back on.
    std::vector<Cotangent> plain(const std::shared_ptr<ov::Node>& node, std::vector<Cotangent> outputs);
    /// Plain vjp of a unit for its primary inputs, in the order of `unit.inputs`.
    std::vector<Cotangent> vjp(const Unit& unit, const Cotangent& output);
    /// The unit's nodes once more over other inputs (as `unit.inputs`), its constants replaced by `weights` where not
    /// empty (keyed by the constant). Returns its output.
    Value replay(const Unit& unit, const std::vector<Value>& inputs, const std::map<Value, Value>& weights = {});
    /// The tensor in the forward pass of the baseline. Only with rule sets that ask for a twin.
    Value baseline(const Value& v) const;

    Cotangent add(const Cotangent& a, const Cotangent& b);
    /// The cotangent with its sign multiplied out.
    Expr positive(const Cotangent& c);

    /// Names of nodes made from here on derive from this node's.
    void at(const ov::Node& forward) { at_ = forward.get_friendly_name(); }
    void name(ov::Node& node);
    void note(const std::string& text);
    [[nodiscard]] bool dry() const { return dry_; }

    double parameter = 0.0;                          ///< of the rule set
    Amend amend;                                     ///< of the rule set
    std::set<Value> varied;                          ///< tensors that depend on what is asked for
    std::vector<std::string> notes;
    struct BlockedInput {
        Value tensor;
        std::string where;
    };
    std::vector<BlockedInput> blocked_inputs;        ///< where a cotangent was wanted that a rule blocks, and why
    std::unordered_map<const ov::Node*, std::shared_ptr<ov::Node>> twin;  ///< forward node -> that of the baseline

private:
    Expr sum_to_runtime(const Value& g, const Value& x, const std::vector<std::size_t>& uncertain,
                        const std::vector<std::int64_t>& certain);

    std::string prefix_;
    bool dry_;
    std::string at_;
    std::map<std::string, int> counters_;
    std::map<Value, Value> negatives_;
    std::map<Value, Value> shapes_;
    std::set<std::pair<const ov::Node*, std::size_t>> blocked_;
};

/// Whether two extents are surely the same: equal constants, or the same symbol.
[[nodiscard]] bool same_extent(const ov::Dimension& a, const ov::Dimension& b);

/// "Type (node 'name')", as errors name a node.
[[nodiscard]] std::string describe_node(const ov::Node& node);

/// Throws Error(kUnsupported): "<what> of <Type> '<name>'", with the remedy that gradient methods share.
[[noreturn]] void refuse(const ov::Node& node, const std::string& what, const std::string& remedy = {});

/// Reduction axes and the like, made non-negative for the rank of `x`.
[[nodiscard]] std::vector<std::int64_t> normalise_axes(std::vector<std::int64_t> axes, std::int64_t rank);
[[nodiscard]] std::int64_t rank_of(const ov::Node& node, const Value& x);

}  // namespace pellucid::graph
