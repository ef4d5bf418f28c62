"""A network as both of PyTorch's exporters write it."""

from __future__ import annotations

import warnings
from pathlib import Path

import onnx
import torch
from torch import nn

EXPORTERS = ("torchscript", "dynamo")


def strip(path: Path) -> None:
    """Where in whose Python code each node was made stays out of the file."""
    model = onnx.load(path)
    graphs = [model.graph, *model.functions]
    model.doc_string = ""
    for graph in graphs:
        graph.doc_string = ""
        del graph.metadata_props[:]
        for node in graph.node:
            node.doc_string = ""
            del node.metadata_props[:]
        for value in graph.value_info:
            del value.metadata_props[:]
    for value in [*model.graph.input, *model.graph.output, *model.graph.initializer]:
        del value.metadata_props[:]
    onnx.checker.check_model(model, full_check=True)
    path.write_bytes(model.SerializeToString(deterministic=True))


def export(network: nn.Module, example: torch.Tensor, opsets: dict[str, int], folder: Path) -> dict[str, list[str]]:
    """Writes torchscript.onnx and dynamo.onnx, the batch axis open; returns the operators of each."""
    operators = {}
    named = {"input_names": ["input"], "output_names": ["output"]}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.onnx.export(network, (example,), folder / "torchscript.onnx", dynamo=False,
                          opset_version=opsets["torchscript"],
                          dynamic_axes={"input": {0: "batch"}, "output": {0: "batch"}}, **named)  # fmt: skip
        torch.onnx.export(network, (example,), folder / "dynamo.onnx", dynamo=True, external_data=False, verbose=False,
                          opset_version=opsets["dynamo"],
                          dynamic_shapes=({0: torch.export.Dim("batch")},), **named)  # fmt: skip
    for exporter in EXPORTERS:
        path = folder / f"{exporter}.onnx"
        strip(path)
        operators[exporter] = sorted({node.op_type for node in onnx.load(path).graph.node})
    return operators
