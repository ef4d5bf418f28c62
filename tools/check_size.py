#!/usr/bin/env python3
"""A file has under 400 lines, a function of Python under 60; clang-tidy counts those of C++.

Tables are exempt: a file of rows, or of functions that list them, says so by `size: table` in its first ten lines.

usage: check_size.py FILE...
"""

from __future__ import annotations

import ast
import sys
from pathlib import Path

MAX_FILE = 400
MAX_FUNCTION = 60
CODE = {".cpp", ".hpp", ".py", ".cmake", ".sh"}


def check_file(path: Path) -> list[str]:
    text = path.read_text()
    lines = text.splitlines()
    wrong = []
    table = any("size: table" in line for line in lines[:10])
    if len(lines) >= MAX_FILE and not table:
        wrong.append(f"{path}: {len(lines)} lines; under {MAX_FILE} is asked: is there more than one thing in it?")
    if path.suffix == ".py" and not table:
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                length = node.end_lineno - node.lineno + 1
                if length >= MAX_FUNCTION:
                    wrong.append(f"{path}:{node.lineno}: {node.name} has {length} lines; under {MAX_FUNCTION} is asked")
    return wrong


def main(arguments: list[str]) -> int:
    paths = [Path(argument) for argument in arguments]
    wrong = [line for path in paths if path.suffix in CODE for line in check_file(path)]
    print("\n".join(wrong), end="\n" if wrong else "")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
