#!/usr/bin/env python3
"""ResNet-50 (He et al. 2016; strides in the 3x3 convolutions) of seeded He weights and measured batch-norm statistics."""

import sys

from builder import Builder, Value, command_line
from layers import Window, add, batch_norm, conv, dense, flatten, global_pool, max_pool, relu

STAGES = ((64, 3), (128, 4), (256, 6), (512, 3))


def bottleneck(net: Builder, x: Value, name: str, channels: int, stride: int) -> Value:
    y = relu(net, batch_norm(net, conv(net, x, name + "/conv1", channels), name + "/bn1"), name + "/relu1")
    y = conv(net, y, name + "/conv2", channels, Window(3, stride))
    y = relu(net, batch_norm(net, y, name + "/bn2"), name + "/relu2")
    y = batch_norm(net, conv(net, y, name + "/conv3", 4 * channels), name + "/bn3", gain=0.5)
    if x.data.shape != y.data.shape:
        x = conv(net, x, name + "/shortcut", 4 * channels, Window(1, stride))
        x = batch_norm(net, x, name + "/shortcut_bn")
    return relu(net, add(net, x, y, name + "/sum"), name)


def build(seed: int) -> tuple[Builder, Value]:
    net = Builder(seed, (3, 224, 224), opset=13)
    x = conv(net, net.input, "stem/conv", 64, Window(7, 2))
    x = relu(net, batch_norm(net, x, "stem/bn"), "stem/relu")
    x = max_pool(net, x, "stem/pool", Window(3, 2))
    for stage, (channels, blocks) in enumerate(STAGES):
        for block in range(blocks):
            x = bottleneck(net, x, f"stage{stage + 1}/block{block + 1}", channels, 2 if stage and not block else 1)
    x = flatten(net, global_pool(net, x, "pool"), "features")
    return net, dense(net, x, "logits", 1000, spread=2.0)


if __name__ == "__main__":
    sys.exit(command_line(build, __doc__))
