"""Layers over Builder: each appends its nodes and carries the calibration pictures through."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from builder import Builder, Value, rounded

Pads = tuple[int, int, int, int]  # top, left, bottom, right


@dataclass(frozen=True)
class Window:
    """How a square kernel goes over a picture. Without pads an odd kernel keeps the extents at stride 1."""

    kernel: int = 1
    stride: int = 1
    pads: Pads | None = None
    dilation: int = 1

    @property
    def margins(self) -> Pads:
        return self.pads if self.pads is not None else (self.dilation * (self.kernel - 1) // 2,) * 4

    def attributes(self) -> dict:
        return {"kernel_shape": [self.kernel] * 2, "strides": [self.stride] * 2, "pads": list(self.margins)}


ONE = Window()


def padded(data: np.ndarray, pads: Pads, value: float = 0.0) -> np.ndarray:
    top, left, bottom, right = pads
    return np.pad(data, ((0, 0), (0, 0), (top, bottom), (left, right)), constant_values=value)


def shifts(data: np.ndarray, window: Window):
    """The part of the padded `data` that each position of the kernel meets."""
    reach = (window.kernel - 1) * window.dilation + 1
    height = (data.shape[2] - reach) // window.stride * window.stride + 1
    width = (data.shape[3] - reach) // window.stride * window.stride + 1
    for ky in range(window.kernel):
        for kx in range(window.kernel):
            top, left = ky * window.dilation, kx * window.dilation
            yield ky, kx, data[:, :, top : top + height : window.stride, left : left + width : window.stride]


def convolve(data: np.ndarray, weights: np.ndarray, window: Window, group: int) -> np.ndarray:
    total = 0.0
    out, inner, _, _ = weights.shape
    for ky, kx, part in shifts(padded(data, window.margins), window):
        count, _, rows, columns = part.shape
        slabs = part.reshape(count, group, inner, rows * columns)
        here = weights[:, :, ky, kx].reshape(group, out // group, inner)
        total = total + (here[None] @ slabs).reshape(count, out, rows, columns)
    return total


def append_conv(net: Builder, x: Value, name: str, weights: np.ndarray, window: Window) -> Value:
    """Convolution without a bias; as many groups as the weights ask for."""
    weights = net.constant(name + ".weight", weights)
    group = x.data.shape[1] // weights.shape[1]
    made = convolve(x.data, weights, window, group)
    dilations = [window.dilation] * 2
    inputs = [x.name, name + ".weight"]
    return net.node("Conv", name, inputs, made, group=group, dilations=dilations, **window.attributes())


def he(net: Builder, x: Value, channels: int, window: Window, depthwise: bool = False) -> np.ndarray:
    inner = 1 if depthwise else x.data.shape[1]
    return net.weights((channels, inner, window.kernel, window.kernel), inner * window.kernel**2)


def conv(net: Builder, x: Value, name: str, channels: int, window: Window = ONE) -> Value:
    """Before a normalisation: He weights, no bias."""
    return append_conv(net, x, name, he(net, x, channels, window), window)


def depthwise(net: Builder, x: Value, name: str, window: Window) -> Value:
    return append_conv(net, x, name, he(net, x, x.data.shape[1], window, depthwise=True), window)


def biased_conv(net: Builder, x: Value, name: str, channels: int, window: Window = ONE) -> Value:
    """Where no normalisation follows: He weights scaled to unit spread, and a bias."""
    weights = he(net, x, channels, window)
    weights = weights * net.gain(convolve(x.data, weights, window, 1))
    made = append_conv(net, x, name, weights, window)
    offsets = net.constant(name + ".bias", 0.1 * net.rng.standard_normal(channels))
    net.nodes[-1].input.append(name + ".bias")
    return Value(name, made.data + offsets[:, None, None])


def batch_norm(net: Builder, x: Value, name: str, gain: float = 1.0) -> Value:
    """Statistics of the activations that it meets; scale about `gain` and shift about 0, different for each channel."""
    channels = x.data.shape[1]
    seen = x.data[: net.samples]
    mean = net.constant(name + ".running_mean", rounded(seen.mean(axis=(0, 2, 3))))
    variance = net.constant(name + ".running_var", rounded(seen.var(axis=(0, 2, 3))))
    scale = net.constant(name + ".weight", gain * (1.0 + 0.2 * net.rng.standard_normal(channels)))
    shift = net.constant(name + ".bias", 0.2 * net.rng.standard_normal(channels))
    factor = scale / np.sqrt(variance + 1e-5)
    made = (x.data - mean[:, None, None]) * factor[:, None, None] + shift[:, None, None]
    parts = [name + part for part in (".weight", ".bias", ".running_mean", ".running_var")]
    return net.node("BatchNormalization", name, [x.name, *parts], made, epsilon=1e-5)


def relu(net: Builder, x: Value, name: str) -> Value:
    return net.node("Relu", name, [x.name], np.maximum(x.data, 0.0))


def hard_sigmoid(net: Builder, x: Value, name: str) -> Value:
    made = np.clip(x.data / 6.0 + 0.5, 0.0, 1.0)
    return net.node("HardSigmoid", name, [x.name], made, alpha=1.0 / 6.0, beta=0.5)


def hard_swish(net: Builder, x: Value, name: str) -> Value:
    return net.node("HardSwish", name, [x.name], x.data * np.clip(x.data / 6.0 + 0.5, 0.0, 1.0))


def prelu(net: Builder, x: Value, name: str) -> Value:
    slope = net.constant(name + ".slope", net.rng.uniform(0.05, 0.4, size=(x.data.shape[1], 1, 1)))
    return net.node("PRelu", name, [x.name, name + ".slope"], np.where(x.data >= 0, x.data, slope * x.data))


def add(net: Builder, x: Value, y: Value, name: str) -> Value:
    return net.node("Add", name, [x.name, y.name], x.data + y.data)


def multiply(net: Builder, x: Value, y: Value, name: str) -> Value:
    return net.node("Mul", name, [x.name, y.name], x.data * y.data)


def concat(net: Builder, parts: list[Value], name: str) -> Value:
    data = np.concatenate([part.data for part in parts], axis=1)
    return net.node("Concat", name, [part.name for part in parts], data, axis=1)


def max_pool(net: Builder, x: Value, name: str, window: Window) -> Value:
    made = None
    for _, _, part in shifts(padded(x.data, window.margins, -np.inf), window):
        made = part if made is None else np.maximum(made, part)
    return net.node("MaxPool", name, [x.name], made, **window.attributes())


def average_pool(net: Builder, x: Value, name: str, window: Window) -> Value:
    """Padding is not counted."""
    total = sum(part for _, _, part in shifts(padded(x.data, window.margins), window))
    count = sum(part for _, _, part in shifts(padded(np.ones_like(x.data), window.margins), window))
    return net.node("AveragePool", name, [x.name], total / count, count_include_pad=0, **window.attributes())


def global_pool(net: Builder, x: Value, name: str) -> Value:
    return net.node("GlobalAveragePool", name, [x.name], x.data.mean(axis=(2, 3), keepdims=True))


def flatten(net: Builder, x: Value, name: str) -> Value:
    return net.node("Flatten", name, [x.name], x.data.reshape(x.data.shape[0], -1), axis=1)


def dense(net: Builder, x: Value, name: str, width: int, spread: float = 1.0) -> Value:
    """Gemm, scaled so that its outputs differ by about `spread`; the mean over the pictures goes into the bias, so that
    answers tell one picture from another."""
    weights = net.weights((width, x.data.shape[1]), x.data.shape[1])
    seen = x.data[: net.samples]
    weights = weights * net.gain(seen @ weights.T - (seen @ weights.T).mean(axis=0), spread)
    weights = net.constant(name + ".weight", weights)
    offsets = -(seen @ weights.T).mean(axis=0) + 0.3 * spread * net.rng.standard_normal(width)
    offsets = net.constant(name + ".bias", rounded(offsets))
    inputs = [x.name, name + ".weight", name + ".bias"]
    return net.node("Gemm", name, inputs, x.data @ weights.T + offsets, transB=1)


def squeeze_excite(net: Builder, x: Value, name: str, reduction: int = 4) -> Value:
    """Hu et al. 2018, with MobileNetV3's hard sigmoid."""
    channels = x.data.shape[1]
    gate = biased_conv(net, global_pool(net, x, name + "/pool"), name + "/reduce", channels // reduction)
    gate = biased_conv(net, relu(net, gate, name + "/relu"), name + "/expand", channels)
    return multiply(net, x, hard_sigmoid(net, gate, name + "/gate"), name + "/scale")


def linear(net: Builder, x: Value, name: str, width: int, wanted: float = 1.0) -> Value:
    """MatMul on the last axis, and a bias."""
    weights = net.weights((x.data.shape[-1], width), x.data.shape[-1])
    weights = net.constant(name + ".weight", weights * net.gain(x.data @ weights, wanted))
    offsets = net.constant(name + ".bias", 0.1 * net.rng.standard_normal(width))
    product = net.node("MatMul", name + "/product", [x.name, name + ".weight"], x.data @ weights)
    return net.node("Add", name, [product.name, name + ".bias"], product.data + offsets)


def layer_norm(net: Builder, x: Value, name: str) -> Value:
    width = x.data.shape[-1]
    scale = net.constant(name + ".weight", 1.0 + 0.2 * net.rng.standard_normal(width))
    shift = net.constant(name + ".bias", 0.2 * net.rng.standard_normal(width))
    centred = x.data - x.data.mean(axis=-1, keepdims=True)
    made = centred / np.sqrt((centred**2).mean(axis=-1, keepdims=True) + 1e-5) * scale + shift
    inputs = [x.name, name + ".weight", name + ".bias"]
    return net.node("LayerNormalization", name, inputs, made, axis=-1, epsilon=1e-5)


def gelu(net: Builder, x: Value, name: str) -> Value:
    """Spelt as exporters before opset 20 do: x * (1 + erf(x / sqrt 2)) * 0.5."""
    root = net.constant("sqrt2", math.sqrt(2.0))
    net.constant("one", 1.0)
    net.constant("half", 0.5)
    scaled = net.node("Div", name + "/scaled", [x.name, "sqrt2"], x.data / root)
    error = net.node("Erf", name + "/erf", [scaled.name], np.vectorize(math.erf)(scaled.data))
    shifted = net.node("Add", name + "/shifted", [error.name, "one"], error.data + 1.0)
    product = net.node("Mul", name + "/product", [x.name, shifted.name], x.data * shifted.data)
    return net.node("Mul", name, [product.name, "half"], product.data * 0.5)


def reshape(net: Builder, x: Value, name: str, shape: list[int]) -> Value:
    """`shape` as ONNX has it: 0 keeps an extent (the batch's), -1 is worked out."""
    net.constant(name + ".shape", np.asarray(shape), np.int64)
    kept = [x.data.shape[axis] if extent == 0 else extent for axis, extent in enumerate(shape)]
    return net.node("Reshape", name, [x.name, name + ".shape"], x.data.reshape(kept))


def transpose(net: Builder, x: Value, name: str, order: list[int]) -> Value:
    return net.node("Transpose", name, [x.name], x.data.transpose(order), perm=order)


def attention(net: Builder, x: Value, name: str, heads: int) -> Value:
    """Vaswani et al. 2017, section 3.2."""
    width = x.data.shape[-1]
    size = width // heads

    def split(part: str, order: list[int]) -> Value:
        projected = linear(net, x, f"{name}/{part}", width)
        parted = reshape(net, projected, f"{name}/{part}/heads", [0, -1, heads, size])
        return transpose(net, parted, f"{name}/{part}/split", order)

    query, key, value = split("query", [0, 2, 1, 3]), split("key", [0, 2, 3, 1]), split("value", [0, 2, 1, 3])
    root = net.constant(name + ".scale", math.sqrt(size))
    scores = net.node("MatMul", name + "/scores", [query.name, key.name], query.data @ key.data)
    scores = net.node("Div", name + "/scaled", [scores.name, name + ".scale"], scores.data / root)
    powers = np.exp(scores.data - scores.data.max(axis=-1, keepdims=True))
    shares = net.node("Softmax", name + "/shares", [scores.name], powers / powers.sum(axis=-1, keepdims=True), axis=-1)
    mixed = net.node("MatMul", name + "/mixed", [shares.name, value.name], shares.data @ value.data)
    joined = reshape(net, transpose(net, mixed, name + "/merged", [0, 2, 1, 3]), name + "/joined", [0, -1, width])
    return linear(net, joined, name + "/output", width)
