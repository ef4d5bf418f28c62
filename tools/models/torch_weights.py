"""Reads the tensors of a PyTorch checkpoint (`.pth`) without PyTorch.

Both containers in use are understood: the zip archive of PyTorch >= 1.6 and the older stream of pickles. Only the
constructors that a plain state dict needs are allowed; a checkpoint that asks for another one is refused by name, so
reading never runs code of the file's choosing.
"""

from __future__ import annotations

import collections
import pickle
import struct
import zipfile
from pathlib import Path
from typing import NamedTuple

import numpy as np

_LEGACY_MAGIC = 0x1950A86A20F9469CFC6C
_STORAGE_TYPES = {
    "FloatStorage": np.float32,
    "DoubleStorage": np.float64,
    "HalfStorage": np.float16,
    "LongStorage": np.int64,
    "IntStorage": np.int32,
    "ByteStorage": np.uint8,
}


class _View(NamedTuple):
    """A tensor before its storage is known: where it starts, and how it steps, counted in elements."""

    storage: str
    offset: int
    shape: tuple[int, ...]
    strides: tuple[int, ...]


class _StateDictUnpickler(pickle.Unpickler):
    def __init__(self, stream) -> None:
        super().__init__(stream)
        self.storages: dict[str, type] = {}

    def find_class(self, module: str, name: str):
        if name in _STORAGE_TYPES:
            return name
        if (module, name) == ("collections", "OrderedDict"):
            return collections.OrderedDict
        if name in ("_rebuild_tensor", "_rebuild_tensor_v2"):
            return lambda storage, offset, shape, strides, *_: _View(storage, offset, tuple(shape), tuple(strides))
        if name == "_rebuild_parameter":
            return lambda view, *_: view
        raise pickle.UnpicklingError(f"{module}.{name} has no place in a file of weights")

    def persistent_load(self, pid) -> str:
        _, storage_type, key = pid[:3]
        self.storages.setdefault(key, _STORAGE_TYPES[storage_type])
        return key


def _array(view: _View, data: np.ndarray) -> np.ndarray:
    steps = [step * data.itemsize for step in view.strides]
    return np.lib.stride_tricks.as_strided(data[view.offset :], view.shape, steps).copy()


def _read_archive(path: Path) -> dict[str, np.ndarray]:
    with zipfile.ZipFile(path) as archive:
        index = next(name for name in archive.namelist() if name.endswith("/data.pkl"))
        folder = index.removesuffix("data.pkl") + "data/"
        with archive.open(index) as stream:
            unpickler = _StateDictUnpickler(stream)
            views = unpickler.load()
        data = {key: np.frombuffer(archive.read(folder + key), dtype) for key, dtype in unpickler.storages.items()}
    return {name: _array(view, data[view.storage]) for name, view in views.items()}


def _read_stream(path: Path) -> dict[str, np.ndarray]:
    with path.open("rb") as stream:
        if pickle.Unpickler(stream).load() != _LEGACY_MAGIC:
            raise ValueError(f"{path} is not a PyTorch checkpoint")
        for _ in ("protocol", "machine"):
            pickle.Unpickler(stream).load()
        unpickler = _StateDictUnpickler(stream)
        views = unpickler.load()
        data = {}
        for key in pickle.Unpickler(stream).load():
            dtype = np.dtype(unpickler.storages[key])
            (count,) = struct.unpack("<q", stream.read(8))
            data[key] = np.frombuffer(stream.read(count * dtype.itemsize), dtype)
    return {name: _array(view, data[view.storage]) for name, view in views.items()}


def read(path: Path) -> dict[str, np.ndarray]:
    """The checkpoint's tensors by name, in the order in which it lists them."""
    return _read_archive(path) if zipfile.is_zipfile(path) else _read_stream(path)
