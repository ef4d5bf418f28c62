#pragma once

#include "engine/stream.hpp"
#include "pellucid/predictor.hpp"

namespace pellucid::engine {

/// The same stream over a predictor: one input (the rows), one output (a score a class), blocks of Predictor::block()
/// rows, the last one short rather than padded. Throws Error(kUnreadable) when the predictor answers with another number
/// of rows or classes, Error(kUnsupported) naming the row when a score is not finite.
StreamReport stream(Predictor& predictor, const Rows& rows, Fold& fold, const StreamOptions& options);

}  // namespace pellucid::engine
