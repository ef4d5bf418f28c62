#!/usr/bin/env python3
"""Integrated gradients against Captum's at equal error: how long until the sum, and the map, is as good as theirs?

Captum's default (Gauss-Legendre, 50 nodes) sets the two errors that are to be reached: of completeness, and of the map
against a converged reference, root mean squares over photographs, since on one picture the error of a sum is luck; each
the largest that Captum makes with 50 nodes or more. Each side then takes the fewest nodes of a ladder from which on its
error stays as small.
"""

from benching.race import ASSETS, Ours, Race, assert_equal, restart_without_slowing, save_results, timed

restart_without_slowing()

import numpy as np
import torch
from captum.attr import IntegratedGradients
from goldens.cases import photograph
from goldens.onnx_torch import OnnxModule

BLOCK = 16  # of the peer: the fastest of 4, 16 and 50 on two cores
DEFAULT = 50  # nodes that Captum takes when nobody asks
LADDER = (4, 8, 12, 16, 20, 24, 32, 40, 50, 64, 96, 128, 192)
EQUAL = 16  # nodes at which both must agree first
# Both in float32: a ReLU on its kink may fall to either side, and moves a gradient by some thousandths.
KINKS = 2e-2
PICTURES = ("astronaut.png", "chelsea.png", "coffee.png")
REFERENCE = 1200  # nodes of the midpoint rule: its own error, measured by its halves, is printed


class Captum:
    def __init__(self, model: str, tensor: np.ndarray, layout: torch.memory_format) -> None:
        self.twin = OnnxModule(ASSETS / model, dtype=torch.float32).to(memory_format=layout)
        self.x = torch.from_numpy(tensor).contiguous(memory_format=layout)
        with torch.no_grad():
            scores, nothing = self.twin(self.x)[0], self.twin(torch.zeros_like(self.x))[0]
        self.target = int(scores.argmax())
        self.difference = float(scores[self.target] - nothing[self.target])

    def __call__(self, nodes: int, method: str = "gausslegendre") -> np.ndarray:
        tool = IntegratedGradients(self.twin)
        made = tool.attribute(self.x, 0.0, self.target, n_steps=nodes, method=method, internal_batch_size=BLOCK)
        return made.detach().numpy()


def reference_of(peer: Captum) -> tuple[np.ndarray, float]:
    """The mean of two midpoint rules of which one has the other's nodes between its own, and how far they lie apart."""
    gradients = []
    for shift in (0.25, 0.75):
        total = torch.zeros_like(peer.x)
        nodes = (torch.arange(REFERENCE // 2) + shift) / (REFERENCE // 2)
        for part in nodes.split(BLOCK):
            points = (part.reshape(-1, 1, 1, 1) * peer.x).detach().requires_grad_()
            total += torch.autograd.grad(peer.twin(points)[:, peer.target].sum(), points)[0].sum(0, keepdim=True)
        gradients.append((total / (REFERENCE // 2) * peer.x).numpy())
    both = (gradients[0] + gradients[1]) / 2
    return both, float(np.linalg.norm(gradients[0] - gradients[1]) / 2 / np.linalg.norm(both))


class Errors:
    """Over the maps of several pictures: of their sums, and of themselves."""

    def __init__(self, maps: list[np.ndarray], peers: list[Captum], references: list[np.ndarray]) -> None:
        sums = [
            abs(float(made.sum(dtype=np.float64)) / peer.difference - 1) for made, peer in zip(maps, peers, strict=True)
        ]
        off = [np.linalg.norm(made - best) / np.linalg.norm(best) for made, best in zip(maps, references, strict=True)]
        self.sum = float(np.sqrt(np.mean(np.square(sums))))
        self.map = float(np.sqrt(np.mean(np.square(off))))


def fewest(ladder: dict[int, Errors], kind: str, wanted: float) -> int | None:
    """The fewest nodes from which on the error stays at `wanted` or below: no lucky hit."""
    kept = None
    for nodes in sorted(ladder, reverse=True):
        if getattr(ladder[nodes], kind) > wanted:
            break
        kept = nodes
    return kept


def ours_at(model: str, tensor: np.ndarray, target: int, nodes: int) -> Ours:
    return Ours(model, tensor, "integrated-gradients", {"n_steps": nodes, "tolerance": 0}, str(target))


def mapped(one: Ours) -> np.ndarray:
    one()
    return one.attribution()


class Races(Race):
    """With the errors that one side never reached."""

    def __init__(self, name: str, rounds: int) -> None:
        super().__init__(name, rounds)
        self.unreached: list[dict] = []

    def save(self) -> None:
        save_results(self.name, {"rounds": self.rounds, "rows": self.rows, "unreached": self.unreached})


def race_model(race: Race, model: str, tensors: list[np.ndarray]) -> None:
    name = model.removesuffix(".onnx")
    layouts = (("NCHW", torch.contiguous_format), ("channels-last", torch.channels_last))
    peers = {f"captum {label}": [Captum(model, tensor, layout) for tensor in tensors] for label, layout in layouts}
    first = next(iter(peers.values()))
    off = max(same_rule(model, tensor, peer) for tensor, peer in zip(tensors, first, strict=True))
    made = [reference_of(peer) for peer in first]
    references, uncertain = [reference for reference, _ in made], max(known for _, known in made)
    theirs, ours = {}, {}
    print(f"  {name}: the reference is known to {uncertain:.1e}; errors of sum and map")
    for nodes in LADDER:
        theirs[nodes] = Errors([peer(nodes) for peer in first], first, references)
        calls = [ours_at(model, tensor, peer.target, nodes) for tensor, peer in zip(tensors, first, strict=True)]
        ours[nodes] = Errors([mapped(one) for one in calls], first, references)
        print(f"    {nodes:3} nodes: ours {ours[nodes].sum:.1e} {ours[nodes].map:.1e},"
              f" captum {theirs[nodes].sum:.1e} {theirs[nodes].map:.1e}", flush=True)  # fmt: skip
    if not uncertain < max(theirs[DEFAULT].map, ours[DEFAULT].map) / 2:
        raise AssertionError(f"{name}: the reference is no better known than what is held against it")
    for kind, what in (("sum", "completeness"), ("map", "attribution")):
        wanted = max(getattr(theirs[nodes], kind) for nodes in LADDER if nodes >= DEFAULT)
        nodes, their_nodes = fewest(ours, kind, wanted), fewest(theirs, kind, wanted)
        if nodes is None or their_nodes is None:
            print(f"  {name}: of up to {LADDER[-1]} nodes none keeps our {what} error at {wanted:.1e}", flush=True)
            race.unreached.append({"what": name, "kind": what, "error": wanted, "ladder": ladder_table(ours, theirs)})
            continue
        calls = [ours_at(model, tensor, peer.target, nodes) for tensor, peer in zip(tensors, first, strict=True)]
        variants = {label: lambda all_of=all_of, at=their_nodes: sum(timed(lambda one=one: one(at)) for one in all_of)
                    for label, all_of in peers.items()}  # fmt: skip
        race.run(f"{name}: integrated gradients, {what} error {wanted:.1e}, {nodes} nodes against {their_nodes}",
                 lambda calls=calls: sum(one() for one in calls), variants, off)  # fmt: skip
        race.rows[-1] |= {"error": wanted, "kind": what, "nodes": nodes, "their_nodes": their_nodes,
                          "reference_known_to": uncertain, "ladder": ladder_table(ours, theirs)}  # fmt: skip


def same_rule(model: str, tensor: np.ndarray, peer: Captum) -> float:
    """By the same rule both give the same map."""
    options = {"rule": "gauss-legendre", "n_steps": EQUAL, "tolerance": 0}
    call = Ours(model, tensor, "integrated-gradients", options, str(peer.target))
    return assert_equal(f"{model}: {EQUAL} equal nodes", mapped(call), peer(EQUAL), KINKS)


def ladder_table(ours: dict[int, Errors], theirs: dict[int, Errors]) -> list[dict]:
    return [{"nodes": nodes, "ours": vars(ours[nodes]), "captum": vars(theirs[nodes])} for nodes in sorted(ours)]


def main() -> None:
    race = Races("integrated_gradients", rounds=3)
    tensors = [photograph(ASSETS / name) for name in PICTURES]
    for model in ("efficientnet_lite0.onnx", "resnet50_random.onnx"):
        race_model(race, model, tensors)
    race.save()


if __name__ == "__main__":
    main()
