#!/usr/bin/env python3
"""Integrated gradients against Captum's at equal error: how long until the sum, and the map, is as good as theirs?

Captum's default (Gauss-Legendre, 50 nodes) sets the two errors that are to be reached: of completeness, and of the map
against a converged reference, each the largest that Captum makes with 50 nodes or more, since one number of nodes may
be lucky. Each side then takes the fewest nodes of a ladder from which on its error stays as small.
"""

from benching.race import ASSETS, Ours, Race, assert_equal, restart_without_slowing, save_results, timed

restart_without_slowing()

import numpy as np
import torch
from captum.attr import IntegratedGradients
from goldens.cases import all_cases
from goldens.onnx_torch import OnnxModule

BLOCK = 16  # of the peer: the fastest of 4, 16 and 50 on two cores
DEFAULT = 50  # nodes that Captum takes when nobody asks
LADDER = (4, 8, 12, 16, 20, 24, 32, 40, 50, 64, 96, 128, 192)
EQUAL = 16  # nodes at which both must agree first
# Both in float32: a ReLU on its kink may fall to either side, and moves a gradient by some thousandths.
KINKS = 2e-2
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
    """Of one map: of its sum, and of itself."""

    def __init__(self, made: np.ndarray, difference: float, reference: np.ndarray) -> None:
        self.sum = abs(float(made.sum(dtype=np.float64)) - difference) / abs(difference)
        self.map = float(np.linalg.norm(made - reference) / np.linalg.norm(reference))


def fewest(ladder: dict[int, Errors], kind: str, wanted: float) -> int | None:
    """The fewest nodes from which on the error stays at `wanted` or below: no lucky hit."""
    kept = None
    for nodes in sorted(ladder, reverse=True):
        if getattr(ladder[nodes], kind) > wanted:
            break
        kept = nodes
    return kept


def ours_at(case, target: int, nodes: int) -> Ours:
    return Ours(case.model, case.tensor, "integrated-gradients", {"n_steps": nodes, "tolerance": 0}, str(target))


class Races(Race):
    """With the errors that one side never reached."""

    def __init__(self, name: str, rounds: int) -> None:
        super().__init__(name, rounds)
        self.unreached: list[dict] = []

    def save(self) -> None:
        save_results(self.name, {"rounds": self.rounds, "rows": self.rows, "unreached": self.unreached})


def race_model(race: Races, case) -> None:
    layouts = (("NCHW", torch.contiguous_format), ("channels-last", torch.channels_last))
    peers = {f"captum {label}": Captum(case.model, case.tensor, layout) for label, layout in layouts}
    peer = next(iter(peers.values()))
    off = same_rule(case, peer)
    reference, uncertain = reference_of(peer)
    theirs = {nodes: Errors(peer(nodes), peer.difference, reference) for nodes in LADDER}
    ours = {}
    for nodes in LADDER:
        one = ours_at(case, peer.target, nodes)
        one()
        ours[nodes] = Errors(one.attribution(), peer.difference, reference)
    print(f"  {case.name}: the reference is known to {uncertain:.1e}; errors of sum and map")
    for nodes in LADDER:
        print(f"    {nodes:3} nodes: ours {ours[nodes].sum:.1e} {ours[nodes].map:.1e},"
              f" captum {theirs[nodes].sum:.1e} {theirs[nodes].map:.1e}", flush=True)  # fmt: skip
    if not uncertain < max(theirs[DEFAULT].map, ours[DEFAULT].map) / 2:
        raise AssertionError(f"{case.name}: the reference is no better known than what is held against it")
    for kind, what in (("sum", "completeness"), ("map", "attribution")):
        wanted = max(getattr(theirs[nodes], kind) for nodes in LADDER if nodes >= DEFAULT)
        nodes, their_nodes = fewest(ours, kind, wanted), fewest(theirs, kind, wanted)
        if nodes is None or their_nodes is None:
            print(f"  {case.name}: of up to {LADDER[-1]} nodes none keeps our {what} error at {wanted:.1e}", flush=True)
            race.unreached.append({"what": case.name, "kind": what, "error": wanted,
                                   "ladder": ladder_table(ours, theirs)})  # fmt: skip
            continue
        variants = {label: lambda one=one, at=their_nodes: timed(lambda: one(at)) for label, one in peers.items()}
        race.run(f"{case.name}: integrated gradients, {what} error {wanted:.1e}, {nodes} nodes against"
                 f" {their_nodes}", ours_at(case, peer.target, nodes), variants, off)  # fmt: skip
        race.rows[-1] |= {"error": wanted, "kind": what, "nodes": nodes, "their_nodes": their_nodes,
                          "reference_known_to": uncertain, "ladder": ladder_table(ours, theirs)}  # fmt: skip


def same_rule(case, peer: Captum) -> float:
    """By the same rule both give the same map."""
    call = Ours(case.model, case.tensor, "integrated-gradients",
                {"rule": "gauss-legendre", "n_steps": EQUAL, "tolerance": 0}, str(peer.target))  # fmt: skip
    call()
    return assert_equal(f"{case.name}: {EQUAL} equal nodes", call.attribution(), peer(EQUAL), KINKS)


def ladder_table(ours: dict[int, Errors], theirs: dict[int, Errors]) -> list[dict]:
    return [{"nodes": nodes, "ours": vars(ours[nodes]), "captum": vars(theirs[nodes])} for nodes in sorted(ours)]


def main() -> None:
    race = Races("integrated_gradients", rounds=3)
    cases = {case.name: case for case in all_cases(ASSETS)}
    for name in ("efficientnet_lite0-coffee", "resnet50_random"):
        race_model(race, cases[name])
    race.save()


if __name__ == "__main__":
    main()
