#include "graph/facts/convolution.hpp"

#include <algorithm>

#include "openvino/op/ops.hpp"

#include "graph/facts/table.hpp"

namespace pellucid::graph::facts {
namespace {

namespace op = ov::op;

/// Channels that a vector holds: what the engine's kernels fill up to.
constexpr std::size_t kLanes = 16;
/// Of the multiplications, filled lanes or not, this share must remain at most for the rearrangement to pay.
constexpr double kWorth = 0.75;

/// The sizes of the convolution without a stride: one stride for all axes, `taps` of its kernel along each.
struct Subpixels {
    std::size_t stride = 1, channels = 0, blocks = 1;  ///< blocks: places between two windows, over all axes
    ov::Shape taps;
};

std::size_t filled(std::size_t channels) { return (channels + kLanes - 1) / kLanes * kLanes; }

bool pays(const Walk& walk, const Subpixels& sizes) {
    const auto before = static_cast<double>(filled(sizes.channels) * ov::shape_size(walk.kernel));
    const auto after = static_cast<double>(filled(sizes.channels * sizes.blocks) * ov::shape_size(sizes.taps));
    return after <= kWorth * before;
}

/// Null where the form is another.
std::optional<Subpixels> subpixels_of(const Walk& walk, const ConvolutionParts& parts) {
    const auto& x = parts.x.get_partial_shape();
    const auto& g = parts.g.get_partial_shape();
    if (walk.grouped || walk.axes() == 0 || x.rank().is_dynamic() || x[1].is_dynamic()) return std::nullopt;
    Subpixels made;
    made.stride = walk.strides[0];
    made.channels = static_cast<std::size_t>(x[1].get_length());
    for (std::size_t axis = 0; axis < walk.axes(); ++axis) {
        const bool plain = walk.strides[axis] == made.stride && walk.dilations[axis] == 1 && walk.begin[axis] >= 0;
        if (!plain || x[axis + 2].is_dynamic() || g[axis + 2].is_dynamic()) return std::nullopt;
        made.blocks *= made.stride;
        made.taps.push_back((walk.kernel[axis] + made.stride - 1) / made.stride);
    }
    return made.stride > 1 && pays(walk, made) ? std::optional(made) : std::nullopt;
}

/// w [out, in, kernel] as [blocks * in, out, taps]: place r between two windows is reached by the taps r, r + stride, ... of
/// the kernel, the last first.
Value rearranged(const op::v0::Constant& w, const Walk& walk, const Subpixels& sizes, Tape& tape) {
    const auto from = w.cast_vector<float>();
    const auto out = w.get_shape()[0], area = ov::shape_size(walk.kernel), taps = ov::shape_size(sizes.taps);
    std::vector<float> to(sizes.blocks * sizes.channels * out * taps, 0.0F);
    const ov::Shape strides(walk.axes(), sizes.stride);
    for (std::size_t block = 0; block < sizes.blocks; ++block) {
        const auto first = places_of(block, strides);
        for (std::size_t tap = 0; tap < taps; ++tap) {
            const auto turned = places_of(tap, sizes.taps);
            std::size_t of_kernel = 0;
            bool within = true;
            for (std::size_t axis = 0; axis < walk.axes(); ++axis) {
                const auto at = first[axis] + sizes.stride * (sizes.taps[axis] - 1 - turned[axis]);
                within = within && at < walk.kernel[axis];
                of_kernel = of_kernel * walk.kernel[axis] + at;
            }
            for (std::size_t pair = 0; within && pair < sizes.channels * out; ++pair) {
                const auto in_channel = pair / out, out_channel = pair % out;
                to[((block * sizes.channels + in_channel) * out + out_channel) * taps + tap] =
                    from[(out_channel * sizes.channels + in_channel) * area + of_kernel];
            }
        }
    }
    ov::Shape shape{sizes.blocks * sizes.channels, out};
    shape.insert(shape.end(), sizes.taps.begin(), sizes.taps.end());
    return tape.make<op::v0::Constant>(w.get_element_type(), shape, to).value;
}

/// The part of the rearranged axes that is the data's: behind the pad, as long as x.
Expr without_pads(const Expr& wide, const Walk& walk, const Value& x) {
    auto& tape = *wide.tape;
    std::vector<std::int64_t> starts, stops, ones(walk.axes(), 1), which;
    bool whole = true;
    for (std::size_t axis = 0; axis < walk.axes(); ++axis) {
        const auto length = x.get_partial_shape()[axis + 2].get_length();
        starts.push_back(walk.begin[axis]);
        stops.push_back(walk.begin[axis] + length);
        which.push_back(static_cast<std::int64_t>(axis + 2));
        whole = whole && walk.begin[axis] == 0 && wide.value.get_partial_shape()[axis + 2] == length;
    }
    if (whole) return wide;
    return tape.make<op::v8::Slice>(wide.value, tape.integers(starts).value, tape.integers(stops).value,
                                    tape.integers(ones).value, tape.integers(which).value);
}

}  // namespace

std::vector<std::size_t> places_of(std::size_t index, const ov::Shape& extents) {
    std::vector<std::size_t> places(extents.size());
    for (std::size_t axis = extents.size(); axis-- > 0;) {
        places[axis] = index % extents[axis];
        index /= extents[axis];
    }
    return places;
}

std::optional<Cotangent> by_subpixels(const Walk& walk, Tape& tape, const ConvolutionParts& parts) {
    const auto sizes = subpixels_of(walk, parts);
    if (!sizes || tape.dry()) return std::nullopt;
    const auto weights = Tape::constant_of(parts.w);
    if (!weights || tape.varied.count(parts.w) != 0) return std::nullopt;
    ov::CoordinateDiff begin, end;
    for (std::size_t axis = 0; axis < walk.axes(); ++axis) {
        const auto reached = parts.x.get_partial_shape()[axis + 2].get_length() + walk.begin[axis];
        const auto stride = static_cast<std::int64_t>(sizes->stride);
        const auto windows = parts.g.get_partial_shape()[axis + 2].get_length();
        begin.push_back(static_cast<std::int64_t>(sizes->taps[axis]) - 1);
        end.push_back(std::max<std::int64_t>((reached + stride - 1) / stride - windows, 0));
    }
    const ov::Strides ones(walk.axes(), 1);
    const auto blocks =
        tape.make<op::v1::Convolution>(parts.g, rearranged(*weights, walk, *sizes, tape), ones, begin, end, ones);
    const auto wide = tape.make<op::v0::DepthToSpace>(
        blocks.value, op::v0::DepthToSpace::DepthToSpaceMode::BLOCKS_FIRST, sizes->stride);
    return Cotangent{without_pads(wide, walk, parts.x).value, false};
}

}  // namespace pellucid::graph::facts
