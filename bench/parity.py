#!/usr/bin/env python3
"""Live parity: Captum's and lime's answers, worked out now, beside the command line's, for every model and method.

The tests hold the same answers as committed goldens (tests/parity). Here the peers themselves are run, so that a new
version of one, or another machine's rounding, is seen. usage: parity.py [CASE ...]
"""

from benching.race import ASSETS, ROOT, Ours, assert_equal, restart_without_slowing, save_results

restart_without_slowing()

import json
import sys
import tempfile
from pathlib import Path

import numpy as np
import torch
from goldens.__main__ import check_twin
from goldens.by_captum import ByCaptum, Question
from goldens.by_lime import by_lime, superpixels
from goldens.cases import Case, all_cases
from goldens.onnx_torch import OnnxModule

TOLERANCE = 1e-4  # as in tests/parity, where the reason stands
LIME_SAMPLES = 250
GOLDENS = ROOT / "tests" / "parity" / "goldens"


def compare_captum(case: Case, target: int) -> list[dict]:
    """The questions of the goldens, whose points are clear of kinks."""
    rows = []
    peer = ByCaptum(case, OnnxModule(ASSETS / case.model), target)
    for golden in json.loads((GOLDENS / case.name / "manifest.json").read_text())["goldens"]:
        question = Question(golden["method"], golden["options"], golden["seed"])
        ours = Ours(case.model, case.tensor, question.method, question.options, str(target))
        ours.command += ["--seed", str(question.seed)]
        ours()
        what = f"{case.name}: {question.method} {question.options}"
        off = assert_equal(what, ours.attribution(), peer.answer(question), TOLERANCE)
        print(f"  {what}: {off:.1e}", flush=True)
        rows.append({"what": what, "peer": "captum", "answers_differ_by": off})
    return rows


def compare_lime(case: Case) -> dict:
    wanted = by_lime(
        case, OnnxModule(ASSETS / case.model, dtype=torch.float32), LIME_SAMPLES, superpixels(case.picture)
    )
    with tempfile.TemporaryDirectory() as folder:
        segments = Path(folder) / "segments.npy"
        np.save(segments, wanted["segments"].astype(np.int32))
        # Its five labels by its own order; asked for by name, so that a wrong order would be seen.
        ours = Ours(case.model, case.tensor, "lime", {"segments": segments, "num_samples": LIME_SAMPLES}, "top5")
        ours()
        found = [target["index"] for target in ours.said["targets"]]
        if found != wanted["labels"]:
            raise AssertionError(f"{case.name}: lime explains {wanted['labels']}, we {found}")
        off = assert_equal(f"{case.name}: lime", ours.attribution(), wanted["coefficients"], TOLERANCE)
    print(f"  {case.name}: lime, {LIME_SAMPLES} masks, labels {found}: {off:.1e}", flush=True)
    return {"what": f"{case.name}: lime, {LIME_SAMPLES} masks", "peer": "lime", "answers_differ_by": off}


def main(names: list[str]) -> None:
    rows: list[dict] = []
    for case in all_cases(ASSETS):
        if names and case.name not in names:
            continue
        target = int(check_twin(case, ASSETS / case.model).argmax())
        rows += compare_captum(case, target)
        if "lime" in case.wanted:
            rows.append(compare_lime(case))
    worst = max(rows, key=lambda row: row["answers_differ_by"])
    print(f"  {len(rows)} answers agree to {TOLERANCE:.0e}; furthest apart, by {worst['answers_differ_by']:.1e}:")
    print(f"  {worst['what']}")
    save_results("parity", {"tolerance": TOLERANCE, "rows": rows})


if __name__ == "__main__":
    main(sys.argv[1:])
