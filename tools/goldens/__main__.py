"""Makes tests/parity/goldens with the bench environment, from the root of the project:

PYTHONPATH=tools .dev/envs/bench/bin/python -m goldens .dev/assets tests/parity/goldens [CASE ...]
"""

from __future__ import annotations

import argparse
import datetime
import hashlib
import importlib.metadata
from pathlib import Path

import numpy as np
import openvino as ov
import torch
from random_stream import check_known_answers

from goldens.by_captum import ByCaptum, relative
from goldens.by_lime import by_lime, superpixels
from goldens.cases import Case, all_cases
from goldens.onnx_torch import OnnxModule
from goldens.store import write_case

PEERS = ("torch", "captum", "lime", "scikit-image", "scikit-learn", "numpy", "onnx", "openvino")
SAME_ANSWERS = 2e-5  # forward, float32 against float64; ResNet-50's logits are small differences of large sums


def check_twin(case: Case, model: Path) -> np.ndarray:
    """The PyTorch twin gives what OpenVINO gives; returns its answers."""
    network = ov.Core().compile_model(ov.Core().read_model(model), "CPU", {"INFERENCE_PRECISION_HINT": "f32"})
    found = network(case.tensor)[0]
    with torch.no_grad():
        answers = OnnxModule(model, logits=False)(torch.from_numpy(case.tensor).double()).numpy()
    if not relative(found, answers) < SAME_ANSWERS:
        raise AssertionError(f"{case.name}: PyTorch and OpenVINO differ by {relative(found, answers)}")
    return answers


def make(case: Case, assets: Path, out: Path) -> None:
    model = assets / case.model
    print(f"{case.name}", flush=True)
    target = int(check_twin(case, model).argmax())
    module = OnnxModule(model)
    with torch.no_grad():
        score = float(module(torch.from_numpy(case.tensor).double())[0, target])
    goldens = ByCaptum(case, module, target).all()
    lime = None
    if "lime" in case.wanted:
        samples = 1000 if case.name.endswith("coffee") else 250
        lime = by_lime(case, OnnxModule(model, dtype=torch.float32), samples, superpixels(case.picture))
    about = {
        "model": case.model,
        "model_sha256": hashlib.sha256(model.read_bytes()).hexdigest(),
        "input": "input.npz",
        "target": target,
        "score": score,
        "attributions": "attributions.npz",
        "layer": case.layer_output,
        "made": datetime.date.today().isoformat(),
        "by": "PYTHONPATH=tools .dev/envs/bench/bin/python -m goldens .dev/assets tests/parity/goldens " + case.name,
        "peers": {peer: importlib.metadata.version(peer) for peer in PEERS},
    }
    write_case(out / case.name, about, case.tensor, goldens, lime)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("assets", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("cases", nargs="*", metavar="CASE")
    arguments = parser.parse_args()
    check_known_answers()
    for case in all_cases(arguments.assets):
        if not arguments.cases or case.name in arguments.cases:
            make(case, arguments.assets, arguments.out)


if __name__ == "__main__":
    main()
