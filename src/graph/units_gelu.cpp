#include "graph/units_search.hpp"
#include "openvino/op/ops.hpp"

namespace pellucid::graph {

namespace {

namespace op = ov::op;

/// The number that a node scales its active operand by, if it does.
std::optional<double> factor_of(const UnitSearch& search, const ov::Node& node) {
    const bool divides = ov::is_type<op::v1::Divide>(&node);
    const auto operands = divides || ov::is_type<op::v1::Multiply>(&node) ? search.mixed(node) : std::nullopt;
    const auto number = operands ? UnitSearch::scalar(operands->fixed) : std::nullopt;
    if (!number || (divides && operands->fixed != node.input_value(1))) {
        return std::nullopt;
    }
    return divides ? 1.0 / *number : *number;
}

/// The polynomial of x within erf or tanh: only these ops, and no other tensor than x, may be in it.
bool is_polynomial_of(const UnitSearch& search, const Tensor& polynomial, const Tensor& x) {
    const Node end = polynomial.get_node_shared_ptr();
    const std::vector<Node> nodes = search.between({x}, end, 12);
    return !nodes.empty() && std::all_of(nodes.begin(), nodes.end(), [](const Node& node) {
        return ov::is_type<op::v1::Multiply>(node) || ov::is_type<op::v1::Divide>(node) ||
               ov::is_type<op::v1::Add>(node) || ov::is_type<op::v1::Power>(node);
    });
}

/// tanh's argument has a cube in it; tanh(c x) alone makes another function.
bool has_cube(const UnitSearch& search, const Tensor& polynomial, const Tensor& x) {
    const std::vector<Node> nodes = search.between({x}, polynomial.get_node_shared_ptr(), 12);
    return std::any_of(nodes.begin(), nodes.end(), [&](const Node& node) {
        const bool product = ov::is_type<op::v1::Multiply>(node) && !search.mixed(*node);
        return product || ov::is_type<op::v1::Power>(node);
    });
}

/// Follows 0.5 x (1 + f(p(x))) from f, in whatever order its factors stand.
class Spelling {
public:
    Spelling(const UnitSearch& search, Node squash) : search_(search), squash_(std::move(squash)), end_(squash_) {}

    bool follow() {
        while (!(x_ && halved_)) {
            const Node next = search_.only_reader(*end_);
            if (!next || !step(*next)) {
                return false;
            }
            end_ = next;
        }
        const bool cubic = has_cube(search_, squash_->input_value(0), *x_);
        return one_added_ && cubic == ov::is_type<op::v0::Tanh>(squash_);
    }

    [[nodiscard]] const Node& end() const { return end_; }
    [[nodiscard]] const Tensor& x() const { return *x_; }

private:
    bool step(const ov::Node& next) {
        if (const auto factor = factor_of(search_, next)) {
            halved_ = halved_ || std::abs(*factor - 0.5) < 1e-6;
            return true;
        }
        if (ov::is_type<op::v1::Add>(&next)) {
            const auto operands = search_.mixed(next);
            const auto added = operands ? UnitSearch::scalar(operands->fixed) : std::nullopt;
            one_added_ = one_added_ || added.has_value();
            return added.has_value();
        }
        return ov::is_type<op::v1::Multiply>(&next) && !x_ && by_x(next);
    }

    bool by_x(const ov::Node& product) {
        const Tensor other = product.input_value(product.get_input_node_ptr(0) == end_.get() ? 1 : 0);
        if (is_polynomial_of(search_, squash_->input_value(0), other)) {
            x_ = other;
            return true;
        }
        const auto factor = factor_of(search_, *other.get_node());
        if (!factor) {
            return false;
        }
        const Tensor inner = search_.mixed(*other.get_node())->active;
        if (!is_polynomial_of(search_, squash_->input_value(0), inner)) {
            return false;
        }
        halved_ = halved_ || std::abs(*factor - 0.5) < 1e-6;
        x_ = inner;
        return true;
    }

    const UnitSearch& search_;
    Node squash_, end_;
    std::optional<Tensor> x_;
    bool halved_ = false, one_added_ = false;
};

}  // namespace

void claim_gelu(UnitSearch& search) {
    for (const Node& node : search.nodes()) {
        if (!search.active(*node)) {
            continue;
        }
        if (ov::is_type<op::v0::Gelu>(node) || ov::is_type<op::v7::Gelu>(node)) {
            search.claim({.kind = UnitKind::kGelu, .nodes = {node}, .end = node, .main = node});
        } else if (ov::is_type<op::v0::Erf>(node) || ov::is_type<op::v0::Tanh>(node)) {
            Spelling spelling(search, node);
            if (spelling.follow()) {
                search.claim({.kind = UnitKind::kGelu,
                              .nodes = search.between({spelling.x()}, spelling.end()),
                              .end = spelling.end(),
                              .main = node,
                              .first = {spelling.x()}});
            }
        }
    }
}

}  // namespace pellucid::graph
