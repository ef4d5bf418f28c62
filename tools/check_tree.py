#!/usr/bin/env python3
"""What may not stand anywhere in the tree: paths of one machine, hosts of package registries, unfinished work, tests
that are skipped, and names that say nothing.

usage: check_tree.py FILE...
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

# Written in pieces, so that this file passes its own check.
_HOSTS = ("pypi" + r"\.org", "python" + "hosted", "deb" + r"ian\.org", "npm" + r"js\.org", "down" + r"load\.pytorch")
_PLACES = (
    r"(?<![\w.])/wo" + "rk/",
    r"(?<![\w.])/ho" + r"me/\w",
    r"(?<![\w.])/ro" + "ot/",
    "/tmp/" + r"(?:lab|b)\b",
    "/fa" + "rm/",
)
_UNFINISHED = (r"\bTO" + r"DO\b", r"\bFIX" + r"ME\b", r"\bXX" + r"X\b", "place" + "holder", "not " + "implemented")
_SKIPPED = (
    "GTEST_" + "SKIP",
    r"\bDIS" + "ABLED_",
    r"pytest\.(?:" + "skip|mark\\.skip|importorskip)",
    r"unittest\." + "skip",
)
RULES = (
    ("host of a package registry", re.compile("|".join(_HOSTS))),
    ("path of one machine", re.compile("|".join(_PLACES))),
    ("unfinished work", re.compile("|".join(_UNFINISHED))),
    ("test that may not run", re.compile("|".join(_SKIPPED))),
)
_EMPTY_NAME = re.compile(r"^(?:utils?|helpers?|common|misc)$")
_MAX_BYTES = 20 << 20


def check_text(path: Path) -> list[str]:
    try:
        lines = path.read_text().splitlines()
    except UnicodeDecodeError:
        return []
    return [
        f"{path}:{number}: {name}: {match.group(0)}"
        for number, line in enumerate(lines, start=1)
        for name, pattern in RULES
        if (match := pattern.search(line))
    ]


def check_name(path: Path) -> list[str]:
    names = [path.stem, *(parent.name for parent in path.parents)]
    return [f"{path}: name it for what is in it"] if any(_EMPTY_NAME.match(name) for name in names) else []


def check(paths: list[Path]) -> list[str]:
    """Every finding, one line each."""
    wrong = [line for path in paths for line in check_name(path) + check_text(path)]
    wrong += [f"{path}: more than 20 MB" for path in paths if path.stat().st_size > _MAX_BYTES]
    return wrong


def main(arguments: list[str]) -> int:
    wrong = check([Path(argument) for argument in arguments])
    print("\n".join(wrong), end="\n" if wrong else "")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
