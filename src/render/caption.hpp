#pragma once

#include <string>

#include "pellucid/explanation.hpp"
#include "render/canvas.hpp"
#include "render/panel.hpp"
#include "render/raster.hpp"

namespace pellucid::render {

/// "espresso · logit 9.31"
[[nodiscard]] std::string answer_text(const Explanation& explanation);

/// "grad-cam at features.8": the method, and the place where that is not the input.
[[nodiscard]] std::string method_text(const Explanation& explanation);

/// "colours end at the 99th percentile of |values|: ±0.0123"
[[nodiscard]] std::string scale_text(const HeatMap& map, const Scale& scale, double percentile, bool features);

/// The colours from the low end of the scale to its high end, numbered below.
/// @return the height it takes
double draw_color_bar(Canvas& canvas, const Panel& panel, const Box& bar, double text_size);

}  // namespace pellucid::render
