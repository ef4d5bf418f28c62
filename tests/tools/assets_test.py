"""Assets are there whole or not at all, and what is damaged is made again. Packages are wheels made here."""

from __future__ import annotations

import hashlib
import io
import pickle
import struct
import sys
import tempfile
import unittest
import zipfile
from pathlib import Path
from unittest import mock

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parent.parent.parent / "tools"))
import assets
from models import torch_weights

PICTURE = b"a picture, as far as this test goes"


def digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


class AssetsTest(unittest.TestCase):
    def setUp(self) -> None:
        scratch = tempfile.TemporaryDirectory()
        self.addCleanup(scratch.cleanup)
        self.folder = Path(scratch.name)
        self.wheel = self.folder / "package.whl"
        with zipfile.ZipFile(self.wheel, "w") as archive:
            archive.writestr("data/picture.png", PICTURE)
        self.store = assets.Store(self.folder / "assets")
        self.asset = {
            "file": "picture.png",
            "from": "package",
            "member": "data/picture.png",
            "member_sha256": digest(PICTURE),
            "build": "copy",
            "sha256": digest(PICTURE),
        }

    def make(self) -> None:
        with mock.patch.object(assets, "download", return_value=self.wheel), mock.patch("builtins.print"):
            assets.make([self.asset], {"package": {}}, self.store)

    def test_made_then_left_alone(self) -> None:
        self.assertFalse(self.store.is_good(self.asset))
        self.make()
        self.assertTrue(self.store.is_good(self.asset))
        self.assertEqual((self.store.folder / "picture.png").read_bytes(), PICTURE)

    def test_a_damaged_asset_is_noticed_and_made_again(self) -> None:
        self.make()
        (self.store.folder / "picture.png").write_bytes(PICTURE[:-1] + b"?")
        self.assertFalse(self.store.is_good(self.asset))
        self.make()
        self.assertTrue(self.store.is_good(self.asset))

    def test_a_wrong_member_leaves_nothing_behind(self) -> None:
        self.asset["member_sha256"] = digest(b"something else")
        with self.assertRaisesRegex(assets.AssetError, "data/picture.png of package has sha256"):
            self.make()
        self.assertEqual(list(self.store.folder.iterdir()), [])
        self.assertEqual([path.name for path in self.folder.glob("assets-*")], [])

    def test_a_wrong_result_leaves_nothing_behind(self) -> None:
        self.asset["sha256"] = digest(b"something else")
        with self.assertRaisesRegex(assets.AssetError, "assets.toml says"):
            self.make()
        self.assertEqual(list(self.store.folder.iterdir()), [])


class TorchWeightsTest(unittest.TestCase):
    """Checkpoints spelt out by hand, since PyTorch is not there to write one."""

    VALUES = np.arange(12, dtype=np.float32)

    class Storage:
        def __init__(self, key: str) -> None:
            self.key = key

    class Tensor:
        """Pickles as PyTorch's do: a call of _rebuild_tensor_v2 on a persistent storage."""

        def __init__(self, offset: int, shape: tuple, strides: tuple) -> None:
            self.arguments = (TorchWeightsTest.Storage("0"), offset, shape, strides, False, None)

    def pickled(self, state: dict) -> bytes:
        stream = io.BytesIO()
        pickler = pickle._Pickler(stream, 2)  # the Python one, which can be taught to write names that do not exist
        float_storage = _Global("torch", "FloatStorage")
        rebuild = _Global("torch._utils", "_rebuild_tensor_v2")

        def persistent_id(value):
            if isinstance(value, TorchWeightsTest.Storage):
                return ("storage", float_storage, value.key, "cpu", self.VALUES.size)
            return None

        def reduce_tensor(pickler, tensor):
            pickler.save(rebuild)
            pickler.save(tensor.arguments)
            pickler.write(pickle.REDUCE)

        pickler.persistent_id = persistent_id
        pickler.dispatch = {**pickle._Pickler.dispatch, TorchWeightsTest.Tensor: reduce_tensor, _Global: _save_global}
        pickler.dump(state)
        return stream.getvalue()

    def setUp(self) -> None:
        scratch = tempfile.TemporaryDirectory()
        self.addCleanup(scratch.cleanup)
        self.path = Path(scratch.name) / "weights.pth"
        # The second is the transpose of the last two rows: an offset, and strides out of order.
        self.state = {"whole": self.Tensor(0, (3, 4), (4, 1)), "part": self.Tensor(4, (4, 2), (1, 4))}

    def check(self) -> None:
        weights = torch_weights.read(self.path)
        matrix = self.VALUES.reshape(3, 4)
        self.assertEqual(list(weights), ["whole", "part"])
        np.testing.assert_array_equal(weights["whole"], matrix)
        np.testing.assert_array_equal(weights["part"], matrix[1:].T)

    def test_reads_an_archive(self) -> None:
        with zipfile.ZipFile(self.path, "w") as archive:
            archive.writestr("weights/data.pkl", self.pickled(self.state))
            archive.writestr("weights/data/0", self.VALUES.tobytes())
        self.check()

    def test_reads_the_older_stream(self) -> None:
        head = [pickle.dumps(part, 2) for part in (0x1950A86A20F9469CFC6C, 1001, {"little_endian": True})]
        keys = pickle.dumps(["0"], 2)
        storage = struct.pack("<q", self.VALUES.size) + self.VALUES.tobytes()
        self.path.write_bytes(b"".join([*head, self.pickled(self.state), keys, storage]))
        self.check()

    def test_refuses_code(self) -> None:
        with zipfile.ZipFile(self.path, "w") as archive:
            archive.writestr("weights/data.pkl", b"cos\nsystem\n(S'true'\ntR.")
        with self.assertRaisesRegex(pickle.UnpicklingError, "os.system"):
            torch_weights.read(self.path)


class _Global:
    """A name of a module that is not installed, as pickle spells it."""

    def __init__(self, module: str, name: str) -> None:
        self.module, self.name = module, name


def _save_global(pickler, value: _Global) -> None:
    pickler.write(f"c{value.module}\n{value.name}\n".encode())


if __name__ == "__main__":
    unittest.main()
