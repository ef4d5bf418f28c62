"""Makes the exports in this folder by running the Python of docs/how-to/pytorch.md as it is printed there.

usage: generate.py        in an environment with PyTorch, onnx and onnxscript (./dev bench makes one)

The newer exporter writes where each operator came from (stack traces, with paths of the machine): that is left out.
Made with PyTorch 2.13.0 (CPU), onnx 1.23.2 and onnxscript 0.7.2.
"""

from __future__ import annotations

import os
import sys
import tempfile
from pathlib import Path

import onnx
import torch

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent.parent
sys.path.insert(0, str(ROOT / "tools"))
import snippets


def without_traces(exported: Path) -> bytes:
    model = onnx.load(exported)
    for part in (model.graph, *model.graph.node, *model.graph.value_info, *model.graph.input, *model.graph.output):
        del part.metadata_props[:]
    return model.SerializeToString()


def main() -> int:
    page = (ROOT / "docs" / "how-to" / "pytorch.md").read_text()
    printed = [block.text for block in snippets.blocks_of(page) if block.language == "python"]
    torch.manual_seed(0)
    names: dict[str, object] = {}
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        for text in printed:
            exec(text, names)
            for made, kept in (("model.onnx", "exported_dynamo.onnx"), ("older.onnx", "exported_torchscript.onnx")):
                if Path(made).exists():
                    (HERE / kept).write_bytes(without_traces(Path(made)))
        os.chdir(ROOT)
    return 0


if __name__ == "__main__":
    sys.exit(main())
