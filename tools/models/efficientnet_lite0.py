"""EfficientNet-Lite0 for ImageNet: 224 x 224 RGB, (x - 127) / 128, in; 1000 logits out.

Tan and Le, "EfficientNet: Rethinking Model Scaling for Convolutional Neural Networks" (2019), table 1; the Lite variant
drops squeeze-and-excitation and uses ReLU6. The weights come from TensorFlow, hence "same" padding, which for an even
size and stride 2 is one wider below and to the right. Batch normalisation stays a node of its own.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from models import torch_weights

_EPSILON = 1e-3


@dataclass(frozen=True)
class Stage:
    """A row of table 1: `repeats` inverted bottlenecks, of which the first has the stride."""

    repeats: int
    kernel: int
    stride: int
    expand: int
    channels_in: int
    channels_out: int


_STAGES = (
    Stage(1, 3, 1, 1, 32, 16),
    Stage(2, 3, 2, 6, 16, 24),
    Stage(2, 5, 2, 6, 24, 40),
    Stage(3, 3, 2, 6, 40, 80),
    Stage(3, 5, 1, 6, 80, 112),
    Stage(4, 5, 2, 6, 112, 192),
    Stage(1, 3, 1, 6, 192, 320),
)


class _Builder:
    def __init__(self, weights: dict[str, np.ndarray]) -> None:
        self.weights = weights
        self.nodes: list[onnx.NodeProto] = []
        self.constants: list[onnx.TensorProto] = []
        self.size = 224  # of the current feature map, which decides the padding
        self.constant("relu6/low", np.float32(0))
        self.constant("relu6/high", np.float32(6))

    def constant(self, name: str, value) -> str:
        self.constants.append(
            numpy_helper.from_array(np.ascontiguousarray(value, np.float32).reshape(np.shape(value)), name)
        )
        return name

    def node(self, op: str, inputs: list[str], name: str, **attributes) -> str:
        self.nodes.append(helper.make_node(op, inputs, [name], name=name, **attributes))
        return name

    def convolve(self, x: str, name: str, weight: str, norm: str, stride: int = 1) -> str:
        """Convolution with "same" padding and batch normalisation; a kernel for one channel is one of each channel."""
        filters, depth, _, kernel = self.weights[weight].shape
        out = math.ceil(self.size / stride)
        pad = max((out - 1) * stride + kernel - self.size, 0)
        before, after = pad // 2, pad - pad // 2
        self.size = out
        x = self.node(
            "Conv",
            [x, self.constant(weight, self.weights[weight])],
            name + "/conv",
            kernel_shape=[kernel, kernel],
            strides=[stride, stride],
            group=filters if depth == 1 else 1,
            pads=[before, before, after, after],
        )
        parts = [f"{norm}.{part}" for part in ("weight", "bias", "running_mean", "running_var")]
        constants = [self.constant(part, self.weights[part]) for part in parts]
        return self.node("BatchNormalization", [x, *constants], name + "/bn", epsilon=_EPSILON)

    def relu6(self, x: str, name: str) -> str:
        return self.node("Clip", [x, "relu6/low", "relu6/high"], name + "/relu6")

    def bottleneck(self, x: str, index: int, stage: Stage, first: bool) -> str:
        """Expand, convolve each channel on its own, project; add the input where the shapes agree."""
        name, prefix = f"block{index}", f"_blocks.{index}."
        channels = stage.channels_in if first else stage.channels_out
        stride = stage.stride if first else 1
        y = x
        if stage.expand != 1:
            y = self.convolve(y, name + "/expand", prefix + "_expand_conv.weight", prefix + "_bn0")
            y = self.relu6(y, name + "/expand")
        depthwise = prefix + "_depthwise_conv.weight"
        y = self.convolve(y, name + "/depthwise", depthwise, prefix + "_bn1", stride)
        y = self.relu6(y, name + "/depthwise")
        y = self.convolve(y, name + "/project", prefix + "_project_conv.weight", prefix + "_bn2")
        return self.node("Add", [y, x], name + "/add") if stride == 1 and channels == stage.channels_out else y


def build(checkpoint: Path) -> onnx.ModelProto:
    """The network with the checkpoint's weights; its batch is dynamic."""
    net = _Builder(torch_weights.read(checkpoint))
    x = net.relu6(net.convolve("input", "stem", "_conv_stem.weight", "_bn0", stride=2), "stem")
    index = 0
    for stage in _STAGES:
        for repeat in range(stage.repeats):
            x = net.bottleneck(x, index, stage, first=repeat == 0)
            index += 1
    x = net.relu6(net.convolve(x, "head", "_conv_head.weight", "_bn1"), "head")
    x = net.node("Flatten", [net.node("GlobalAveragePool", [x], "pool")], "features")
    dense = [net.constant(name, net.weights[name]) for name in ("_fc.weight", "_fc.bias")]
    net.node("Gemm", [x, *dense], "logits", transB=1)
    graph = helper.make_graph(
        net.nodes,
        "efficientnet_lite0",
        [helper.make_tensor_value_info("input", TensorProto.FLOAT, ["N", 3, 224, 224])],
        [helper.make_tensor_value_info("logits", TensorProto.FLOAT, ["N", 1000])],
        net.constants,
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8, producer_name="pellucid")
