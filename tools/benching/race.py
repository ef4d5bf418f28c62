"""Ours against a peer's, in one run on one machine."""

from __future__ import annotations

import datetime
import importlib.metadata
import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parent.parent.parent
ASSETS = Path(os.environ.get("PELLUCID_ASSETS", ROOT / ".dev" / "assets"))
CLI = Path(os.environ.get("PELLUCID_CLI", ROOT / "build" / "bin" / "pellucid"))
RESULTS = Path(os.environ.get("PELLUCID_BENCH_RESULTS", ROOT / "bench" / "results"))
VERSIONS = ("torch", "captum", "grad-cam", "lime", "scikit-image", "numpy", "openvino")
# Set on some machines for old OpenBLAS builds; they slow a current NumPy, so races leave them out, both together.
SLOWING = ("OPENBLAS_CORETYPE", "OPENBLAS_L2_SIZE")


def environment() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if name not in SLOWING}


def restart_without_slowing() -> None:
    """A library reads them when it is loaded: the script starts again without them."""
    if any(name in os.environ for name in SLOWING):
        os.execve(sys.executable, [sys.executable, *sys.argv], environment())


def processor() -> str:
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.split(":", 1)[1].strip()
    return platform.processor()


class Ours:
    """One call of the command line: the array it writes, and the seconds that it says the method took."""

    def __init__(self, model: str, source: np.ndarray | Path, method: str, options: dict, target: str) -> None:
        self.folder = tempfile.TemporaryDirectory(prefix="pellucid-bench-")
        if isinstance(source, np.ndarray):
            np.save(Path(self.folder.name) / "input.npy", source)
            source = Path(self.folder.name) / "input.npy"
        self.out = Path(self.folder.name) / "out"
        self.command = [str(CLI), "explain", str(ASSETS / model), str(source), "--method", method, "--target", target]
        self.command += ["--output", str(self.out), "--quiet", "--json"]
        for name, value in options.items():
            self.command += ["--set", f"{name}={value}"]
        self.clock = "model"
        self.said: dict = {}

    def __call__(self) -> float:
        """@return seconds: "model", of the model's answers (the peer's model is loaded too when its clock starts);
        "total", of the whole method, compiling included"""
        done = subprocess.run(self.command, capture_output=True, text=True, check=False, env=environment())
        if done.returncode != 0:
            raise RuntimeError(f"{' '.join(self.command)}: {done.stderr.strip()}")
        document = json.loads(done.stdout)
        self.said = document[0] if isinstance(document, list) else document
        return float(self.said["seconds"][self.clock])

    def written(self, name: str) -> np.ndarray:
        return np.load(next(self.out.rglob(name)))

    def attribution(self) -> np.ndarray:
        return self.written("attribution.npy")


def save_results(name: str, results: dict) -> None:
    """With the machine and the versions, in bench/results/<date>-<name>.json."""
    about = {
        "name": name,
        "date": datetime.date.today().isoformat(),
        "processor": processor(),
        "threads": os.cpu_count(),
        "pellucid": subprocess.run([str(CLI), "--version"], capture_output=True, text=True, check=False).stdout.strip(),
        "versions": {name: importlib.metadata.version(name) for name in VERSIONS},
    }
    RESULTS.mkdir(parents=True, exist_ok=True)
    path = RESULTS / f"{about['date']}-{name}.json"
    path.write_text(json.dumps(about | results, indent=2) + "\n")
    print(f"  {about['processor']}, {about['threads']} threads; kept in {path.relative_to(path.parent.parent.parent)}")


def timed(call: Callable[[], object]) -> float:
    start = time.perf_counter()
    call()
    return time.perf_counter() - start


def assert_equal(name: str, found: np.ndarray, wanted: np.ndarray, tolerance: float) -> float:
    off = float(np.linalg.norm(found.ravel() - wanted.ravel()) / np.linalg.norm(wanted.ravel()))
    if not off <= tolerance:
        raise AssertionError(f"{name}: the answers differ by {off:.2e} (relative L2), {tolerance:.0e} is allowed")
    return off


class Race:
    """Rounds in turns, so that what else the machine does falls on all alike; the peer is its fastest variant."""

    def __init__(self, name: str, rounds: int = 5) -> None:
        self.name = name
        self.rounds = int(os.environ.get("PELLUCID_BENCH_ROUNDS", rounds))
        self.rows: list[dict] = []

    def run(self, what: str, ours: Callable[[], float], peers: dict[str, Callable[[], float]], off: float) -> None:
        """@param ours, peers  each runs once and returns its seconds"""
        times: dict[str, list[float]] = {label: [] for label in ("pellucid", *peers)}
        for _ in range(self.rounds):
            times["pellucid"].append(ours())
            for label, peer in peers.items():
                times[label].append(peer())
        medians = {label: statistics.median(values) for label, values in times.items()}
        best = min(peers, key=lambda label: medians[label])
        ratios = sorted(theirs / own for theirs, own in zip(times[best], times["pellucid"], strict=True))
        row = {"what": what, "answers_differ_by": off, "peer": best, "ratio": statistics.median(ratios),
               "ratio_from": ratios[0], "ratio_to": ratios[-1], "seconds": times}  # fmt: skip
        self.rows.append(row)
        print(
            f"  {what}: {medians['pellucid']:.3f} s; {best} {medians[best]:.3f} s; {row['ratio']:.2f}x"
            f" ({ratios[0]:.2f} to {ratios[-1]:.2f}); answers differ by {off:.1e}",
            flush=True,
        )

    def save(self) -> None:
        save_results(self.name, {"rounds": self.rounds, "rows": self.rows})
