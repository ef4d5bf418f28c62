#!/usr/bin/env python3
"""Writes the generated pages of the documentation: the methods and the operators, from the program's own tables, and
the C++ interface, from the public headers.

usage: reference.py PELLUCID
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PAGES = ROOT / "docs" / "reference"


def cell(text: object) -> str:
    return str(text).replace("|", "\\|").replace("\n", " ")


def method_section(method: dict) -> list[str]:
    lines = [f"## {method['name']}", ""]
    if method.get("question"):
        lines += [f"*{method['question']}*", ""]
    lines += [f"* family: {method['family']}"]
    for key in ("needs", "inputs", "cost", "score", "source"):
        value = method.get(key)
        if value:
            text = ", ".join(map(str, value)) if isinstance(value, list) else str(value)
            lines.append(f"* {key}: " + re.sub(r"\[([a-z]+\d{4})\]", r"([\1](bibliography.md#\1))", text))
    lines.append("")
    if method["options"]:
        lines += ["| option | default | what it does |", "|---|---|---|"]
        for option in method["options"]:
            value = option["default"]
            default = "" if value == "" else f"`{cell(value if isinstance(value, str) else json.dumps(value))}`"
            choices = ", ".join(f"`{choice}`" for choice in option.get("choices", []))
            doc = cell(option["doc"]) + (f" ({choices})" if choices else "")
            lines.append(f"| `{option['name']}` | {default} | {doc} |")
        lines.append("")
    return lines


def methods_page(program: str) -> str:
    answer = subprocess.run([program, "methods", "--json"], check=True, capture_output=True, text=True).stdout
    lines = ["# Methods", "", "As `pellucid methods` lists them. An option is set with `--set name=value`, or with", ""]
    lines[-2] += " `--set method.name=value` where several methods run."
    for method in json.loads(answer):
        lines += method_section(method)
    return "\n".join(lines)


def operators_page(program: str) -> str:
    answer = subprocess.run([program, "operators", "--json"], check=True, capture_output=True, text=True).stdout
    operators = json.loads(answer)
    count = {kind: sum(row["gradient"] == kind for row in operators) for kind in ("rule", "decomposed", "blocked")}
    lines = [
        "# Operators",
        "",
        f"What the gradient compiler knows, as `pellucid operators` lists it: {count['rule']} types of operator with a",
        f"rule, {count['decomposed']} that are written out in operators with rules, {count['blocked']} that block a",
        "gradient by this list. Anything else is refused by the name of its node. Names and opsets are OpenVINO's,",
        "into which ONNX, TensorFlow and TensorFlow Lite are read. [How to add one](../how-to/operator.md);",
        "[how far to trust them](../trust.md).",
        "",
        "| operator | opset | gradient | law | note |",
        "|---|---|---|---|---|",
    ]
    keys = ("opset", "gradient", "law", "note")
    lines += [f"| `{row['name']}` | " + " | ".join(cell(row[key]) for key in keys) + " |" for row in operators]
    return "\n".join([*lines, ""])


def cpp_page() -> str:
    lines = ["# The C++ interface", "", "The headers under `pellucid/`, one noun each.", ""]
    for header in sorted((ROOT / "include" / "pellucid").glob("*.hpp")):
        text = header.read_text().removeprefix("#pragma once\n").strip()
        lines += [f"## pellucid/{header.name}", "", "```cpp", text, "```", ""]
    return "\n".join(lines)


def main(program: str) -> int:
    PAGES.mkdir(parents=True, exist_ok=True)
    (PAGES / "methods.md").write_text(methods_page(program))
    (PAGES / "operators.md").write_text(operators_page(program))
    (PAGES / "cpp.md").write_text(cpp_page())
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
