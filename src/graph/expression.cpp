#include "graph/tape.hpp"

namespace pellucid::graph {
namespace {

namespace op = ov::op;

template <class Op>
Expr binary(const Expr& a, const Expr& b) {
    return a.tape->make<Op>(a.value, b.value);
}
template <class Op>
Expr with_scalar(const Expr& a, double b) {
    return a.tape->make<Op>(a.value, a.tape->scalar(a.value, b).value);
}
template <class Op>
Expr scalar_with(double a, const Expr& b) {
    return b.tape->make<Op>(b.tape->scalar(b.value, a).value, b.value);
}
template <class Op>
Expr unary(const Expr& x) {
    return x.tape->make<Op>(x.value);
}

}  // namespace

Expr operator+(const Expr& a, const Expr& b) { return binary<op::v1::Add>(a, b); }
Expr operator-(const Expr& a, const Expr& b) { return binary<op::v1::Subtract>(a, b); }
Expr operator*(const Expr& a, const Expr& b) { return binary<op::v1::Multiply>(a, b); }
Expr operator/(const Expr& a, const Expr& b) { return binary<op::v1::Divide>(a, b); }
Expr operator+(const Expr& a, double b) { return with_scalar<op::v1::Add>(a, b); }
Expr operator-(const Expr& a, double b) { return with_scalar<op::v1::Subtract>(a, b); }
Expr operator*(const Expr& a, double b) { return with_scalar<op::v1::Multiply>(a, b); }
Expr operator/(const Expr& a, double b) { return with_scalar<op::v1::Divide>(a, b); }
Expr operator+(double a, const Expr& b) { return scalar_with<op::v1::Add>(a, b); }
Expr operator-(double a, const Expr& b) { return scalar_with<op::v1::Subtract>(a, b); }
Expr operator*(double a, const Expr& b) { return scalar_with<op::v1::Multiply>(a, b); }
Expr operator/(double a, const Expr& b) { return scalar_with<op::v1::Divide>(a, b); }
Expr operator-(const Expr& a) { return unary<op::v0::Negative>(a); }

Expr exp(const Expr& x) { return unary<op::v0::Exp>(x); }
Expr log(const Expr& x) { return unary<op::v0::Log>(x); }
Expr sqrt(const Expr& x) { return unary<op::v0::Sqrt>(x); }
Expr abs(const Expr& x) { return unary<op::v0::Abs>(x); }
Expr sign(const Expr& x) { return unary<op::v0::Sign>(x); }
Expr pow(const Expr& x, const Expr& y) { return binary<op::v1::Power>(x, y); }
Expr pow(const Expr& x, double y) { return with_scalar<op::v1::Power>(x, y); }
Expr greater(const Expr& a, const Expr& b) { return binary<op::v1::Greater>(a, b); }
Expr greater(const Expr& a, double b) { return with_scalar<op::v1::Greater>(a, b); }
Expr less(const Expr& a, double b) { return with_scalar<op::v1::Less>(a, b); }
Expr less(const Expr& a, const Expr& b) { return binary<op::v1::Less>(a, b); }
Expr equal(const Expr& a, const Expr& b) { return binary<op::v1::Equal>(a, b); }
Expr both(const Expr& a, const Expr& b) { return binary<op::v1::LogicalAnd>(a, b); }

Expr select(const Expr& mask, const Expr& a, const Expr& b) {
    return mask.tape->make<op::v1::Select>(mask.value, a.value, b.value);
}
Expr select(const Expr& mask, const Expr& a, double b) { return select(mask, a, a.tape->scalar(a.value, b)); }
Expr indicator(const Expr& mask, const Expr& like) {
    return mask.tape->make<op::v0::Convert>(mask.value, like.value.get_element_type());
}

Expr as_type(const Expr& x, const ov::element::Type& type) {
    if (x.value.get_element_type() == type) return x;
    return x.tape->make<op::v0::Convert>(x.value, type);
}

Expr unsqueeze(const Expr& x, const std::vector<std::int64_t>& axes) {
    return x.tape->make<op::v0::Unsqueeze>(x.value, x.tape->integers(axes).value);
}

Expr concat(const std::vector<Expr>& parts, std::int64_t axis) {
    if (parts.size() == 1) return parts.front();
    ov::OutputVector values;
    for (const auto& part : parts) values.push_back(part.value);
    return parts.front().tape->make<op::v0::Concat>(values, axis);
}

}  // namespace pellucid::graph
