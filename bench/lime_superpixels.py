#!/usr/bin/env python3
"""LIME against lime on the same thousand masks and superpixels, and quickshift against scikit-image's."""

from benching.race import ASSETS, Ours, Race, assert_equal, restart_without_slowing, timed

restart_without_slowing()

import dataclasses
import tempfile
from pathlib import Path

import numpy as np
import torch
from goldens.by_lime import by_lime, superpixels
from goldens.cases import Case, all_cases
from goldens.onnx_torch import OnnxModule
from sklearn.metrics import adjusted_rand_score

SAMPLES = 1000
CARD = "efficientnet_lite0.card.json"  # of the picture's preparation; ResNet-50 is handed the same tensor


def race_lime(race: Race, case: Case) -> None:
    """lime sends ten pictures at a time, as its users have it; both are handed the superpixels."""
    variants = {}
    answers: list[dict] = []
    for label, layout in (("NCHW", torch.contiguous_format), ("channels-last", torch.channels_last)):
        twin = OnnxModule(ASSETS / case.model, dtype=torch.float32).to(memory_format=layout)

        def once(twin=twin) -> float:
            segments = superpixels(case.picture)
            return timed(lambda: answers.append(by_lime(case, twin, SAMPLES, segments)))

        variants[f"lime {label}"] = once
    next(iter(variants.values()))()
    with tempfile.TemporaryDirectory() as folder:
        segments = Path(folder) / "segments.npy"
        np.save(segments, answers[0]["segments"].astype(np.int32))
        ours = Ours(case.model, case.tensor, "lime", {"segments": segments, "num_samples": SAMPLES}, "top5")
        ours.command += ["--card", str(ASSETS / CARD)]
        ours.clock = "total"
        ours()
        off = assert_equal("lime", ours.attribution(), answers[0]["coefficients"], 1e-4)
        race.run(f"{case.name}: lime, {SAMPLES} samples, five labels", ours, variants, off)


def race_quickshift(race: Race, case: Case) -> None:
    """Ours is timed as what quickshift adds to a run of two samples over a grid's."""
    runs = [
        Ours(case.model, case.tensor, "lime", {"superpixels": kind, "num_samples": 2}, "top1")
        for kind in ("quickshift", "grid")
    ]
    for one in runs:
        one.clock = "total"
        one()
    found = runs[0].written("features.npy")
    agreement = adjusted_rand_score(superpixels(case.picture).ravel(), found.ravel())
    if not agreement >= 0.95:
        raise AssertionError(f"quickshift: adjusted Rand index {agreement:.3f}, 0.95 is asked")
    peers = {"scikit-image": lambda: timed(lambda: superpixels(case.picture))}
    race.run(f"{case.name}: quickshift, 224x224", lambda: max(runs[0]() - runs[1](), 1e-4), peers, 1.0 - agreement)


def main() -> None:
    race = Race("lime_superpixels", rounds=3)
    case = next(case for case in all_cases(ASSETS) if case.name == "efficientnet_lite0-coffee")
    race_quickshift(race, case)
    race_lime(race, case)
    race_lime(race, dataclasses.replace(case, name="resnet50_random-coffee", model="resnet50_random.onnx"))
    race.save()


if __name__ == "__main__":
    main()
