#!/usr/bin/env python3
"""Holds every #include to the arrows between rooms.

The arrows are the DEPENDS lists of src/CMakeLists.txt: a room may include itself and what it depends on, directly or
through others. What lies in src/ itself and in src/cli stands above all rooms. Public headers include nothing but
public headers and libraries', and name OpenVINO in one header alone.

usage: check_arrows.py [ROOT]
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

_ROOM = re.compile(r"^pellucid_room\((\w+)([^)]*)\)", re.MULTILINE)
_DEPENDS = re.compile(r"\bDEPENDS((?:\s+[a-z_]+)+)")
_INCLUDE = re.compile(r'^\s*#\s*include\s+(?:"([^"]+)"|<([^>]+)>)', re.MULTILINE)
_BRIDGE = "openvino.hpp"
_TOP = {"cli"}


def rooms(root: Path) -> dict[str, set[str]]:
    """Each room with all the rooms that it may include."""
    text = (root / "src" / "CMakeLists.txt").read_text()
    direct = {}
    for name, arguments in _ROOM.findall(text):
        depends = _DEPENDS.search(arguments)
        direct[name] = depends.group(1).split() if depends else []
    allowed: dict[str, set[str]] = {}
    for name, depends in direct.items():
        unknown = [depend for depend in depends if depend not in allowed]
        if unknown:
            raise SystemExit(f"src/CMakeLists.txt: room {name} depends on {', '.join(unknown)}, which stands below it")
        allowed[name] = {name}.union(*(allowed[depend] for depend in depends))
    return allowed


def includes(path: Path) -> list[tuple[int, str, bool]]:
    """Line, what is included, and whether in quotes."""
    text = path.read_text()
    found = []
    for match in _INCLUDE.finditer(text):
        line = text.count("\n", 0, match.start(match.lastindex)) + 1
        found.append((line, match.group(1) or match.group(2), match.group(1) is not None))
    return found


def sources(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.suffix in {".cpp", ".hpp"})


def check_room(folder: Path, room: str, allowed: dict[str, set[str]], root: Path) -> list[str]:
    """Wrong includes in one room's folder, of its sources or of its tests."""
    wrong = []
    for path in sources(folder):
        for line, target, quoted in includes(path):
            other = target.split("/")[0]
            above = other in _TOP or (other in allowed and other not in allowed[room])
            if quoted and "/" in target and above:
                wrong.append(f'{path.relative_to(root)}:{line}: {room} may not include "{target}": it stands above')
    return wrong


def check_public(root: Path, allowed: dict[str, set[str]]) -> list[str]:
    wrong = []
    for path in sources(root / "include"):
        for line, target, _ in includes(path):
            place = f"{path.relative_to(root)}:{line}"
            if target.split("/")[0] in allowed and "/" in target:
                wrong.append(f'{place}: a public header may not include "{target}"')
            if target.startswith("openvino/") and path.name != _BRIDGE:
                wrong.append(f"{place}: only pellucid/{_BRIDGE} includes OpenVINO's headers")
    return wrong


def check(root: Path) -> list[str]:
    """Every include that goes against an arrow, one line each."""
    allowed = rooms(root)
    wrong = check_public(root, allowed)
    for room in allowed:
        for folder in (root / "src" / room, root / "tests" / room):
            wrong += check_room(folder, room, allowed, root)
    known = set(allowed) | _TOP
    for folder in sorted(path for path in (root / "src").iterdir() if path.is_dir()):
        if folder.name not in known and sources(folder):
            wrong.append(f"src/{folder.name}: no room of src/CMakeLists.txt")
    return wrong


def main() -> int:
    wrong = check(Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).resolve().parent.parent)
    print("\n".join(wrong), end="\n" if wrong else "")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
