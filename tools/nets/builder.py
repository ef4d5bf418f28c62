"""ONNX networks with random weights that see their input.

A network is built layer by layer while a few synthetic pictures run through it in float64, so that batch normalisation
gets the statistics of the activations it meets, and other layers are scaled until their outputs have unit spread. What
is measured is rounded to 12 bits before it is stored: the last bits of a sum depend on the machine's BLAS, the file does
not.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

MANTISSA = 12


def rounded(values: np.ndarray) -> np.ndarray:
    """To 12 bits of mantissa."""
    fraction, exponent = np.frexp(np.asarray(values, dtype=np.float64))
    return np.ldexp(np.round(fraction * 2.0**MANTISSA), exponent - MANTISSA)


def pictures(rng: np.random.Generator, count: int, shape: tuple[int, int, int]) -> np.ndarray:
    """Smooth waves of random colour with an edge and some noise: about zero mean and unit spread, as photographs are
    after normalisation."""
    channels, height, width = shape
    y, x = np.mgrid[0:height, 0:width] / max(height, width)
    made = np.zeros((count, *shape))
    for picture in made:
        for _ in range(6):
            fx, fy, phase = rng.uniform(-8, 8), rng.uniform(-8, 8), rng.uniform(0, 2 * np.pi)
            wave = np.sin(2 * np.pi * (fx * x + fy * y) + phase)
            picture += rng.uniform(-1, 1, size=(channels, 1, 1)) * wave
        side = (x - rng.uniform(0.2, 0.8)) * rng.uniform(-1, 1) + (y - rng.uniform(0.2, 0.8)) * rng.uniform(-1, 1) > 0
        picture += rng.uniform(-1, 1, size=(channels, 1, 1)) * side
        picture += 0.1 * rng.standard_normal(shape)
    return made / made.std()


class Value:
    """A tensor of the network: its name, and what it is for the calibration pictures."""

    def __init__(self, name: str, data: np.ndarray) -> None:
        self.name = name
        self.data = data


class Builder:
    """Appends nodes; a node bears the name of its output."""

    def __init__(self, seed: int, input_shape: tuple[int, ...], opset: int, samples: int = 8) -> None:
        self.rng = np.random.Generator(np.random.PCG64(seed))
        self.opset = opset
        self.nodes: list[onnx.NodeProto] = []
        self.constants: dict[str, onnx.TensorProto] = {}
        self.input_shape = input_shape
        self.samples = samples
        self.input = Value("input", pictures(self.rng, samples, input_shape).astype(np.float32).astype(np.float64))

    def watch(self, points: np.ndarray) -> None:
        """Further inputs that run through the network and count in no statistic: `move_off_kinks` keeps off them."""
        self.input.data = np.concatenate([self.input.data, points.astype(np.float64)])

    def constant(self, name: str, values: np.ndarray, dtype: type = np.float32) -> np.ndarray:
        """Stores `values`, and returns them as stored."""
        stored = np.asarray(values).astype(dtype)
        self.constants[name] = numpy_helper.from_array(stored, name)
        return stored.astype(np.float64)

    def node(self, kind: str, name: str, inputs: list[str], data: np.ndarray, **attributes) -> Value:
        self.nodes.append(helper.make_node(kind, inputs, [name], name=name, **attributes))
        return Value(name, data)

    def weights(self, shape: tuple[int, ...], fan_in: int) -> np.ndarray:
        """He et al. 2015: normal, variance 2 / fan-in."""
        return self.rng.standard_normal(shape) * np.sqrt(2.0 / fan_in)

    def gain(self, data: np.ndarray, wanted: float = 1.0) -> float:
        return float(rounded(np.asarray(wanted / data.std())))

    def move_off_kinks(self, x: Value, shift: str, reach: float = 0.1) -> None:
        """Changes a channel's `shift` by at most `reach`, so that the values of `x` at watched points keep as far from
        zero as they can: rounding then leaves every ReLU there on its side, and a gradient is a number to compare."""
        moved = numpy_helper.to_array(self.constants[shift]).astype(np.float64)
        before = moved.copy()
        for channel, values in enumerate(x.data[self.samples :].swapaxes(0, 1).reshape(moved.size, -1)):
            near = np.sort(np.append(values[np.abs(values) < reach], (-reach, reach)))
            widest = np.argmax(np.diff(near))
            moved[channel] -= 0.5 * (near[widest] + near[widest + 1])
        x.data = x.data + (self.constant(shift, np.round(moved * 2.0**20) / 2.0**20) - before)[:, None, None]

    def save(self, output: Value, path: Path) -> None:
        graph = helper.make_graph(
            self.nodes,
            "random",
            [helper.make_tensor_value_info("input", TensorProto.FLOAT, ["N", *self.input_shape])],
            [helper.make_tensor_value_info(output.name, TensorProto.FLOAT, ["N", *output.data.shape[1:]])],
            list(self.constants.values()),
        )
        opset = [helper.make_opsetid("", self.opset)]
        model = helper.make_model(graph, opset_imports=opset, ir_version=8, producer_name="pellucid tools/nets")
        onnx.checker.check_model(model, full_check=True)
        path.write_bytes(model.SerializeToString(deterministic=True))


def command_line(build, doc: str) -> int:
    """`NAME.py OUT.onnx [--seed N]`"""
    import argparse

    parser = argparse.ArgumentParser(description=doc)
    parser.add_argument("out", type=Path)
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    builder, output = build(arguments.seed)
    if not np.isfinite(output.data).all():
        print(f"{arguments.out}: the network's answers are not finite", file=sys.stderr)
        return 1
    builder.save(output, arguments.out)
    return 0
