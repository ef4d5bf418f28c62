#!/usr/bin/env python3
"""Sources are cited as [key2016] in the code; every key stands in docs/reference/bibliography.md, and every entry there
is cited. A file of a method (one that opens with its question) names at least one.

usage: check_citations.py [ROOT]
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

BIBLIOGRAPHY = Path("docs/reference/bibliography.md")
CITED = re.compile(r"\[([a-z]+(?:19|20)\d\d)\]")
ENTRY = re.compile(r'<a id="([^"]+)"></a>\*\*([^*]+)\*\*')


def check(root: Path) -> list[str]:
    """Every finding, one line each."""
    entries = ENTRY.findall((root / BIBLIOGRAPHY).read_text())
    wrong = [f"{BIBLIOGRAPHY}: {key} stands under the anchor {anchor}" for anchor, key in entries if anchor != key]
    known = {key for _, key in entries}
    cited: set[str] = set()
    for folder in ("include", "src"):
        for path in sorted((root / folder).rglob("*.[ch]pp")):
            text = path.read_text()
            keys = set(CITED.findall(text))
            name = path.relative_to(root)
            wrong += [f"{name}: [{key}] stands not in {BIBLIOGRAPHY}" for key in sorted(keys - known)]
            if text.startswith("// Question:") and not keys:
                wrong.append(f"{name}: a method names its source by a key of {BIBLIOGRAPHY}")
            cited |= keys
    return wrong + [f"{BIBLIOGRAPHY}: {key} is cited nowhere" for key in sorted(known - cited)]


def main(arguments: list[str]) -> int:
    wrong = check(Path(arguments[0]) if arguments else Path(__file__).resolve().parent.parent)
    print("\n".join(wrong), end="\n" if wrong else "")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
