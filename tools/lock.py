#!/usr/bin/env python3
"""Makes requirements/*.txt anew from requirements/*.in: exact versions, and the sha256 of every file that may be
installed. Needs `uv` on the path. Look at what changed before you commit it.

usage: lock.py [NAME ...]
"""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

REQUIREMENTS = Path(__file__).resolve().parent.parent / "requirements"
# The oldest interpreter that ./dev accepts; newer ones take the same versions.
PYTHON = "3.11"
# Peers run on the processor: what PyTorch's wheel asks for beside itself to reach a GPU is several GB, and left out.
_ACCELERATOR = re.compile(r"^(?:nvidia-|cuda-|triton)")
# The CPU build of PyTorch that some indexes serve under the same version, as torch 2.13.0+cpu for Python 3.11.
_EXTRA_HASHES = {"torch==2.13.0": "6746dbcbeb526eb61330b76b41ff1b4eb848951103a892eeb080dfa2b264667b"}


def compile_lock(source: Path) -> str:
    command = ["uv", "pip", "compile", "--quiet", "--no-header", "--no-annotate", "--generate-hashes"]
    command += ["--python-version", PYTHON, source.name]
    return subprocess.run(command, cwd=REQUIREMENTS, check=True, capture_output=True, text=True).stdout


def edited(lock: str) -> str:
    blocks = re.findall(r"^\S[^\n]*(?:\n {4}[^\n]*)*", lock, re.MULTILINE)
    kept = [block for block in blocks if not _ACCELERATOR.match(block)]
    for index, block in enumerate(kept):
        extra = _EXTRA_HASHES.get(block.split()[0])
        if extra:
            kept[index] = f"{block} \\\n    --hash=sha256:{extra}"
    return "\n".join(kept) + "\n"


def main(names: list[str]) -> int:
    for source in sorted(REQUIREMENTS.glob("*.in")):
        if names and source.stem not in names:
            continue
        header = f"# Made from {source.name} by tools/lock.py: exact versions, and the sha256 of all that may be installed.\n"
        source.with_suffix(".txt").write_text(header + edited(compile_lock(source)))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
