"""Whether the check can fail: a fault in one rule has to turn a test wrong."""

from __future__ import annotations

from collections import defaultdict
from pathlib import Path

from conformance.workers import Progress, ask_all

MOST_TESTS = 40  # that a mutant may survive before it is called a survivor


def _mutants(answers: list[dict]) -> list[tuple[dict, list[str]]]:
    """Every fault that can be made, with the tests that it can be made in, the quickest first."""
    tests: dict[tuple, list[str]] = defaultdict(list)
    for answer in sorted(answers, key=lambda answer: answer["seconds"]):
        if answer["verdict"] != "right":
            continue
        for rule, asked in answer["rules"].items():
            if asked["ports"]:
                tests[rule, "scale", None].append(answer["name"])
            for port in asked["ports"]:
                tests[rule, "drop", port].append(answer["name"])
            for port in asked["turnable"]:
                tests[rule, "transpose", port].append(answer["name"])
    return [
        ({"rule": rule, "fault": fault} | ({} if port is None else {"port": port}), names[:MOST_TESTS])
        for (rule, fault, port), names in sorted(tests.items(), key=lambda item: str(item[0]))
    ]


def describe(mutant: dict) -> str:
    port = f" input {mutant['port']}" if "port" in mutant else ""
    return f"{mutant['rule']} {mutant['fault']}{port}"


def mutate(program: Path, jobs: int, requests: list[dict], answers: list[dict]) -> list[tuple[dict, str, list[str]]]:
    """Each mutant that could be made, the test that it turned wrong (empty: it survived), the tests it passed."""
    by_name = {request["name"]: request for request in requests}
    open_ = _mutants(answers)
    passed: dict[str, list[str]] = defaultdict(list)
    found = []
    while open_:
        batch = [by_name[names[0]] | {"mutant": mutant} for mutant, names in open_]
        results = ask_all(program, jobs, batch, Progress(len(batch), "mutants"))
        left = []
        for (mutant, names), result in zip(open_, results, strict=True):
            key = describe(mutant)
            if result.get("mutated", 0) > 0:
                passed[key].append(names[0])
            if result["verdict"] == "wrong" and result.get("differs"):  # a graph that fails to run shows nothing
                found.append((mutant, names[0], passed[key]))
            elif len(names) > 1:
                left.append((mutant, names[1:]))
            else:
                found.append((mutant, "", passed[key] or names))
        open_ = left
    return sorted(found, key=lambda row: describe(row[0]))
