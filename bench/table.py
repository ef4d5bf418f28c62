#!/usr/bin/env python3
"""Writes README's tables of figures from the newest results; each row says which file and which line of it."""

import json
import re
import statistics
import sys
from dataclasses import dataclass

from benching.race import RESULTS, ROOT

BEGIN, END = "<!-- made by bench/table.py: -->", "<!-- /bench/table.py -->"
MODELS = (r"efficientnet_lite0[^:]*", r"resnet50[^:]*")  # as lines of results begin


@dataclass
class Row:
    label: str
    against: str
    results: str  # a name under bench/results, without its date
    line: str  # how the line's name goes on after the model's
    peer: str = ""  # where one line is raced against several


ROWS = (
    Row("input gradient, one picture", "PyTorch {torch}", "input_gradient", ": input gradient, one picture"),
    Row("input gradient, sixteen pictures", "PyTorch {torch}", "input_gradient", ": input gradient, 16 pictures"),
    Row("occlusion, 32×32 by 16", "Captum {captum}", "gradients", ": occlusion, 32x32 by 16"),
    Row("integrated gradients, equal nodes", "Captum {captum}", "gradients", r": integrated gradients, \d+ steps"),
    Row("integrated gradients, to its completeness error at 50 nodes", "Captum {captum}", "integrated_gradients",
        ": integrated gradients, completeness error"),
    Row("integrated gradients, to its attribution error at 50 nodes", "Captum {captum}", "integrated_gradients",
        ": integrated gradients, attribution error"),
    Row("SmoothGrad, the same noise", "Captum {captum}", "gradients", r": smoothgrad, \d+ samples"),
    Row("LIME, the same 1,000 samples", "lime {lime}", "lime_superpixels", ": lime, 1000 samples"),
    Row("quickshift, 224×224", "scikit-image {scikit-image}", "lime_superpixels", ": quickshift"),
    Row("`explain --method grad-cam` from a cold start", "pytorch-grad-cam {grad-cam} in a script", "cold_start",
        "grad-cam of a photograph, cold", "pytorch-grad-cam"),
)  # fmt: skip


def newest(name: str) -> dict:
    found = sorted(RESULTS.glob(f"????-??-??-{name}.json"))
    return json.loads(found[-1].read_text()) if found else {}


def shown(ratio: float) -> str:
    return f"{ratio:.2f}" if ratio < 2 else f"{ratio:.1f}"


def cell(results: dict, row: Row, model: str) -> str:
    pattern = re.compile(("" if row.peer else model) + row.line)
    for line in results.get("rows", []):
        if pattern.match(line["what"]) and line["peer"].startswith(row.peer):
            return f"**{shown(line['ratio'])}** ({shown(line['ratio_from'])} to {shown(line['ratio_to'])})"
    return ""


def ratios() -> list[str]:
    lines = ["| what | against | EfficientNet-Lite0 | ResNet-50 |", "|---|---|---|---|"]
    for row in ROWS:
        results = newest(row.results)
        cells = [cell(results, row, MODELS[0]), "" if row.peer else cell(results, row, MODELS[1])]
        if any(cells):
            against = row.against.format_map(results["versions"])
            lines.append(f"| {row.label} | {against} | {cells[0]} | {cells[1]} |")
    return lines


def called(what: str) -> str:
    """Shortened: "efficientnet_lite0-coffee: lime, 1000 rows in blocks of 2" to "lime, efficientnet_lite0"."""
    network, method = re.fullmatch(r"(\w+)[^:]*: ([\w-]+).*", what).groups()
    return f"{method}, {network}"


def executor() -> list[str]:
    results = newest("executor")
    if not results:
        return []
    lines = ["", "| of the executor | asked | found |", "|---|---|---|"]
    for row in results["overhead"]:
        shares = row["without_any_request"]
        shown = f"{100 * statistics.median(shares):.1f} ({100 * min(shares):.1f} to {100 * max(shares):.1f})"
        lines.append(f"| (wall - model busy) / wall, %: {called(row['what'])} | 5 | {shown} |")
    for row in results["memory"]:
        peaks = ", ".join(f"{peak / 1e6:.0f}" for peak in row["peak_bytes"])
        counts = ", ".join(f"{count:,}" for count in row["samples"])
        lines.append(f"| peak memory, MB: {called(row['what'])}, {counts} samples | 600, 10 % apart | {peaks} |")
    good = sum(row["good"] for row in results["plan"])
    lines.append(
        f"| `--plan` within 25 % of evaluations, seconds and peak memory | 90 % | {good} of {len(results['plan'])} |"
    )
    return lines


def main() -> None:
    readme = ROOT / "README.md"
    text = readme.read_text()
    if BEGIN not in text or END not in text:
        sys.exit(f"README.md has no '{BEGIN}' and '{END}' to write between")
    before, rest = text.split(BEGIN, 1)
    after = rest.split(END, 1)[1]
    readme.write_text("\n".join([before + BEGIN, "", *ratios(), *executor(), "", END + after]))
    print("  README.md: the tables are made anew from bench/results")


if __name__ == "__main__":
    main()
