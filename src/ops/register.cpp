#include "ops/register.hpp"

namespace pellucid::ops {

std::vector<ov::Extension::Ptr> extensions() { return {}; }

}  // namespace pellucid::ops
