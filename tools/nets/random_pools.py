#!/usr/bin/env python3
"""A small Inception-like net: overlapping pools, uneven pads, dilation, parametric ReLU, concatenation, not square."""

import sys

from builder import Builder, Value, command_line
from layers import Window, average_pool, batch_norm, biased_conv, concat, dense, flatten, max_pool, prelu, relu


def mixed(net: Builder, x: Value, name: str, channels: int) -> Value:
    """Four views of x side by side."""
    plain = biased_conv(net, x, name + "/one", channels)
    wide = biased_conv(net, x, name + "/dilated", channels, Window(3, dilation=2))
    average = biased_conv(net, average_pool(net, x, name + "/average", Window(3)), name + "/average/one", channels)
    largest = biased_conv(net, max_pool(net, x, name + "/largest", Window(3)), name + "/largest/one", channels)
    return concat(net, [plain, wide, average, largest], name + "/concat")


def build(seed: int) -> tuple[Builder, Value]:
    net = Builder(seed, (3, 56, 40), opset=13)
    x = biased_conv(net, net.input, "stem/conv", 24, Window(5, 2, (1, 2, 2, 1)))
    x = prelu(net, x, "stem/prelu")
    x = max_pool(net, x, "stem/pool", Window(3, 2, (0, 1, 1, 0)))
    x = prelu(net, batch_norm(net, mixed(net, x, "mixed1", 16), "mixed1/bn"), "mixed1/prelu")
    x = max_pool(net, x, "pool1", Window(3, 2))
    x = prelu(net, batch_norm(net, mixed(net, x, "mixed2", 16), "mixed2/bn"), "mixed2/prelu")
    x = average_pool(net, x, "pool2", Window(2, 2))
    x = relu(net, dense(net, flatten(net, x, "features"), "hidden", 48), "hidden/relu")
    return net, dense(net, x, "logits", 10, spread=2.0)


if __name__ == "__main__":
    sys.exit(command_line(build, __doc__))
