#!/usr/bin/env python3
"""The gradient of a class score for the input, against PyTorch: one picture, and sixteen in one call."""

from benching.race import ASSETS, CLI, Race, assert_equal, environment, restart_without_slowing, timed

restart_without_slowing()

import json
import statistics
import subprocess
import tempfile
from pathlib import Path

import numpy as np
import torch
from goldens.cases import photograph
from goldens.onnx_torch import OnnxModule

MODELS = ("efficientnet_lite0.onnx", "resnet50_random.onnx")
PICTURES = ("astronaut.png", "chelsea.png", "coffee.png", "rocket.jpg")
MANY = 16
ALONE = 8  # runs of one picture in one round, of which the median counts
# Both in float32: a ReLU on its kink may fall to either side, and moves a gradient by some thousandths.
KINKS = 2e-2


def pictures() -> np.ndarray:
    """Four photographs, each whole, mirrored, upside down, and both."""
    made = []
    for name in PICTURES:
        tensor = photograph(ASSETS / name)[0]
        made += [tensor[:, ::down, ::right].copy() for down in (1, -1) for right in (1, -1)]
    return np.stack(made)


class Ours:
    """One command for all tensors: the seconds that the model ran for each, and the gradients."""

    def __init__(self, model: str, tensors: np.ndarray, targets: list[int]) -> None:
        self.folder = tempfile.TemporaryDirectory(prefix="pellucid-bench-")
        self.out = Path(self.folder.name) / "out"
        self.command = [str(CLI), "explain", str(ASSETS / model)]
        for number, tensor in enumerate(tensors):
            path = Path(self.folder.name) / f"x{number:02}.npy"
            np.save(path, tensor[None])
            self.command.append(str(path))
        self.command += ["--method", "saliency", "--set", "signed_gradient=true", "--quiet", "--json"]
        self.command += ["--output", str(self.out)]
        self.targets = targets

    def __call__(self) -> list[float]:
        done = subprocess.run(self.command, capture_output=True, text=True, check=True, env=environment())
        said = json.loads(done.stdout)
        found = [one["targets"][0]["index"] for one in said]
        if found != self.targets:
            raise AssertionError(f"we explain the classes {found}, the peer {self.targets}")
        return [float(one["seconds"]["model"]) for one in said]

    def gradients(self) -> np.ndarray:
        return np.concatenate([np.load(path) for path in sorted(self.out.rglob("attribution.npy"))])


class Peer:
    """The same weights in PyTorch, in one memory format."""

    def __init__(self, model: str, layout: torch.memory_format) -> None:
        self.layout = layout
        self.twin = OnnxModule(ASSETS / model, dtype=torch.float32).to(memory_format=layout)

    def classes(self, tensors: np.ndarray) -> list[int]:
        with torch.no_grad():
            return [int(index) for index in self.twin(torch.from_numpy(tensors)).argmax(1)]

    def gradient(self, tensors: np.ndarray, targets: list[int]) -> torch.Tensor:
        x = torch.from_numpy(tensors).contiguous(memory_format=self.layout).requires_grad_()
        scores = self.twin(x)[torch.arange(len(targets)), torch.tensor(targets)].sum()
        return torch.autograd.grad(scores, x)[0]


def race_model(race: Race, model: str, tensors: np.ndarray) -> None:
    name = model.removesuffix(".onnx")
    layouts = (("NCHW", torch.contiguous_format), ("channels-last", torch.channels_last))
    peers = {f"torch {label}": Peer(model, layout) for label, layout in layouts}
    targets = next(iter(peers.values())).classes(tensors)
    # The same picture again and again in one process, so that both sides are warm.
    alone = Ours(model, np.repeat(tensors[:1], ALONE + 1, axis=0), targets[:1] * (ALONE + 1))
    many = Ours(model, tensors, targets)
    many()
    off = max(
        assert_equal(f"{name}: input gradient", found, wanted, KINKS)
        for peer in peers.values()
        for found, wanted in zip(many.gradients(), peer.gradient(tensors, targets).numpy(), strict=True)
    )

    def peer_alone(peer: Peer) -> float:
        return statistics.median(timed(lambda: peer.gradient(tensors[:1], targets[:1])) for _ in range(ALONE))

    race.run(f"{name}: input gradient, one picture", lambda: statistics.median(alone()[1:]),
             {label: lambda peer=peer: peer_alone(peer) for label, peer in peers.items()}, off)  # fmt: skip
    race.run(f"{name}: input gradient, {MANY} pictures", lambda: sum(many()),
             {label: lambda peer=peer: timed(lambda: peer.gradient(tensors, targets)) for label, peer in peers.items()},
             off)  # fmt: skip


def main() -> None:
    race = Race("input_gradient", rounds=5)
    tensors = pictures()
    assert len(tensors) == MANY
    for model in MODELS:
        race_model(race, model, tensors)
    race.save()


if __name__ == "__main__":
    main()
