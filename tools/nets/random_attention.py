#!/usr/bin/env python3
"""A tiny vision transformer: patches, positions, softmax attention, LayerNorm and GELU, the mean of the tokens."""

import sys

from builder import Builder, Value, command_line
from layers import Window, add, attention, biased_conv, dense, gelu, layer_norm, linear, reshape, transpose

WIDTH, HEADS, PATCH = 48, 3, 4


def block(net: Builder, x: Value, name: str) -> Value:
    y = attention(net, layer_norm(net, x, name + "/norm1"), name + "/attention", HEADS)
    x = add(net, x, y, name + "/sum1")
    y = gelu(net, linear(net, layer_norm(net, x, name + "/norm2"), name + "/mlp1", 2 * WIDTH), name + "/gelu")
    return add(net, x, linear(net, y, name + "/mlp2", WIDTH), name + "/sum2")


def build(seed: int) -> tuple[Builder, Value]:
    net = Builder(seed, (3, 32, 32), opset=17)
    x = biased_conv(net, net.input, "patches", WIDTH, Window(PATCH, PATCH, (0, 0, 0, 0)))
    tokens = x.data.shape[2] * x.data.shape[3]
    x = transpose(net, reshape(net, x, "patches/flat", [0, WIDTH, -1]), "patches/tokens", [0, 2, 1])
    places = net.constant("positions", 0.5 * net.rng.standard_normal((1, tokens, WIDTH)))
    x = net.node("Add", "placed", [x.name, "positions"], x.data + places)
    for index in range(2):
        x = block(net, x, f"block{index + 1}")
    x = layer_norm(net, x, "norm")
    x = net.node("ReduceMean", "features", [x.name], x.data.mean(axis=1), axes=[1], keepdims=0)
    return net, dense(net, x, "logits", 10, spread=2.0)


if __name__ == "__main__":
    sys.exit(command_line(build, __doc__))
