"""How far a point stands from the nearest kink of a network.

Every operator that PyTorch runs is seen; of those with kinks, the distance of what enters to the nearest one, relative
to the spread of all that enters. Two right engines differ there by some 1e-6: a unit that is further off lies on the
same side in both, and a gradient is a number to compare.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
import torch.nn.functional as F  # noqa: N812
from torch import Tensor, nn
from torch.utils._python_dispatch import TorchDispatchMode

Distance = Callable[[list], float]


def at(*points: float) -> Distance:
    def distance(arguments: list) -> float:
        x = arguments[0]
        return min(float((x - point).abs().min()) for point in points) / float(x.std())

    return distance


def clamp(arguments: list) -> float:
    return at(*(float(bound) for bound in arguments[1:3] if bound is not None))(arguments)


def gap(rows: Tensor, spread: float) -> float:
    """Between the largest and the second of each row. Rows whose largest are 0 twice come out of a ReLU that is shut:
    whichever of them is chosen, no gradient goes on."""
    largest, second = rows.topk(2, dim=-1).values.unbind(-1)
    decided = (largest != 0) | (second != 0)
    return float((largest - second)[decided].min()) / spread if bool(decided.any()) else float("inf")


def max_pool(arguments: list) -> float:
    x, kernel, stride = arguments[0], list(arguments[1]), list(arguments[2])
    padding = list(arguments[3]) if len(arguments) > 3 else [0, 0]
    if any(arguments[4:]):
        raise NotImplementedError("a max-pool with dilations, or sides rounded up")
    padded = F.pad(x, (padding[1], padding[1], padding[0], padding[0]), value=float("-inf"))
    windows = padded.unfold(2, kernel[0], stride[0]).unfold(3, kernel[1], stride[1])
    return gap(windows.flatten(4).clone(), float(x.std()))


def amax(arguments: list) -> float:
    x, axes = arguments[0], [axis % arguments[0].dim() for axis in arguments[1]]
    kept = [axis for axis in range(x.dim()) if axis not in axes]
    return gap(x.permute(kept + axes).flatten(len(kept)), float(x.std()))


def adaptive_max_pool(arguments: list) -> float:
    if list(arguments[1]) != [1, 1]:
        raise NotImplementedError("an adaptive max-pool to more than one pixel")
    return amax([arguments[0], [2, 3]])


def grid_sample(arguments: list) -> float:
    """In pixels: bilinear weights have their kinks at the pixels' centres."""
    x, grid, mode, padding, corners = arguments[:5]
    if (mode, padding, corners) != (0, 0, False):
        raise NotImplementedError("a grid_sample other than bilinear, zeros outside, corners not aligned")
    size = torch.tensor([x.shape[3], x.shape[2]], dtype=grid.dtype)
    place = ((grid + 1) * size - 1) / 2
    return float((place - place.round()).abs().min())


KINKS: dict[str, Distance] = {
    "relu": at(0.0),
    "leaky_relu": at(0.0),
    "_prelu_kernel": at(0.0),
    "hardtanh": clamp,
    "clamp": clamp,
    "hardswish": at(-3.0, 3.0),
    "hardsigmoid": at(-3.0, 3.0),
    "max_pool2d_with_indices": max_pool,
    "adaptive_max_pool2d": adaptive_max_pool,
    "amax": amax,
    "grid_sampler_2d": grid_sample,
}
# What has kinks and no line above must not slip by.
UNKNOWN = {"abs", "amin", "clamp_min", "clamp_max", "fmax", "fmin", "hardshrink", "max", "maximum", "median", "min",
           "minimum", "max_pool3d_with_indices", "relu6", "softshrink", "sort", "threshold", "topk"}  # fmt: skip


class Watch(TorchDispatchMode):
    def __init__(self) -> None:
        super().__init__()
        self.closest = float("inf")
        self.met: set[str] = set()

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        name = func.overloadpacket.__name__.removesuffix("_")
        if name in UNKNOWN or (name in KINKS and kwargs):
            raise NotImplementedError(f"{func}: its kinks are not known here")
        if name in KINKS:
            self.met.add(name)
            self.closest = min(self.closest, KINKS[name](list(args)))
        return func(*args, **(kwargs or {}))


def distance_to_kink(network: nn.Module, x: Tensor) -> Watch:
    watch = Watch()
    with torch.no_grad(), watch:
        network(x)
    return watch
