#include "graph/differentiate/cases.hpp"

#include <gtest/gtest.h>

#include "openvino/opsets/opset16.hpp"

namespace pellucid::graph::testing {

namespace op = ov::op;

Value ints(const std::vector<std::int64_t>& v) {
    return op::v0::Constant::create(ov::element::i64, ov::Shape{v.size()}, v)->output(0);
}
Value integer(std::int64_t v) { return op::v0::Constant::create(ov::element::i64, ov::Shape{}, {v})->output(0); }
Value floats(const ov::Shape& shape, std::uint64_t seed, double low, double high) {
    Random random(seed);
    return std::make_shared<op::v0::Constant>(random_tensor(shape, random, low, high))->output(0);
}
Case linear(const std::string& name, const ov::Shape& extents, Build build, bool dynamic) {
    return {
        .name = name, .inputs = {{.extents = extents}}, .build = std::move(build), .linear = true, .dynamic = dynamic};
}
Case smooth(const std::string& name, const ov::Shape& extents, Build build, bool dynamic) {
    return {.name = name, .inputs = {{.extents = extents}}, .build = std::move(build), .dynamic = dynamic};
}
Case largest(const std::string& name, const ov::Shape& extents, Build build, bool dynamic) {
    return {.name = name,
            .inputs = {{.extents = extents, .low = -2, .high = 2}},
            .build = std::move(build),
            .distinct = true,
            .dynamic = dynamic};
}

void check_first_orders(const std::vector<Case>& cases) {
    for (const auto& c : cases) {
        SCOPED_TRACE(c.name);
        EXPECT_NO_THROW(check_first_order(c)) << c.name;
    }
}

void check_second_orders(const std::vector<Case>& cases) {
    for (const auto& c : cases) {
        SCOPED_TRACE(c.name);
        EXPECT_NO_THROW(check_second_order(c)) << c.name;
    }
}

}  // namespace pellucid::graph::testing
