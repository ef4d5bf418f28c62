#!/usr/bin/env python3
"""All that ./dev lint looks at, each check with its findings.

clang-tidy takes seconds a file, so its answers are kept: a file is read again when it, one of our headers that it
includes, or the configuration has changed. Only clean answers are kept.

usage: lint.py [--fast]     --fast leaves clang-tidy out
"""

from __future__ import annotations

import argparse
import concurrent.futures
import hashlib
import os
import re
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
import check_arrows
import check_citations
import check_size
import check_tree

ROOT = Path(__file__).resolve().parent.parent
BIN = Path(sys.executable).parent
COMMANDS = ROOT / "build-lint"
CACHE = ROOT / ".dev" / "lint"


def tracked(*suffixes: str) -> list[Path]:
    """Files of the project (known to git or new), by how their names end."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        check=True,
        text=True,
    ).stdout.split("\0")
    paths = sorted(Path(name) for name in listed if name)
    return [path for path in paths if (ROOT / path).is_file() and (not suffixes or path.suffix in suffixes)]


def run(command: list[str]) -> list[str]:
    """What a tool finds fault with: nothing when it ends with 0."""
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode == 0:
        return []
    return (done.stdout + done.stderr).strip().splitlines() or [f"{command[0]} ended with {done.returncode}"]


def own_includes(path: Path, seen: set[Path]) -> set[Path]:
    """The file and every header of ours that it includes, however deep."""
    if path in seen:
        return seen
    seen.add(path)
    for _, target, _ in check_arrows.includes(ROOT / path):
        for folder in (Path("src"), Path("include"), Path("tests"), path.parent):
            if (ROOT / folder / target).is_file():
                own_includes(folder / target, seen)
                break
    return seen


def tidy_key(path: Path) -> str:
    digest = hashlib.sha256((ROOT / ".clang-tidy").read_bytes() + (ROOT / "requirements" / "lint.txt").read_bytes())
    for part in sorted(own_includes(path, set())):
        digest.update(str(part).encode() + b"\0" + (ROOT / part).read_bytes())
    return digest.hexdigest()


def tidy_file(path: Path) -> list[str]:
    stamp = CACHE / tidy_key(path)
    if stamp.exists():
        return []
    found = run([str(BIN / "clang-tidy"), "-p", str(COMMANDS), "--quiet", "--extra-arg=-Wno-everything", str(path)])
    if not found:
        stamp.touch()
    # One line a finding, without the code it quotes; notes say the numbers of the sizes.
    return [line.removeprefix(f"{ROOT}/") for line in found if re.match(r"\S+:\d+:\d+: ", line)] or found


def tidy() -> list[str]:
    CACHE.mkdir(parents=True, exist_ok=True)
    sources = [path for path in tracked(".cpp") if path.parts[0] == "src"]
    with concurrent.futures.ThreadPoolExecutor(int(os.environ.get("PELLUCID_JOBS", os.cpu_count() or 1))) as pool:
        found = [line for lines in pool.map(tidy_file, sources) for line in lines]
    return list(dict.fromkeys(found))  # a header's finding comes once, not once a file that includes it


def clang_format() -> list[str]:
    files = [str(path) for path in tracked(".cpp", ".hpp")]
    found = run([str(BIN / "clang-format"), "--dry-run", "-Werror", *files]) if files else []
    places = Counter(line.split(":")[0] for line in found if "[-Wclang-format-violations]" in line)
    return [f"{file}: not as ./dev format writes it, in {count} places" for file, count in places.items()]


def shell_syntax() -> list[str]:
    scripts = ["dev", ".ci/run", *map(str, tracked(".sh"))]
    return [line for script in scripts for line in run(["bash", "-n", script])]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--fast", action="store_true", help="leave clang-tidy out")
    fast = parser.parse_args().fast
    os.chdir(ROOT)
    checks = {
        "the tree": lambda: check_tree.check(tracked()),
        "arrows between rooms": lambda: check_arrows.check(ROOT),
        "sources": lambda: check_citations.check(ROOT),
        "sizes": lambda: [line for path in tracked(*check_size.CODE) for line in check_size.check_file(path)],
        "shell scripts": shell_syntax,
        "format of Python": lambda: run([str(BIN / "ruff"), "format", "--check", "--output-format=concise"]),
        "Python": lambda: run([str(BIN / "ruff"), "check", "--quiet", "--output-format=concise"]),
        "format of C++": clang_format,
    }
    if not fast:
        checks["names and sizes in C++, and what clang-tidy knows of bugs"] = tidy
    failed = 0
    for name, check in checks.items():
        start = time.monotonic()
        found = check()
        failed += bool(found)
        print(
            f"lint: {name}: {len(found) or 'no'} finding{'' if len(found) == 1 else 's'}"
            f" ({time.monotonic() - start:.0f} s)",
            flush=True,
        )
        print("\n".join(found), end="\n" if found else "", flush=True)
    print("lint: clean" if not failed else "lint: ./dev format mends what is about format")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
