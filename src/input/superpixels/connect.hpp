#pragma once

#include "pellucid/superpixels.hpp"

namespace pellucid::input {

/// scikit-image's enforcement of connectivity: components found breadth first in raster order, cut at `most` pixels;
/// one below `least` joins the neighbour seen last.
void connect(Segments& segments, int least, int most);

/// Renumbers labels (0 or more) to 0 … count - 1, in their order.
void close_gaps(Segments& segments);

}  // namespace pellucid::input
