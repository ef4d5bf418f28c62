#!/usr/bin/env python3
"""ResNet-50 (He et al. 2016; strides in the 3x3 convolutions), He weights and measured batch-norm statistics.

A net this deep has ten million ReLUs, and with random weights some dozen of them lie within float32's rounding of their
kink for any picture: each of these moves a gradient by a thousandth. So the shifts of the batch norms are chosen (by
at most a tenth) to keep clear of the points at which the project compares gradients, which `points`
lists; see tests/parity.
"""

import sys

import numpy as np
from builder import Builder, Value, command_line, pictures
from layers import Window, add, batch_norm, conv, dense, flatten, global_pool, max_pool, relu
from random_stream import normal

SHAPE = (3, 224, 224)
STAGES = ((64, 3), (128, 4), (256, 6), (512, 3))
STEPS, SAMPLES, NOISE_LEVEL = 4, 4, 0.15


def picture() -> np.ndarray:
    """What goldens explain."""
    return pictures(np.random.Generator(np.random.PCG64(2016)), 1, SHAPE).astype(np.float32)


def points() -> np.ndarray:
    """The picture, the nodes of integrated gradients from zero (Gauss-Legendre), SmoothGrad's noisy pictures."""
    x = picture()
    nodes = (np.polynomial.legendre.leggauss(STEPS)[0] + 1.0) / 2.0
    sigma = np.float32(NOISE_LEVEL * (float(x.max()) - float(x.min())))
    noise = [normal(0, 0, sample, x.size).reshape(x.shape).astype(np.float32) for sample in range(SAMPLES)]
    return np.concatenate([x, *(np.float32(node) * x for node in nodes), *(x + sigma * part for part in noise)])


def clear_relu(net: Builder, x: Value, name: str, norm: str) -> Value:
    net.move_off_kinks(x, norm + ".bias")
    return relu(net, x, name)


def bottleneck(net: Builder, x: Value, name: str, channels: int, stride: int) -> Value:
    y = batch_norm(net, conv(net, x, name + "/conv1", channels), name + "/bn1")
    y = conv(net, clear_relu(net, y, name + "/relu1", name + "/bn1"), name + "/conv2", channels, Window(3, stride))
    y = clear_relu(net, batch_norm(net, y, name + "/bn2"), name + "/relu2", name + "/bn2")
    y = batch_norm(net, conv(net, y, name + "/conv3", 4 * channels), name + "/bn3", gain=0.5)
    if x.data.shape != y.data.shape:
        x = conv(net, x, name + "/shortcut", 4 * channels, Window(1, stride))
        x = batch_norm(net, x, name + "/shortcut_bn")
    return clear_relu(net, add(net, x, y, name + "/sum"), name, name + "/bn3")


def build(seed: int) -> tuple[Builder, Value]:
    net = Builder(seed, SHAPE, opset=13, samples=3)
    net.watch(points())
    x = batch_norm(net, conv(net, net.input, "stem/conv", 64, Window(7, 2)), "stem/bn")
    x = max_pool(net, clear_relu(net, x, "stem/relu", "stem/bn"), "stem/pool", Window(3, 2))
    for stage, (channels, blocks) in enumerate(STAGES):
        for block in range(blocks):
            x = bottleneck(net, x, f"stage{stage + 1}/block{block + 1}", channels, 2 if stage and not block else 1)
    x = flatten(net, global_pool(net, x, "pool"), "features")
    return net, dense(net, x, "logits", 1000, spread=2.0)


if __name__ == "__main__":
    sys.exit(command_line(build, __doc__))
