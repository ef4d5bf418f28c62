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
# Peers run on the processor. PyTorch and what its public wheel needs to reach a GPU, several GB, are a lock of their
# own; the CPU build that some indexes serve (requirements/torch-cpu.txt) is what ./dev bench asks for first.
_ACCELERATOR = re.compile(r"^(?:torch==|torchvision==|nvidia-|cuda-|triton)")
_APART = "torch-cuda"


def compile_lock(source: Path) -> str:
    command = ["uv", "pip", "compile", "--quiet", "--no-header", "--no-annotate", "--generate-hashes"]
    command += ["--python-version", PYTHON, source.name]
    return subprocess.run(command, cwd=REQUIREMENTS, check=True, capture_output=True, text=True).stdout


def split(lock: str) -> tuple[str, str]:
    """What every peer needs, and what stands apart."""
    blocks = re.findall(r"^\S[^\n]*(?:\n {4}[^\n]*)*", lock, re.MULTILINE)
    kept = [block for block in blocks if not _ACCELERATOR.match(block)]
    apart = [block for block in blocks if _ACCELERATOR.match(block)]
    return "".join(f"{block}\n" for block in kept), "".join(f"{block}\n" for block in apart)


def write(name: str, source: Path, lock: str) -> None:
    header = (
        f"# Made from {source.name} by tools/lock.py: exact versions, and the sha256 of all that may be installed.\n"
    )
    (REQUIREMENTS / f"{name}.txt").write_text(header + lock)


def main(names: list[str]) -> int:
    for source in sorted(REQUIREMENTS.glob("*.in")):
        if names and source.stem not in names:
            continue
        kept, apart = split(compile_lock(source))
        write(source.stem, source, kept)
        if apart:
            write(_APART, source, apart)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
