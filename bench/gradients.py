#!/usr/bin/env python3
"""Integrated gradients at equal nodes, SmoothGrad, occlusion against Captum: EfficientNet-Lite0 and ResNet-50."""

from pathlib import Path

from benching.race import ASSETS, Ours, Race, assert_equal, restart_without_slowing, timed

restart_without_slowing()

import numpy as np
import torch
from captum.attr import IntegratedGradients, NoiseTunnel, Occlusion, Saliency
from goldens.by_captum import OurNoise
from goldens.cases import all_cases
from goldens.onnx_torch import OnnxModule

BLOCK = 16  # of the peer: the fastest of 4, 16 and 50 on two cores
# Both in float32: a ReLU on its kink may fall to either side, and moves a gradient by some thousandths.
KINKS = 2e-2


def peers(tool, model: Path, x: torch.Tensor, call) -> tuple[dict, np.ndarray]:
    """The same call with the tensor and the weights in both memory formats."""
    answers: list[np.ndarray] = []
    variants = {}
    for label, layout in (("NCHW", torch.contiguous_format), ("channels-last", torch.channels_last)):
        twin = OnnxModule(model, dtype=torch.float32).to(memory_format=layout)
        laid = x.contiguous(memory_format=layout)
        explain = tool(twin)

        def once(explain=explain, laid=laid) -> float:
            return timed(lambda: answers.append(call(explain, laid).detach().numpy()))

        once()  # warm
        variants[f"captum {label}"] = once
    return variants, answers[0]


def without_tape(tool: Occlusion, x: torch.Tensor, target: int) -> torch.Tensor:
    with torch.no_grad():
        return tool.attribute(x, (3, 32, 32), (3, 16, 16), 0.0, target, perturbations_per_eval=BLOCK)


def race_model(race: Race, case, steps: int) -> None:
    model = ASSETS / case.model
    x = torch.from_numpy(case.tensor)
    with torch.no_grad():
        target = int(OnnxModule(model, dtype=torch.float32)(x).argmax())
    entries = [
        (f"integrated gradients, {steps} steps", "integrated-gradients",
         {"rule": "gauss-legendre", "n_steps": steps, "tolerance": 0}, IntegratedGradients,
         lambda tool, x: tool.attribute(x, 0.0, target, n_steps=steps, internal_batch_size=BLOCK), KINKS),
        ("occlusion, 32x32 by 16", "occlusion", {"window": "3,32,32", "stride": "3,16,16"}, Occlusion,
         lambda tool, x: without_tape(tool, x, target), 1e-4),
    ]  # fmt: skip
    for what, method, options, tool, call, tolerance in entries:
        ours = Ours(case.model, case.tensor, method, options, str(target))
        variants, wanted = peers(tool, model, x, call)
        ours()
        off = assert_equal(what, ours.attribution(), wanted, tolerance)
        race.run(f"{case.name}: {what}", ours, variants, off)
    race_smoothgrad(race, case, target, steps)


def race_smoothgrad(race: Race, case, target: int, samples: int) -> None:
    """The peer is handed our noise, ready: it spends no time on drawing."""
    noise = OurNoise(case.tensor, samples, 0.15, seed=0)
    ours = Ours(case.model, case.tensor, "smoothgrad", {"num_samples": samples, "noise_level": 0.15}, str(target))

    def call(tool: NoiseTunnel, x: torch.Tensor) -> torch.Tensor:
        with noise:
            return tool.attribute(x, nt_samples=samples, nt_samples_batch_size=BLOCK, stdevs=noise.sigma,
                                  target=target, abs=False)  # fmt: skip

    variants, wanted = peers(
        lambda twin: NoiseTunnel(Saliency(twin)), ASSETS / case.model, torch.from_numpy(case.tensor), call
    )
    ours()
    off = assert_equal("smoothgrad", ours.attribution(), wanted, KINKS)
    race.run(f"{case.name}: smoothgrad, {samples} samples", ours, variants, off)


def main() -> None:
    race = Race("gradients", rounds=3)
    cases = {case.name: case for case in all_cases(ASSETS)}
    race_model(race, cases["efficientnet_lite0-coffee"], 50)
    race_model(race, cases["resnet50_random"], 16)
    race.save()


if __name__ == "__main__":
    main()
