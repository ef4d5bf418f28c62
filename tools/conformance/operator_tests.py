"""The ONNX operator tests of the pinned onnx package, written out as files that the worker reads."""

from __future__ import annotations

import json
import warnings
from fnmatch import fnmatch
from pathlib import Path

import numpy as np
import onnx
from onnx import numpy_helper
from onnx.backend.test.loader import load_model_tests
from onnx.reference import ReferenceEvaluator

KINDS = ("node", "simple", "pytorch-converted", "pytorch-operator")
KINKS = Path(__file__).resolve().parent.parent.parent / "tests" / "conformance" / "kinks.json"

# ONNX's element types by OpenVINO's names; strings and whatever is missing here has no derivative to ask for.
TYPES = {
    "FLOAT": "f32", "DOUBLE": "f64", "FLOAT16": "f16", "BFLOAT16": "bf16", "FLOAT8E4M3FN": "f8e4m3",
    "FLOAT8E5M2": "f8e5m2", "BOOL": "boolean", "INT8": "i8", "INT16": "i16", "INT32": "i32", "INT64": "i64",
    "UINT8": "u8", "UINT16": "u16", "UINT32": "u32", "UINT64": "u64",
}  # fmt: skip


def _tensor(value: object) -> onnx.TensorProto | None:
    if isinstance(value, onnx.TensorProto):
        return value
    if isinstance(value, list | tuple | dict) or value is None:
        return None
    return numpy_helper.from_array(np.asarray(value))


def _write(folder: Path, stem: str, names: list[str], values: list) -> list[dict] | None:
    """The tensors as raw bytes, or None where one is no tensor of numbers."""
    listed = []
    for place, (name, value) in enumerate(zip(names, values, strict=False)):
        tensor = _tensor(value)
        kind = TYPES.get(onnx.TensorProto.DataType.Name(tensor.data_type)) if tensor is not None else None
        if kind is None:
            return None
        array = numpy_helper.to_array(tensor)
        file = folder / f"{stem}{place}"
        file.write_bytes(np.ascontiguousarray(array).tobytes())
        listed.append({"name": name, "type": kind, "shape": list(array.shape), "file": str(file)})
    return listed


def _from_files(folder: Path) -> tuple[onnx.ModelProto, list, list]:
    model = onnx.load(folder / "model.onnx")
    sets = sorted(folder.glob("test_data_set_*"))

    def read(stem: str) -> list:
        files = sorted(sets[0].glob(f"{stem}_*.pb"), key=lambda file: int(file.stem.split("_")[-1]))
        return [onnx.TensorProto.FromString(file.read_bytes()) for file in files]

    return model, read("input"), read("output")


def _kinks(name: str, declared: dict) -> dict:
    return next((kinks for pattern, kinks in declared.items() if fnmatch(name, pattern)), {})


class OwnTest:
    """A test in the manner of ONNX's, for faults that theirs cannot see: their answers are saturated, or symmetric."""

    name: str
    rtol, atol = 1e-3, 1e-7

    def __init__(self, name: str, node: onnx.NodeProto, shapes: list[tuple[int, ...]]) -> None:
        values = np.random.default_rng(7)
        inputs = [values.normal(size=shape).astype(np.float32) for shape in shapes]
        ports = [
            onnx.helper.make_tensor_value_info(port, onnx.TensorProto.FLOAT, shape)
            for port, shape in zip(node.input, shapes, strict=True)
        ]
        result = onnx.helper.make_tensor_value_info(node.output[0], onnx.TensorProto.FLOAT, None)
        graph = onnx.helper.make_graph([node], name, ports, [result])
        self.name = name
        self.model = onnx.helper.make_model(graph, opset_imports=[onnx.helper.make_opsetid("", 17)])
        outputs = ReferenceEvaluator(self.model).run(None, dict(zip(node.input, inputs, strict=True)))
        self.data_sets = [(inputs, outputs)]


def own_tests() -> list[OwnTest]:
    product = onnx.helper.make_node("Einsum", ["a", "b"], ["y"], equation="ij,jk->ik")
    return [
        OwnTest("own_sigmoid_of_a_square", onnx.helper.make_node("Sigmoid", ["x"], ["y"]), [(4, 4)]),
        OwnTest("own_einsum_of_squares", product, [(4, 4), (4, 4)]),
    ]


def write_out(into: Path, only: set[str] | None, own: bool) -> list[dict]:
    """Requests for the worker, in order of name; tests that pass anything but tensors of numbers are left out.

    own: with those of own_tests
    """
    warnings.simplefilter("ignore")
    declared = json.loads(KINKS.read_text())
    requests = {}
    for kind in (*KINDS, *(["own"] if own else [])):
        for case in own_tests() if kind == "own" else load_model_tests(kind=kind):
            if case.name in requests or (only is not None and case.name not in only):
                continue
            folder = into / case.name
            folder.mkdir(parents=True, exist_ok=True)
            try:
                if kind in ("node", "own"):
                    model, (inputs, outputs) = case.model, case.data_sets[0]
                else:
                    model, inputs, outputs = _from_files(Path(case.model_dir))
            except (IndexError, ValueError):  # no data, or data that is no tensor
                continue
            inputs = _write(folder, "input", [port.name for port in model.graph.input], inputs)
            outputs = _write(folder, "output", [port.name for port in model.graph.output], outputs)
            if inputs is None or outputs is None:
                continue
            (folder / "model.onnx").write_bytes(model.SerializeToString())
            request = {
                "name": case.name, "model": str(folder / "model.onnx"), "inputs": inputs, "outputs": outputs,
                "relative": case.rtol, "absolute": case.atol,
            }  # fmt: skip
            if kinks := _kinks(case.name, declared):
                request["kinks"] = kinks
            requests[case.name] = request
    return [requests[name] for name in sorted(requests)]
