"""The digit classifier of the `ccexam` package: 28 x 28 gray in, (x / 255 - 0.1307) / 0.3081; ten logits out.

Two blocks of convolution, ReLU and max-pool, then a hidden layer.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from models import torch_weights


def build(checkpoint: Path) -> onnx.ModelProto:
    """The network with the checkpoint's weights; its batch is dynamic."""
    weights = torch_weights.read(checkpoint)
    constants = [numpy_helper.from_array(np.ascontiguousarray(value), name) for name, value in weights.items()]
    nodes: list[onnx.NodeProto] = []

    def node(op: str, inputs: list[str], name: str, **attributes) -> str:
        nodes.append(helper.make_node(op, inputs, [name], name=name, **attributes))
        return name

    def layer(op: str, x: str, layer_name: str, name: str, **attributes) -> str:
        return node(op, [x, layer_name + ".weight", layer_name + ".bias"], name, **attributes)

    x = "input"
    for index, source in enumerate(("features.0", "features.3"), start=1):
        x = layer("Conv", x, source, f"conv{index}", kernel_shape=[3, 3], pads=[1, 1, 1, 1])
        x = node("Relu", [x], f"relu{index}")
        x = node("MaxPool", [x], f"pool{index}", kernel_shape=[2, 2], strides=[2, 2])
    x = layer("Gemm", node("Flatten", [x], "features"), "classifier.0", "hidden", transB=1)
    layer("Gemm", node("Relu", [x], "hidden_relu"), "classifier.2", "logits", transB=1)
    graph = helper.make_graph(
        nodes,
        "mnist_cnn",
        [helper.make_tensor_value_info("input", TensorProto.FLOAT, ["N", 1, 28, 28])],
        [helper.make_tensor_value_info("logits", TensorProto.FLOAT, ["N", 10])],
        constants,
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8, producer_name="pellucid")
