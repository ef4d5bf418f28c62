#!/usr/bin/env python3
"""The hostile files of the command line's tests, each small, each bad in one way that its name says.

usage: make.py      writes beside itself
"""

from __future__ import annotations

import io
import struct
import zipfile
import zlib
from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper

HERE = Path(__file__).resolve().parent


def save(name: str, data: bytes | str) -> None:
    (HERE / name).write_bytes(data.encode() if isinstance(data, str) else data)


# ---- ONNX: y = softmax(x W), x [1, 4], W [4, 3], bent in one place.


def tensor(name: str, shape: list, kind: int = TensorProto.FLOAT) -> onnx.ValueInfoProto:
    return helper.make_tensor_value_info(name, kind, shape)


def weights() -> onnx.TensorProto:
    return onnx.numpy_helper.from_array(np.linspace(-1, 1, 12, dtype=np.float32).reshape(4, 3), "w")


def network(**change) -> onnx.ModelProto:
    parts = {
        "nodes": [helper.make_node("MatMul", ["x", "w"], ["h"]), helper.make_node("Softmax", ["h"], ["y"], axis=1)],
        "inputs": [tensor("x", [1, 4])],
        "outputs": [tensor("y", [1, 3])],
        "initializers": [weights()],
    } | change
    graph = helper.make_graph(parts["nodes"], "g", parts["inputs"], parts["outputs"], parts["initializers"])
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8)


def bent_weights(**fields) -> onnx.TensorProto:
    bent = weights()
    for field, value in fields.items():
        bent.ClearField(field)
        if isinstance(value, list):
            getattr(bent, field).extend(value)
        else:
            setattr(bent, field, value)
    return bent


def external(location: str, length: int = 48) -> onnx.TensorProto:
    bent = bent_weights(raw_data=b"")
    bent.ClearField("raw_data")
    bent.data_location = TensorProto.EXTERNAL
    for key, value in (("location", location), ("offset", "0"), ("length", str(length))):
        entry = bent.external_data.add()
        entry.key, entry.value = key, value
    return bent


def message(number: int, data: bytes) -> bytes:
    """A field of protocol buffers; their own library refuses to nest as deep as this."""
    size, length = len(data), b""
    while size > 127:
        size, length = size >> 7, length + bytes([size & 127 | 128])
    return bytes([number << 3 | 2]) + length + bytes([size]) + data


def nested(depth: int) -> bytes:
    """Branches of branches: graphs in attributes of nodes of graphs."""
    node = message(1, b"x") + message(2, b"y") + message(4, b"Identity")
    for _ in range(depth):
        branch = message(1, b"then_branch") + message(6, message(1, node))
        node = message(1, b"c") + message(2, b"y") + message(4, b"If") + message(5, branch)
    return message(7, message(1, node))


def onnx_files() -> dict[str, onnx.ModelProto]:
    add, relu, out = ("Add", ["h", "loop"], ["m"]), ("Relu", ["m"], ["loop"]), ("Softmax", ["m"], ["y"])
    first = helper.make_node("MatMul", ["x", "w"], ["h"])
    last = helper.make_node("Softmax", ["h"], ["y"], axis=1)
    foreign = helper.make_node("Relu", ["x"], ["y"], domain="com.example.own")
    same = tensor("y", [1, 4])
    return {
        "good": network(),
        "cycle": network(nodes=[first, *(helper.make_node(*part) for part in (add, relu, out))]),
        "unknown_op": network(nodes=[first, helper.make_node("Frobnicate", ["h"], ["y"])]),
        "unknown_domain": network(nodes=[foreign], outputs=[same], initializers=[]),
        "dangling": network(nodes=[helper.make_node("MatMul", ["nowhere", "w"], ["h"]), last]),
        "no_output": network(outputs=[]),
        "no_node": network(nodes=[], initializers=[]),
        "unknown_type": network(inputs=[tensor("x", [1, 4], 99)]),
        "text_type": network(inputs=[tensor("x", [1, 4], TensorProto.STRING)]),
        "no_rank": network(inputs=[tensor("x", None)], outputs=[tensor("y", None)]),
        "wrong_shapes": network(inputs=[tensor("x", [1, 5])]),
        "huge_weights": network(initializers=[bent_weights(dims=[1 << 40, 1 << 20])]),
        "overflowing_weights": network(initializers=[bent_weights(dims=[1 << 62, 16])]),
        "negative_weights": network(initializers=[bent_weights(dims=[-4, 3])]),
        "short_weights": network(initializers=[bent_weights(raw_data=b"\0" * 20)]),
        "external_missing": network(initializers=[external("absent.bin")]),
        "external_escapes": network(initializers=[external("../digits.onnx")]),
        "external_absolute": network(initializers=[external("/etc/hostname")]),
        "external_short": network(initializers=[external("short.bin", 48)]),
        "external_long": network(initializers=[external("short.bin", 1 << 50)]),
        "huge_input": network(
            nodes=[helper.make_node("Flatten", ["x"], ["y"])],
            inputs=[tensor("x", [1, 1 << 31, 1 << 31])],
            outputs=[tensor("y", None)],
            initializers=[],
        ),
        "huge_constant": network(
            nodes=[
                helper.make_node("ConstantOfShape", ["n"], ["k"]),
                helper.make_node("Add", ["x", "k"], ["z"]),
                helper.make_node("ReduceSum", ["z"], ["y"]),
            ],
            outputs=[tensor("y", None)],
            initializers=[onnx.numpy_helper.from_array(np.array([1 << 20, 1 << 22, 4], np.int64), "n")],
        ),
    }


# ---- OpenVINO IR


def ir(body: str, edges: str, version: str = "11") -> str:
    return (
        f'<?xml version="1.0"?><net name="net" version="{version}"><layers>{body}</layers>'
        f"<edges>{edges}</edges></net>\n"
    )


def port(number: int, extents: tuple = (1, 4)) -> str:
    return f'<port id="{number}" precision="FP32">' + "".join(f"<dim>{extent}</dim>" for extent in extents) + "</port>"


def layer(number: int, kind: str, into: int, out: bool, data: str = "") -> str:
    ports = f"<input>{''.join(port(at) for at in range(into))}</input>" if into else ""
    ports += f"<output>{port(into)}</output>" if out else ""
    return f'<layer id="{number}" name="n{number}" type="{kind}" version="opset1">{data}{ports}</layer>'


def edge(start: int, out: int, end: int, into: int = 0) -> str:
    return f'<edge from-layer="{start}" from-port="{out}" to-layer="{end}" to-port="{into}"/>'


def ir_files() -> dict[str, str]:
    x = layer(0, "Parameter", 0, True, '<data shape="1,4" element_type="f32"/>')
    result = layer(3, "Result", 1, False)
    loop = x + layer(1, "Add", 2, True) + layer(2, "ReLU", 1, True) + result
    loop_edges = edge(0, 0, 1) + edge(1, 2, 2) + edge(2, 1, 1, 1) + edge(2, 1, 3)
    weights_far = layer(1, "Const", 0, True, '<data element_type="f32" shape="1,4" offset="1000000" size="16"/>')
    line = edge(0, 0, 2) + edge(1, 0, 2, 1) + edge(2, 2, 3)
    return {
        "cycle": ir(loop, loop_edges),
        "unknown_layer": ir(x + layer(1, "Frobnicate", 1, True) + result, edge(0, 0, 1) + edge(1, 1, 3)),
        "weights_far": ir(x + weights_far + layer(2, "Add", 2, True) + result, line),
        "edge_to_nothing": ir(x + result, edge(0, 0, 7)),
        "version": ir(x + result, edge(0, 0, 3), "99999999999999999999999"),
        "deep": "<net>" + "<layers>" * 5000 + "</net>\n",
    }


# ---- TensorFlow Lite


def crashing_tflite() -> bytes:
    """One byte of a sound file turned, found by trying thousands: the engine's reader leaves the file and is killed."""
    data = bytearray((HERE.parent.parent / "graph" / "data" / "format.tflite").read_bytes())
    data[190] = 144
    return bytes(data)


# ---- Pictures: headers that promise what no memory holds, and small pictures bent.


def chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png(width: int, height: int, rows: bytes) -> bytes:
    head = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(rows, 9)) + chunk(b"IEND", b"")


def tiff(entries: dict[int, tuple[int, int]]) -> bytes:
    data = b"II*\0" + struct.pack("<I", 8) + struct.pack("<H", len(entries))
    for tag, (kind, value) in sorted(entries.items()):
        data += struct.pack("<HHII", tag, kind, 1, value)
    return data + struct.pack("<I", 0) + b"\0" * 64


def picture_files() -> dict[str, bytes]:
    short, long = 3, 4
    plain = {258: (short, 8), 259: (short, 1), 262: (short, 1), 277: (short, 1), 278: (long, 1), 273: (long, 100)}
    bomb = plain | {256: (long, 1), 257: (long, 1), 322: (long, 65536), 323: (long, 65536), 324: (long, 100)}
    bomb |= {258: (short, 16), 277: (short, 8), 262: (short, 2), 325: (long, 4)}
    bmp = struct.pack("<2sIHHIIiiHHIIiiII", b"BM", 54, 0, 0, 54, 40, 2**31 - 1, 2**31 - 1, 1, 24, 0, 0, 0, 0, 0, 0)
    return {
        "huge.png": png(2**31 - 1, 2**31 - 1, b"\0"),
        "beyond.png": png(20000, 20000, b"\0" * 1000),
        "promises.png": png(10000, 10000, b"\0" * 1000),
        "nothing.png": png(0, 5, b"\0"),
        "huge.bmp": bmp,
        "huge.tif": tiff(plain | {256: (long, 2**32 - 1), 257: (long, 2**32 - 1)}),
        "tiles.tif": tiff(bomb),
        "endless.tif": b"II*\0" + struct.pack("<I", 8) + struct.pack("<H", 0) + struct.pack("<I", 8) + b"\0" * 64,
    }


# ---- Arrays


def npy(header: str, values: bytes = b"\0" * 16) -> bytes:
    text = header.encode() + b" " * (63 - (len(header) + 10) % 64) + b"\n"
    return b"\x93NUMPY\x01\0" + struct.pack("<H", len(text)) + text + values


def described(shape: str, kind: str = "<f4") -> str:
    return "{'descr': '" + kind + "', 'fortran_order': False, 'shape': " + shape + ", }"


def plain_npy(array: np.ndarray) -> bytes:
    buffer = io.BytesIO()
    np.save(buffer, array)
    return buffer.getvalue()


def npz(members: dict[str, bytes], method: int = zipfile.ZIP_STORED) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", method) as archive:
        for name, data in members.items():
            archive.writestr(zipfile.ZipInfo(name), data, method)
    return buffer.getvalue()


def array_files() -> dict[str, bytes]:
    x = np.array([[0.5, -1.0, 2.0, 0.25]], np.float32)
    zeros = described("(67108864, 5)")
    bomb = npy(zeros, b"\0" * (67108864 * 5 * 4))
    lies = bytearray(npz({"x.npy": plain_npy(x)}))
    at = lies.rindex(b"PK\x01\x02")
    lies[at + 24 : at + 28] = struct.pack("<I", 0xFFFFFFF0)  # the size that the directory promises
    return {
        "x.npy": plain_npy(x),
        "huge.npy": npy(described("(1073741824, 1073741824)")),
        "overflowing.npy": npy(described("(4294967296, 4294967296, 4294967296)")),
        "negative.npy": npy(described("(-1, 4)")),
        "digits_without_end.npy": npy(described("(" + "9" * 400 + ",)")),
        "pickled.npy": npy(described("(1,)", "|O")),
        "header_of_nothing.npy": b"\x93NUMPY\x02\0" + struct.pack("<I", 0xFFFFFFFF),
        "infinite.npy": plain_npy(np.full_like(x, np.inf)),
        "bomb.npz": npz({"x.npy": bomb}, zipfile.ZIP_BZIP2),
        "lies.npz": bytes(lies),
        "text.npz": npz({"readme.txt": b"no array"}),
        "other.npz": npz({"z.npy": plain_npy(x), "x.npy": plain_npy(x)}),
        "empty.npz": npz({}),
        "mask_wrong.npy": plain_npy(np.ones((7, 9), np.float32)),
    }


def main() -> None:
    for name, model in onnx_files().items():
        save(f"{name}.onnx", model.SerializeToString())
    save("nested.onnx", nested(500))
    save("short.bin", b"\0" * 5)
    save("crash.tflite", crashing_tflite())
    for name, text in ir_files().items():
        save(f"{name}.xml", text)
        save(f"{name}.bin", b"\0" * 16)
    for name, data in (picture_files() | array_files()).items():
        save(name, data)


if __name__ == "__main__":
    main()
