"""The six gradient, CAM and window methods by Captum, in float64.

A gradient of a ReLU network jumps where a unit's input crosses zero, so two right implementations differ by about a
thousandth for every unit that rounding puts on the other side. A golden is therefore taken where that does not happen:
each is computed again with float32-sized errors in every sum, and of the numbers of steps and the seeds of the noise
that a case allows, the first is kept for which nothing moves.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from unittest import mock

import numpy as np
import torch
from captum.attr import InputXGradient, IntegratedGradients, LayerGradCam, NoiseTunnel, Occlusion, Saliency
from random_stream import normal

from goldens.cases import Case
from goldens.onnx_torch import OnnxModule

ROUNDING = 1e-7  # of the spread of a channel: with it, answers move by as much as engines differ
STEADY = 2e-5  # a fifth of the tolerance of tests/parity
NOISE_LEVEL = 0.15
RULES = {"gauss-legendre": "gausslegendre", "midpoint": "riemann_middle", "riemann-right": "riemann_right"}


def relative(found: np.ndarray, wanted: np.ndarray) -> float:
    return float(np.linalg.norm(found - wanted) / max(np.linalg.norm(wanted), 1e-300))


class ByCaptum:
    def __init__(self, case: Case, module: OnnxModule, target: int) -> None:
        self.case = case
        self.module = module
        self.target = target
        self.x = torch.from_numpy(case.tensor).double()

    def steady(self, attribute: Callable[[], torch.Tensor]) -> tuple[np.ndarray, float]:
        """The attribution, and by how much rounding moves it."""
        exact = attribute().detach().numpy()
        torch.manual_seed(0)
        self.module.rounding = ROUNDING
        moved = attribute().detach().numpy()
        self.module.rounding = 0.0
        return exact, relative(moved, exact)

    def first_steady(self, choices: Iterable, attribute: Callable) -> tuple[object, np.ndarray, float]:
        best = None
        for choice in choices:
            values, gap = self.steady(lambda choice=choice: attribute(choice))
            if best is None or gap < best[2]:
                best = (choice, values, gap)
            if gap < STEADY:
                break
        return best

    def record(self, method: str, options: dict, found: tuple[np.ndarray, float], seed: int = 0) -> dict:
        values, gap = found
        print(f"    {method} {options} seed {seed}: moved by {gap:.1e} under rounding", flush=True)
        return {"method": method, "options": options, "seed": seed, "moved_by_rounding": float(f"{gap:.2e}"),
                "values": values}  # fmt: skip

    def signed(self) -> list[dict]:
        tool = Saliency(self.module)
        found = self.steady(lambda: tool.attribute(self.x, self.target, abs=False))
        made = [self.record("saliency", {"signed_gradient": "true"}, found)]
        if self.case.tensor.size < 50_000:
            found = self.steady(lambda: tool.attribute(self.x, self.target, abs=True))
            made.append(self.record("saliency", {}, found))
        return made

    def product(self) -> list[dict]:
        found = self.steady(lambda: InputXGradient(self.module).attribute(self.x, self.target))
        return [self.record("input-x-gradient", {}, found)]

    def path(self) -> list[dict]:
        tool = IntegratedGradients(self.module)
        made = []
        for rule in self.case.rules:
            name = RULES[rule]

            def attribute(steps: int, name: str = name) -> torch.Tensor:
                return tool.attribute(self.x, 0.0, self.target, n_steps=steps, method=name, internal_batch_size=4)

            steps, values, gap = self.first_steady(self.case.steps, attribute)
            options = {"rule": rule, "n_steps": str(steps), "tolerance": "0"}
            made.append(self.record("integrated-gradients", options, (values, gap)))
        return made

    def noisy(self, seed: int, kind: str) -> torch.Tensor:
        """NoiseTunnel with our noise for its own: torch.normal is asked for `samples` times the input's shape."""
        x, count = self.case.tensor, self.case.samples
        sigma = np.float32(NOISE_LEVEL * (float(x.max()) - float(x.min())))
        noise = np.concatenate(
            [normal(seed, 0, sample, x.size).astype(np.float32).reshape(x.shape) for sample in range(count)]
        )
        shift = torch.from_numpy((x + sigma * noise).astype(np.float64) - x)  # as float32 holds the noisy input
        drawn: list[torch.Size] = []

        def draw(mean: float, spread: torch.Tensor) -> torch.Tensor:
            start = sum(shape[0] for shape in drawn)
            drawn.append(spread.shape)
            return shift[start : start + spread.shape[0]]

        tunnel = NoiseTunnel(Saliency(self.module))
        with mock.patch.object(torch, "normal", draw):
            rest = {"nt_samples": count, "nt_samples_batch_size": 4, "stdevs": float(sigma), "abs": False}
            made = tunnel.attribute(self.x, nt_type=kind, target=self.target, **rest)
        if sum(shape[0] for shape in drawn) != count:
            raise AssertionError(f"NoiseTunnel drew {drawn}, not {count} noises")
        return made

    def noise(self) -> list[dict]:
        seed, values, gap = self.first_steady(self.case.seeds, lambda seed: self.noisy(seed, "smoothgrad"))
        options = {"num_samples": str(self.case.samples), "noise_level": str(NOISE_LEVEL)}
        made = [self.record("smoothgrad", options, (values, gap), seed)]
        squared = self.steady(lambda: self.noisy(seed, "smoothgrad_sq"))
        return [*made, self.record("smoothgrad", options | {"squared": "true"}, squared, seed)]

    def cam(self) -> list[dict]:
        tool = LayerGradCam(self.module, self.module.layer(self.case.layer_output))
        made = []
        for relu in (True, False):
            found = self.steady(lambda relu=relu: tool.attribute(self.x, self.target, relu_attributions=relu))
            made.append(self.record("grad-cam", {"layer": self.case.layer, "relu": str(relu).lower()}, found))
        return made

    def occlusion(self) -> list[dict]:
        tool = Occlusion(self.module)
        made = []
        for extents, strides in self.case.windows:

            def attribute(extents: list[int] = extents, strides: list[int] = strides) -> torch.Tensor:
                with torch.no_grad():
                    return tool.attribute(self.x, tuple(extents), tuple(strides), 0.0, self.target,
                                          perturbations_per_eval=8)  # fmt: skip

            options = {"window": ",".join(map(str, extents)), "stride": ",".join(map(str, strides))}
            made.append(self.record("occlusion", options, self.steady(attribute)))
        return made

    def all(self) -> list[dict]:
        parts = [getattr(self, part) for part in self.case.wanted if part != "lime"]
        return [golden for part in parts for golden in part()]
