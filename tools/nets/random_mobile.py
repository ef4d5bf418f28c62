#!/usr/bin/env python3
"""A small MobileNetV3-like net: inverted residuals, squeeze and excitation, hard swish, asymmetric pads."""

import sys

from builder import Builder, Value, command_line
from layers import Window, add, batch_norm, conv, dense, depthwise, flatten, global_pool, hard_swish, squeeze_excite


def block(net: Builder, x: Value, name: str, shape: tuple[int, int, int], stride: int) -> Value:
    expanded, channels, kernel = shape
    y = hard_swish(net, batch_norm(net, conv(net, x, name + "/expand", expanded), name + "/bn1"), name + "/swish1")
    # As TensorFlow pads for a stride of two: the odd pixel goes to the end.
    pads = None if stride == 1 else ((kernel - 2) // 2,) * 2 + ((kernel - 1) // 2,) * 2
    y = depthwise(net, y, name + "/depthwise", Window(kernel, stride, pads))
    y = hard_swish(net, batch_norm(net, y, name + "/bn2"), name + "/swish2")
    y = squeeze_excite(net, y, name + "/se")
    y = batch_norm(net, conv(net, y, name + "/project", channels), name + "/bn3")
    return add(net, x, y, name + "/sum") if x.data.shape == y.data.shape else y


def build(seed: int) -> tuple[Builder, Value]:
    net = Builder(seed, (3, 64, 64), opset=14)
    x = conv(net, net.input, "stem/conv", 16, Window(3, 2, (0, 0, 1, 1)))
    x = hard_swish(net, batch_norm(net, x, "stem/bn"), "stem/swish")
    x = block(net, x, "block1", (32, 24, 3), 2)
    x = block(net, x, "block2", (72, 24, 3), 1)
    x = block(net, x, "block3", (72, 40, 5), 2)
    x = block(net, x, "block4", (120, 40, 5), 1)
    x = hard_swish(net, batch_norm(net, conv(net, x, "head/conv", 96), "head/bn"), "head/swish")
    x = flatten(net, global_pool(net, x, "pool"), "features")
    return net, dense(net, x, "logits", 10, spread=2.0)


if __name__ == "__main__":
    sys.exit(command_line(build, __doc__))
