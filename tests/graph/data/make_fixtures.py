#!/usr/bin/env python3
"""Writes the small models beside this file: the same networks as several exporters spell them, and the formats read.

size: table (of layers and fields)

Made on 2026-11-24 with Python 3.11, torch 2.13.0 (both ONNX exporters), onnx 1.23.2, onnxscript 0.7.2,
openvino 2026.4.1, tflite 2.18.0 and flatbuffers 25.12.19:

    python make_fixtures.py onnx
    python make_fixtures.py ir          # reads what the first writes
    python make_fixtures.py formats     # needs tflite, flatbuffers and numpy alone

Weights are seeded.
"""

import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent


def networks():
    """Name -> (module, example); networks are as small as their structure allows."""
    import torch
    from torch import nn

    class Residual(nn.Module):
        def __init__(self):
            super().__init__()
            self.stem = nn.Sequential(nn.Conv2d(3, 8, 3, 2, 1, bias=False), nn.BatchNorm2d(8), nn.ReLU())
            self.conv1, self.bn1 = nn.Conv2d(8, 8, 3, 1, 1, bias=False), nn.BatchNorm2d(8)
            self.conv2, self.bn2 = nn.Conv2d(8, 8, 3, 1, 1, bias=False), nn.BatchNorm2d(8)
            self.fc = nn.Linear(8, 5)

        def forward(self, x):
            x = self.stem(x)
            y = self.bn2(self.conv2(torch.relu(self.bn1(self.conv1(x)))))
            return self.fc(torch.relu(x + y).mean((2, 3)))

    class Attention(nn.Module):
        def __init__(self, width, heads):
            super().__init__()
            self.heads = heads
            self.qkv, self.proj = nn.Linear(width, 3 * width), nn.Linear(width, width)

        def forward(self, x):
            n, t, c = x.shape
            q, k, v = self.qkv(x).reshape(n, t, 3, self.heads, c // self.heads).permute(2, 0, 3, 1, 4).unbind(0)
            x = nn.functional.scaled_dot_product_attention(q, k, v)
            return self.proj(x.transpose(1, 2).reshape(n, t, c))

    class Block(nn.Module):
        def __init__(self, width, approximate):
            super().__init__()
            self.norm1, self.attn, self.norm2 = nn.LayerNorm(width), Attention(width, 2), nn.LayerNorm(width)
            self.mlp = nn.Sequential(nn.Linear(width, 2 * width), nn.GELU(approximate), nn.Linear(2 * width, width))

        def forward(self, x):
            x = x + self.attn(self.norm1(x))
            return x + self.mlp(self.norm2(x))

    class Vit(nn.Module):
        """A class token before a 4x4 grid; it alone is read at the end."""

        def __init__(self, approximate="none"):
            super().__init__()
            self.patch = nn.Conv2d(3, 16, 4, 4)
            self.cls = nn.Parameter(torch.randn(1, 1, 16))
            self.pos = nn.Parameter(torch.randn(1, 17, 16))
            self.blocks = nn.Sequential(Block(16, approximate), Block(16, approximate))
            self.norm, self.head = nn.LayerNorm(16), nn.Linear(16, 5)

        def forward(self, x):
            x = self.patch(x).flatten(2).transpose(1, 2)
            x = torch.cat([self.cls.expand(x.shape[0], -1, -1), x], 1) + self.pos
            return self.head(self.norm(self.blocks(x))[:, 0])

    class Gates(nn.Module):
        """Squeeze-and-excitation with a sigmoid and a hard sigmoid, then CBAM's channel and spatial gates."""

        def __init__(self):
            super().__init__()
            self.conv = nn.Conv2d(3, 8, 3, 1, 1)
            self.down, self.up = nn.Conv2d(8, 2, 1), nn.Conv2d(2, 8, 1)
            self.down2, self.up2 = nn.Conv2d(8, 2, 1), nn.Conv2d(2, 8, 1)
            self.mlp = nn.Sequential(nn.Linear(8, 2), nn.ReLU(), nn.Linear(2, 8))
            self.spatial = nn.Conv2d(2, 1, 3, 1, 1)
            self.fc = nn.Linear(8, 5)

        def forward(self, x):
            x = torch.relu(self.conv(x))
            x = x * torch.sigmoid(self.up(torch.relu(self.down(x.mean((2, 3), keepdim=True)))))
            x = x * nn.functional.hardsigmoid(self.up2(torch.relu(self.down2(x.mean((2, 3), keepdim=True)))))
            x = x * torch.sigmoid(self.mlp(x.mean((2, 3))) + self.mlp(x.amax((2, 3))))[:, :, None, None]
            x = x * torch.sigmoid(self.spatial(torch.cat([x.mean(1, keepdim=True), x.amax(1, keepdim=True)], 1)))
            return self.fc(x.mean((2, 3)))

    class Rms(nn.Module):
        """As language models spell it, in two ways (the older exporter has no operator for nn.RMSNorm)."""

        def __init__(self, width, divides):
            super().__init__()
            self.weight, self.divides = nn.Parameter(torch.rand(width) + 0.5), divides

        def forward(self, x):
            if self.divides:
                return x / torch.sqrt((x * x).mean(-1, keepdim=True) + 1e-6) * self.weight
            return self.weight * (x * torch.rsqrt(x.pow(2).mean(-1, keepdim=True) + 1e-6))

    class Norms(nn.Module):
        """Group, instance and root-mean-square normalisation; swish, which is no gate."""

        def __init__(self):
            super().__init__()
            self.conv1, self.group = nn.Conv2d(3, 8, 3, 1, 1), nn.GroupNorm(2, 8)
            self.conv2, self.instance = nn.Conv2d(8, 8, 3, 1, 1), nn.InstanceNorm2d(8, affine=True)
            self.fc1, self.rms, self.rms2 = nn.Linear(8, 8), Rms(8, False), Rms(8, True)
            self.fc2 = nn.Linear(8, 5)

        def forward(self, x):
            x = nn.functional.silu(self.group(self.conv1(x)))
            x = torch.relu(self.instance(self.conv2(x)))
            return self.fc2(self.rms2(self.rms(self.fc1(x.mean((2, 3))))))

    class Classifier(nn.Module):
        def __init__(self):
            super().__init__()
            self.features = nn.Sequential(
                nn.Conv2d(3, 8, 3, 4, 1),
                nn.ReLU(),
                nn.Conv2d(8, 16, 3, 2, 1),
                nn.BatchNorm2d(16),
                nn.ReLU(),
                nn.MaxPool2d(2),
                nn.Conv2d(16, 24, 3, 1, 1),
                nn.ReLU(),
            )
            self.fc = nn.Linear(24, 10)

        def forward(self, x):
            return self.fc(self.features(x).mean((2, 3)))

    torch.manual_seed(7)
    small = torch.randn(1, 3, 16, 16)
    made = {
        "residual": (Residual(), small),
        "vit": (Vit(), small),
        "vit_tanh": (Vit("tanh"), small),
        "gates": (Gates(), small),
        "norms": (Norms(), small),
        "exported": (Classifier(), torch.randn(1, 3, 224, 224)),
    }
    for module, _ in made.values():
        for part in module.modules():
            if isinstance(part, nn.BatchNorm2d):
                part.running_mean.uniform_(-0.5, 0.5)
                part.running_var.uniform_(0.5, 1.5)
                nn.init.uniform_(part.weight, 0.5, 1.5)
        module.eval()
    return made


def write_onnx():
    import onnx
    import torch

    for name, (module, example) in networks().items():
        common = {"input_names": ["input"], "output_names": ["logits"]}
        old = HERE / f"{name}_torchscript.onnx"
        torch.onnx.export(
            module,
            (example,),
            old,
            dynamo=False,
            opset_version=17,
            dynamic_axes={"input": {0: "batch"}, "logits": {0: "batch"}},
            **common,
        )
        # As many files still are: layer normalisation in primitives, batch normalisation beside its convolution.
        spelt = HERE / f"{name}_opset14.onnx"
        if name != "exported":
            torch.onnx.export(
                module,
                (example,),
                spelt,
                dynamo=False,
                opset_version=14,
                do_constant_folding=False,
                training=torch.onnx.TrainingMode.PRESERVE,
                dynamic_axes={"input": {0: "batch"}, "logits": {0: "batch"}},
                **common,
            )
        new = HERE / f"{name}_dynamo.onnx"
        torch.onnx.export(
            module,
            (example,),
            new,
            dynamo=True,
            external_data=False,
            dynamic_shapes={"x": {0: torch.export.Dim("batch")}},
            **common,
        )
        for path in (old, new) if name == "exported" else (old, spelt, new):
            model = onnx.load(path)
            model.doc_string = ""
            for node in model.graph.node:  # where in whose Python code each node was made
                node.doc_string = ""
                del node.metadata_props[:]
            del model.graph.metadata_props[:]
            for value in [*model.graph.value_info, *model.graph.input, *model.graph.output, *model.graph.initializer]:
                del value.metadata_props[:]
            onnx.save(model, path)


def write_ir():
    """NAME_torch.xml: by OpenVINO's own reader of PyTorch; NAME_onnx.xml: from ONNX, weights in half precision."""
    import openvino

    for name, (module, example) in networks().items():
        if name == "exported":
            continue
        model = openvino.convert_model(module, example_input=(example,), input=[-1, *example.shape[1:]])
        openvino.save_model(model, HERE / f"{name}_torch.xml", compress_to_fp16=False)
        model = openvino.convert_model(HERE / f"{name}_torchscript.onnx")
        openvino.save_model(model, HERE / f"{name}_onnx.xml", compress_to_fp16=True)


def field(number, payload):
    """One field of a protocol buffer message: a varint, or bytes."""

    def varint(value):
        value &= (1 << 64) - 1
        parts = []
        while value > 0x7F:
            parts.append(value & 0x7F | 0x80)
            value >>= 7
        return bytes([*parts, value])

    if isinstance(payload, int):
        return varint(number << 3) + varint(payload)
    return varint(number << 3 | 2) + varint(len(payload)) + payload


def weights():
    """Of y = softmax(x W + b), 4 inputs, 3 classes: what both formats hold."""
    import numpy

    matrix = numpy.arange(12, dtype=numpy.float32).reshape(4, 3) / 8 - 0.75
    return matrix, numpy.array([0.5, -0.25, 0.0], dtype=numpy.float32)


def write_tensorflow():
    """A frozen GraphDef, its messages written by hand after tensorflow/core/framework/*.proto."""
    float32 = 1

    def entry(key, value):
        return field(5, field(1, key.encode()) + field(2, value))

    def shape(extents):
        return b"".join(field(2, field(1, extent)) for extent in extents)

    def node(name, operation, inputs, *attributes):
        message = field(1, name.encode()) + field(2, operation.encode())
        message += b"".join(field(3, source.encode()) for source in inputs)
        return field(1, message + b"".join(attributes))

    def constant(name, array):
        tensor = field(1, float32) + field(2, shape(array.shape)) + field(4, array.tobytes())
        return node(name, "Const", [], entry("dtype", field(6, float32)), entry("value", field(8, tensor)))

    matrix, bias = weights()
    number = entry("T", field(6, float32))
    graph = node(
        "input", "Placeholder", [], entry("dtype", field(6, float32)), entry("shape", field(7, shape([-1, 4])))
    )
    graph += constant("dense/kernel", matrix) + constant("dense/bias", bias)
    graph += node("dense/product", "MatMul", ["input", "dense/kernel"], number)
    graph += node("dense/sum", "BiasAdd", ["dense/product", "dense/bias"], number)
    graph += node("probabilities", "Softmax", ["dense/sum"], number)
    graph += field(4, field(1, 1087))  # the producer's version
    (HERE / "format.pb").write_bytes(graph)


def write_tflite():
    import flatbuffers
    import tflite

    matrix, bias = weights()
    builder = flatbuffers.Builder(1024)

    def vector(start, items):
        start(builder, len(items))
        for item in reversed(items):
            builder.PrependUOffsetTRelative(item)
        return builder.EndVector()

    def buffer(array):
        data = builder.CreateByteVector(array.tobytes()) if array is not None else None
        tflite.BufferStart(builder)
        if data is not None:
            tflite.BufferAddData(builder, data)
        return tflite.BufferEnd(builder)

    def numbers(start, values):
        start(builder, len(values))
        for value in reversed(values):
            builder.PrependInt32(value)
        return builder.EndVector()

    def tensor(name, extents, where):
        text, shape = builder.CreateString(name), numbers(tflite.TensorStartShapeVector, extents)
        tflite.TensorStart(builder)
        tflite.TensorAddName(builder, text)
        tflite.TensorAddShape(builder, shape)
        tflite.TensorAddType(builder, tflite.TensorType.FLOAT32)
        tflite.TensorAddBuffer(builder, where)
        return tflite.TensorEnd(builder)

    def operator(code, inputs, outputs, options, kind):
        ins = numbers(tflite.OperatorStartInputsVector, inputs)
        outs = numbers(tflite.OperatorStartOutputsVector, outputs)
        tflite.OperatorStart(builder)
        tflite.OperatorAddOpcodeIndex(builder, code)
        tflite.OperatorAddInputs(builder, ins)
        tflite.OperatorAddOutputs(builder, outs)
        tflite.OperatorAddBuiltinOptionsType(builder, kind)
        tflite.OperatorAddBuiltinOptions(builder, options)
        return tflite.OperatorEnd(builder)

    def code(which):
        tflite.OperatorCodeStart(builder)
        tflite.OperatorCodeAddDeprecatedBuiltinCode(builder, which)
        tflite.OperatorCodeAddBuiltinCode(builder, which)
        tflite.OperatorCodeAddVersion(builder, 1)
        return tflite.OperatorCodeEnd(builder)

    buffers = vector(
        tflite.ModelStartBuffersVector, [buffer(None), buffer(matrix.T.copy()), buffer(bias), buffer(None)]
    )
    tensors = vector(
        tflite.SubGraphStartTensorsVector,
        [
            tensor("input", [1, 4], 0),
            tensor("dense/kernel", [3, 4], 1),
            tensor("dense/bias", [3], 2),
            tensor("dense", [1, 3], 3),
            tensor("probabilities", [1, 3], 3),
        ],
    )
    tflite.FullyConnectedOptionsStart(builder)
    dense = tflite.FullyConnectedOptionsEnd(builder)
    tflite.SoftmaxOptionsStart(builder)
    tflite.SoftmaxOptionsAddBeta(builder, 1.0)
    softmax = tflite.SoftmaxOptionsEnd(builder)
    operators = vector(
        tflite.SubGraphStartOperatorsVector,
        [
            operator(0, [0, 1, 2], [3], dense, tflite.BuiltinOptions.FullyConnectedOptions),
            operator(1, [3], [4], softmax, tflite.BuiltinOptions.SoftmaxOptions),
        ],
    )
    inputs = numbers(tflite.SubGraphStartInputsVector, [0])
    outputs = numbers(tflite.SubGraphStartOutputsVector, [4])
    name = builder.CreateString("main")
    tflite.SubGraphStart(builder)
    tflite.SubGraphAddTensors(builder, tensors)
    tflite.SubGraphAddInputs(builder, inputs)
    tflite.SubGraphAddOutputs(builder, outputs)
    tflite.SubGraphAddOperators(builder, operators)
    tflite.SubGraphAddName(builder, name)
    graphs = vector(tflite.ModelStartSubgraphsVector, [tflite.SubGraphEnd(builder)])
    codes = vector(
        tflite.ModelStartOperatorCodesVector,
        [code(tflite.BuiltinOperator.FULLY_CONNECTED), code(tflite.BuiltinOperator.SOFTMAX)],
    )
    tflite.ModelStart(builder)
    tflite.ModelAddVersion(builder, 3)
    tflite.ModelAddOperatorCodes(builder, codes)
    tflite.ModelAddSubgraphs(builder, graphs)
    tflite.ModelAddBuffers(builder, buffers)
    builder.Finish(tflite.ModelEnd(builder), b"TFL3")
    (HERE / "format.tflite").write_bytes(bytes(builder.Output()))


def write_formats():
    write_tensorflow()
    write_tflite()


if __name__ == "__main__":
    if sys.argv[1:] not in (["onnx"], ["ir"], ["formats"]):
        sys.exit(__doc__)
    {"onnx": write_onnx, "ir": write_ir, "formats": write_formats}[sys.argv[1]]()
