#if defined(__x86_64__)

#include "input/superpixels/quickshift_field.hpp"

// Of what follows, and not of the headers above: see quickshift_passes.hpp.
#pragma GCC target("avx2")

#include "input/superpixels/quickshift_passes.hpp"

namespace pellucid::input {

void add_density_avx2(const QuickshiftView& field, int from, int to) { density_rows(field, from, to); }

void find_parents_avx2(const QuickshiftView& field, int from, int to) { parent_rows(field, from, to); }

}  // namespace pellucid::input

#endif
