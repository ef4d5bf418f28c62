"""An ONNX file as a PyTorch module, node by node, so that PyTorch's tools explain the very same weights.

Only the operators that our models have; any other is an error. Every node's output can be had by name, each activation
is a module of its own (Captum hooks modules), and nothing works in place.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import onnx
import torch
import torch.nn.functional as F  # noqa: N812  (everybody's name for it)
from onnx import numpy_helper
from torch import Tensor, nn

Rule = Callable[[list[Tensor | None], dict], Tensor]


def uneven(x: Tensor, attributes: dict, value: float = 0.0) -> tuple[Tensor, int | tuple[int, ...]]:
    """The input and what is left to pad: pads that differ from end to end are laid on first."""
    pads = attributes.get("pads") or [0, 0, 0, 0]
    half = len(pads) // 2
    if pads[:half] == pads[half:]:
        return x, tuple(pads[:half])
    order = [pads[at + side * half] for at in reversed(range(half)) for side in (0, 1)]
    return F.pad(x, order, value=value), 0


def conv(inputs: list, a: dict) -> Tensor:
    x, padding = uneven(inputs[0], a)
    bias = inputs[2] if len(inputs) > 2 else None
    stride, dilation = tuple(a.get("strides", [1, 1])), tuple(a.get("dilations", [1, 1]))
    return F.conv2d(x, inputs[1], bias, stride, padding, dilation, a.get("group", 1))


def batch_norm(inputs: list, a: dict) -> Tensor:
    x, scale, shift, mean, variance = inputs
    return F.batch_norm(x, mean, variance, scale, shift, training=False, eps=a.get("epsilon", 1e-5))


def max_pool(inputs: list, a: dict) -> Tensor:
    x, padding = uneven(inputs[0], a, float("-inf"))
    return F.max_pool2d(x, tuple(a["kernel_shape"]), tuple(a["strides"]), padding)


def average_pool(inputs: list, a: dict) -> Tensor:
    pads = a.get("pads") or [0, 0, 0, 0]
    if pads[:2] != pads[2:]:
        raise NotImplementedError("AveragePool with uneven pads")
    counted = bool(a.get("count_include_pad", 0))
    size, strides = tuple(a["kernel_shape"]), tuple(a["strides"])
    return F.avg_pool2d(inputs[0], size, strides, tuple(pads[:2]), count_include_pad=counted)


def gemm(inputs: list, a: dict) -> Tensor:
    x = inputs[0].T if a.get("transA") else inputs[0]
    weights = inputs[1] if a.get("transB") else inputs[1].T
    return F.linear(x * a.get("alpha", 1.0), weights) + a.get("beta", 1.0) * inputs[2]


def reshape(inputs: list, _: dict) -> Tensor:
    shape = [int(extent) for extent in inputs[1]]
    return inputs[0].reshape([inputs[0].shape[at] if extent == 0 else extent for at, extent in enumerate(shape)])


def slice_constant(inputs: list, _: dict) -> Tensor:
    """Of the shapes that exporters cut up; one axis, steps of one."""
    start, end = int(inputs[1]), int(inputs[2])
    return inputs[0][start:end]


def layer_norm(inputs: list, a: dict) -> Tensor:
    return F.layer_norm(inputs[0], inputs[1].shape, inputs[1], inputs[2], a.get("epsilon", 1e-5))


def prelu(inputs: list, _: dict) -> Tensor:
    return F.prelu(inputs[0], inputs[1].reshape(-1))


def hard_sigmoid(inputs: list, a: dict) -> Tensor:
    return torch.clamp(inputs[0] * a.get("alpha", 0.2) + a.get("beta", 0.5), 0.0, 1.0)


def clip(inputs: list, _: dict) -> Tensor:
    low, high = float(inputs[1]), float(inputs[2])
    return F.relu6(inputs[0]) if (low, high) == (0.0, 6.0) else torch.clamp(inputs[0], low, high)


RULES: dict[str, Rule] = {
    "Add": lambda i, a: i[0] + i[1],
    "AveragePool": average_pool,
    "BatchNormalization": batch_norm,
    "Clip": clip,
    "Concat": lambda i, a: torch.cat(i, dim=a["axis"]),
    "Conv": conv,
    "Div": lambda i, a: i[0] / i[1],
    "Erf": lambda i, a: torch.erf(i[0]),
    "Flatten": lambda i, a: i[0].flatten(1),
    "Gemm": gemm,
    "GlobalAveragePool": lambda i, a: i[0].mean(dim=(2, 3), keepdim=True),
    "HardSigmoid": hard_sigmoid,
    "HardSwish": lambda i, a: F.hardswish(i[0]),
    "Identity": lambda i, a: i[0],
    "LayerNormalization": layer_norm,
    "MatMul": lambda i, a: i[0] @ i[1],
    "MaxPool": max_pool,
    "Mul": lambda i, a: i[0] * i[1],
    "PRelu": prelu,
    "ReduceMean": lambda i, a: i[0].mean(dim=tuple(a["axes"]), keepdim=bool(a.get("keepdims", 1))),
    "Relu": lambda i, a: F.relu(i[0]),
    "Reshape": reshape,
    "Shape": lambda i, a: torch.tensor(i[0].shape),
    "Slice": slice_constant,
    "Softmax": lambda i, a: torch.softmax(i[0], dim=a.get("axis", -1)),
    "Transpose": lambda i, a: i[0].permute(a["perm"]),
}


SUMS = {"Add", "BatchNormalization", "Conv", "Gemm", "MatMul"}


class Operator(nn.Module):
    def __init__(self, node: onnx.NodeProto) -> None:
        super().__init__()
        if node.op_type not in RULES or len(node.output) != 1:
            raise NotImplementedError(f"{node.op_type} ({node.name})")
        self.rule = RULES[node.op_type]
        self.kind = node.op_type
        self.inputs = list(node.input)
        self.output = node.output[0]
        self.attributes = {part.name: onnx.helper.get_attribute_value(part) for part in node.attribute}

    def forward(self, *inputs: Tensor) -> Tensor:
        return self.rule(list(inputs), self.attributes)


class OnnxModule(nn.Module):
    """@param logits  leave out a softmax at the end"""

    def __init__(self, path: Path, logits: bool = True, dtype: torch.dtype = torch.float64) -> None:
        super().__init__()
        graph = onnx.load(path).graph
        for tensor in graph.initializer:
            values = torch.from_numpy(np.array(numpy_helper.to_array(tensor)))
            values = values.to(dtype) if values.is_floating_point() else values
            self.register_parameter(self.key(tensor.name), nn.Parameter(values, requires_grad=False))
        operators = [Operator(node) for node in graph.node]
        if logits and operators[-1].kind == "Softmax":
            operators.pop()
        self.operators = nn.ModuleList(operators)
        self.rounding = 0.0
        self.input_name = graph.input[0].name
        last_use = {name: at for at, operator in enumerate(operators) for name in operator.inputs}
        self.dead = [[name for name, last in last_use.items() if last == at] for at in range(len(operators))]

    @staticmethod
    def key(name: str) -> str:
        return "weight_" + name.replace(".", "_dot_")

    def layer(self, output: str) -> nn.Module:
        """The module that makes a named tensor."""
        return next(operator for operator in self.operators if operator.output == output)

    def rounded(self, operator: Operator, y: Tensor) -> Tensor:
        """With `rounding` > 0, sums are off by that share of their channel's spread, as another engine's would be."""
        if self.rounding == 0.0 or operator.kind not in SUMS:
            return y
        planes = tuple(range(2, y.dim())) if y.dim() == 4 and y.shape[-1] > 1 else tuple(range(y.dim()))
        return y + self.rounding * y.detach().std(dim=planes, keepdim=True) * torch.randn_like(y)

    def forward(self, x: Tensor) -> Tensor:
        values = {self.input_name: x}
        for operator, dead in zip(self.operators, self.dead, strict=True):
            inputs = [values[name] if name in values else getattr(self, self.key(name)) for name in operator.inputs]
            values[operator.output] = self.rounded(operator, operator(*inputs))
            for name in dead:
                values.pop(name, None)
        return values[self.operators[-1].output]
