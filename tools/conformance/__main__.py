"""Checks the derivative of every operator on the ONNX operator tests against finite differences.

A test counts that reads, and has a floating input which reaches a floating output. Each is differentiated by every such
input under a random cotangent. It is right when central differences agree within 1e-2 along four random directions, at
the best of steps from 0.1 to 0.0001, and, where the function is linear, the adjoint identity holds to 1e-5. Kinks are
declared as data in tests/conformance/kinks.json.

usage: python -m conformance WORKER [--only PATTERN] [--sample FILE] [--mutate] [--choose N]
       [--output FILE]
"""

from __future__ import annotations

import argparse
import importlib.metadata
import json
import os
import platform
import subprocess
import sys
import tempfile
from collections import Counter
from datetime import UTC, datetime
from fnmatch import fnmatch
from pathlib import Path

from conformance.choosing import choose
from conformance.mutation import describe, mutate
from conformance.operator_tests import write_out
from conformance.workers import Progress, ask_all

# Characters of a reason: the engine's own go on with places in its source.
LONGEST, LONGEST_UNREAD = 300, 120


def shortened(text: str, longest: int) -> str:
    return text if len(text) <= longest else text[: longest - 1] + "…"


def processor() -> str:
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.split(":", 1)[1].strip()
    return platform.machine()


def heading() -> list[str]:
    versions = ", ".join(f"{name} {importlib.metadata.version(name)}" for name in ("openvino", "onnx", "numpy"))
    return [f"# {datetime.now(UTC):%Y-%m-%d}, {processor()}, {os.cpu_count()} processors, {versions}"]


def line_of(answer: dict) -> str:
    held = " (its other inputs held)" if answer.get("held") else ""
    longest = LONGEST_UNREAD if answer["verdict"] == "unread" else LONGEST
    reason = ": " + shortened(" ".join(answer["reason"].split()), longest) if answer.get("reason") else ""
    return f"{answer['verdict']} {answer['name']}{held}{reason} | forward {answer.get('forward', '-')}"


def summary(answers: list[dict]) -> str:
    count = Counter(answer["verdict"] for answer in answers)
    return f"right {count['right']} of {len(answers)}, wrong {count['wrong']}, refused {count['refused']}"


def judged(program: Path, jobs: int, requests: list[dict]) -> tuple[list[dict], list[dict], int]:
    """What was differentiated; what the reader would not take; how many have nothing to differentiate."""
    answers = ask_all(program, jobs, requests, Progress(len(requests), "operator tests"))
    asked = [answer for answer in answers if answer["verdict"] in ("right", "wrong", "refused")]
    unread = [answer for answer in answers if answer["verdict"] == "unread"]
    return asked, unread, len(answers) - len(asked) - len(unread)


def rules_known(worker: Path) -> list[str]:
    """By type and opset, as the worker names them: what `pellucid operators` of the same build lists with a rule."""
    said = subprocess.run([worker.with_name("pellucid"), "operators", "--json"], capture_output=True, check=True)
    return [f"{row['name']}@{row['opset']}" for row in json.loads(said.stdout) if row["gradient"] == "rule"]


def report_mutants(
    program: Path, jobs: int, requests: list[dict], answers: list[dict], *, whole: bool
) -> tuple[list[str], int]:
    found = mutate(program, jobs, requests, answers)
    lines = [
        f"killed {describe(mutant)} by {killer}" if killer else f"SURVIVED {describe(mutant)}: {', '.join(passed[:5])}"
        for mutant, killer, passed in found
    ]
    survivors = sum(1 for _, killer, _ in found if not killer)
    if whole:
        mutated = {mutant["rule"] for mutant, _, _ in found}
        left_out = sorted(rule for rule in rules_known(program) if rule not in mutated)
        lines.append(f"# held by tests/graph/differentiate alone, as no test here asks them: {', '.join(left_out)}")
    lines.append(f"mutants {len(found)}, killed {len(found) - survivors}, survived {survivors}")
    return lines, survivors


def main() -> int:
    parser = argparse.ArgumentParser(prog="conformance", description=__doc__.split("\n", 1)[0])
    parser.add_argument("worker", type=Path, help="the program `conformance` of the build")
    parser.add_argument("--only", metavar="PATTERN", help="tests whose name matches, as in test_lstm*")
    parser.add_argument(
        "--sample", type=Path, metavar="FILE", help="the tests that a file lists, one a line; all right"
    )
    parser.add_argument("--mutate", action="store_true", help="put faults into the rules, one at a time")
    parser.add_argument(
        "--output", type=Path, metavar="FILE", help="keep a line a test (default: print what is not right)"
    )
    parser.add_argument("--choose", type=int, metavar="N", help="print N tests that stand for all, for a --sample file")
    parser.add_argument("--jobs", type=int, default=os.cpu_count())
    arguments = parser.parse_args()
    only = set(arguments.sample.read_text().split()) if arguments.sample else None
    with tempfile.TemporaryDirectory(prefix="conformance-") as scratch:
        requests = write_out(Path(scratch), only, own=arguments.mutate)
        if arguments.only:
            requests = [request for request in requests if fnmatch(request["name"], arguments.only)]
        answers, unread, without = judged(arguments.worker, arguments.jobs, requests)
        for answer in (*answers, *unread):
            answer["reason"] = answer.get("reason", "").replace(scratch + "/", "")
        if arguments.choose:
            print("\n".join(choose(answers, arguments.choose)))
            return 0
        lines, survivors = [], 0
        if arguments.mutate:
            lines, survivors = report_mutants(
                arguments.worker, arguments.jobs, requests, answers, whole=not arguments.only
            )
        else:
            lines = [*map(line_of, answers), *map(line_of, unread if arguments.output else [])]
            lines.append(
                f"# of {len(requests)} tests {len(unread)} do not read, and in {without} no floating output moves with"
                " a floating input"
            )
            lines.append(summary(answers))
    if arguments.output:
        part = arguments.output.with_name(arguments.output.name + ".part")
        part.write_text("\n".join([*heading(), *lines]) + "\n")
        part.replace(arguments.output)
    for line in lines if arguments.mutate else lines[:-1]:
        if not line.startswith(("right", "killed", "unread")):
            print(line.removeprefix("# "))
    if not arguments.mutate:
        print(lines[-1])
    wrong = sum(answer["verdict"] == "wrong" for answer in answers)
    missing = len(only) - sum(answer["verdict"] == "right" for answer in answers) if only is not None else 0
    return 1 if wrong or survivors or missing else 0


if __name__ == "__main__":
    sys.exit(main())
