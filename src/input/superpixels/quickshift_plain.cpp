#include "input/superpixels/quickshift_field.hpp"

#include "input/superpixels/quickshift_passes.hpp"

namespace pellucid::input {

void add_density_plain(const QuickshiftView& field, int from, int to) { density_rows(field, from, to); }

void find_parents_plain(const QuickshiftView& field, int from, int to) { parent_rows(field, from, to); }

}  // namespace pellucid::input
