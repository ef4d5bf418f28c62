"""The six gradient, CAM and window methods by Captum, in float64, asked as our users ask for them.

A gradient of a ReLU network jumps where a unit's input crosses zero, so two right implementations differ by about a
thousandth for every unit that rounding puts on the other side. A golden is therefore taken where that does not happen:
each is computed again with float32-sized errors in every sum, several times, and of the numbers of steps and the seeds
of the noise that a case allows, the first is kept for which nothing moves. An occlusion is a difference of answers: it
has no kinks, and what rounding moves it by, relative to differences that are small, is left as it is.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from unittest import mock

import numpy as np
import torch
from captum.attr import InputXGradient, IntegratedGradients, LayerGradCam, NoiseTunnel, Occlusion, Saliency
from random_stream import normal

from goldens.cases import Case
from goldens.onnx_torch import OnnxModule

STEADY = 2e-5  # a fifth of the tolerance of tests/parity
NOISE_LEVEL = 0.15
RULES = {"gauss-legendre": "gausslegendre", "midpoint": "riemann_middle", "riemann-right": "riemann_right"}


def relative(found: np.ndarray, wanted: np.ndarray) -> float:
    return float(np.linalg.norm(found - wanted) / max(np.linalg.norm(wanted), 1e-300))


class OurNoise:
    """While it is entered, torch.normal gives our noise, in order: x plus it is the noisy input as float32 holds it."""

    def __init__(self, x: np.ndarray, samples: int, level: float, seed: int) -> None:
        sigma = np.float32(level * (float(x.max()) - float(x.min())))
        noise = np.concatenate(
            [normal(seed, 0, sample, x.size).astype(np.float32).reshape(x.shape) for sample in range(samples)]
        )
        self.sigma = float(sigma)
        self.shift = torch.from_numpy((x + sigma * noise).astype(np.float64) - x)
        self.drawn = 0

    def draw(self, mean: float, spread: torch.Tensor) -> torch.Tensor:
        self.drawn += spread.shape[0]
        return self.shift[self.drawn - spread.shape[0] : self.drawn].to(spread.dtype)

    def __enter__(self) -> None:
        self.drawn = 0
        self.patch = mock.patch.object(torch, "normal", self.draw)
        self.patch.start()

    def __exit__(self, *failure: object) -> None:
        self.patch.stop()
        if self.drawn != self.shift.shape[0] and failure[0] is None:
            raise AssertionError(f"{self.drawn} noises were drawn, not {self.shift.shape[0]}")


@dataclass
class Question:
    """A call of our command line: the method, its options, the seed."""

    method: str
    options: dict[str, str]
    seed: int = 0


class ByCaptum:
    def __init__(self, case: Case, module: OnnxModule, target: int) -> None:
        self.case = case
        self.module = module
        self.target = target
        self.x = torch.from_numpy(case.tensor).double().requires_grad_()

    def answer(self, question: Question) -> np.ndarray:
        by_method = {"saliency": self.saliency, "input-x-gradient": self.product, "integrated-gradients": self.path,
                     "smoothgrad": self.noisy, "grad-cam": self.cam, "occlusion": self.occlusion}  # fmt: skip
        return by_method[question.method](question.options, question.seed).detach().numpy()

    def saliency(self, options: dict, _: int) -> torch.Tensor:
        signed = options.get("signed_gradient") == "true"
        return Saliency(self.module).attribute(self.x, self.target, abs=not signed)

    def product(self, _: dict, __: int) -> torch.Tensor:
        return InputXGradient(self.module).attribute(self.x, self.target)

    def path(self, options: dict, _: int) -> torch.Tensor:
        steps, rule = int(options["n_steps"]), RULES[options["rule"]]
        tool = IntegratedGradients(self.module)
        return tool.attribute(self.x, 0.0, self.target, n_steps=steps, method=rule, internal_batch_size=4)

    def noisy(self, options: dict, seed: int) -> torch.Tensor:
        """NoiseTunnel with our noise for its own: torch.normal is asked for `samples` times the input's shape."""
        count = int(options["num_samples"])
        kind = "smoothgrad_sq" if options.get("squared") == "true" else "smoothgrad"
        noise = OurNoise(self.case.tensor, count, float(options["noise_level"]), seed)
        rest = {"nt_samples": count, "nt_samples_batch_size": 4, "stdevs": noise.sigma, "abs": False}
        with noise:
            return NoiseTunnel(Saliency(self.module)).attribute(self.x, nt_type=kind, target=self.target, **rest)

    def cam(self, options: dict, _: int) -> torch.Tensor:
        tool = LayerGradCam(self.module, self.module.layer(self.case.layer_output))
        return tool.attribute(self.x, self.target, relu_attributions=options["relu"] == "true")

    def occlusion(self, options: dict, _: int) -> torch.Tensor:
        window, stride = (tuple(map(int, options[name].split(","))) for name in ("window", "stride"))
        with torch.no_grad():
            return Occlusion(self.module).attribute(self.x, window, stride, 0.0, self.target, perturbations_per_eval=8)

    def moved(self, question: Question, exact: np.ndarray) -> float:
        """By how much rounding moves an answer, at worst."""
        torch.manual_seed(0)
        self.module.rounding = self.case.rounding
        gaps = [relative(self.answer(question), exact) for _ in range(self.case.draws)]
        self.module.rounding = 0.0
        return max(gaps)

    def first_steady(self, choices: list[Question]) -> dict:
        kept = None
        for question in choices:
            values = self.answer(question)
            gap = self.moved(question, values)
            if kept is None or gap < kept["moved_by_rounding"]:
                kept = {**asdict(question), "moved_by_rounding": float(f"{gap:.2e}"), "values": values}
            if gap < STEADY:
                break
        print(f"    {' '.join(str(part) for part in list(kept.values())[:-1])}", flush=True)
        return kept

    def all(self) -> list[dict]:
        return [self.first_steady(choices) for choices in questions(self.case)]


def questions(case: Case) -> list[list[Question]]:
    """What is asked of a case: of each list one is answered."""
    small = case.tensor.size < 50_000
    asked: dict[str, list[list[Question]]] = {
        "signed": [
            [Question("saliency", {"signed_gradient": "true"})],
            *([[Question("saliency", {})]] if small else []),
        ],
        "product": [[Question("input-x-gradient", {})]],
        "path": [
            [
                Question("integrated-gradients", {"rule": rule, "n_steps": str(steps), "tolerance": "0"})
                for steps in case.steps
            ]
            for rule in case.rules
        ],
        "noise": [
            [
                Question("smoothgrad", {"num_samples": str(case.samples), "noise_level": str(NOISE_LEVEL)} | more, seed)
                for seed in case.seeds
            ]
            for more in ({}, {"squared": "true"})
        ],
        "cam": [[Question("grad-cam", {"layer": case.layer, "relu": relu})] for relu in ("true", "false")],
        "occlusion": [
            [Question("occlusion", {"window": ",".join(map(str, extents)), "stride": ",".join(map(str, strides))})]
            for extents, strides in case.windows
        ],
    }
    return [choices for part in case.wanted if part != "lime" for choices in asked[part]]
