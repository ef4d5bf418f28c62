#!/usr/bin/env python3
"""Runs what a page of the documentation shows.

Each fenced block of sh, python, cpp or cmake stands after an HTML comment that says how it is held to:

  <!-- test: coffee.png; model.onnx = a.onnx, b.onnx -->  the sh block is run in a fresh folder that holds coffee.png
                                                          and model.onnx; again with each file that fills a name
  <!-- file: mine.cpp -->                                 the block is that file, in the folders of the blocks after it
  <!-- excerpt: examples/box.py -->                       the block stands in that file, word for word
  <!-- printed -->                                        each line was printed by the block above (spaces may differ)
  <!-- not run by tests: why -->

A block that has no such comment is a finding, and so is a command that fails, and a method that pellucid explain was
asked for and that left no explanation.json.

usage: snippets.py --pellucid PROGRAM --assets FOLDER [--build FOLDER] PAGE
"""

from __future__ import annotations

import argparse
import itertools
import os
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parent.parent
EXPORTS = ROOT / "tests" / "docs" / "data"
INSTALLED = "/opt/pellucid"  # what pages call the folder of an installed Pellucid
LANGUAGES = {"sh", "python", "cpp", "cmake"}
FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
COMMENT = re.compile(r"<!-- (test|file|excerpt|not run by tests|printed)(?:: ((?:(?!-->).)*?))? -->\s*\Z", re.DOTALL)


class PageError(Exception):
    """What is wrong with a page, and where."""


@dataclass
class Block:
    language: str
    text: str
    line: int
    kind: str = ""  # of the comment; empty: there is none
    about: str = ""  # what the comment says


@dataclass
class Setting:
    pellucid: Path
    assets: Path
    build: Path | None = None
    scratch: Path = field(default_factory=Path)

    def installed(self) -> Path:
        """Installs the build, once a page."""
        prefix = self.scratch / "installed"
        if not prefix.exists():
            if self.build is None:
                raise PageError(f"a block uses {INSTALLED}, and there is no --build to install")
            command = ["cmake", "--install", str(self.build), "--prefix", str(prefix)]
            subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
        return prefix


def blocks_of(page: str) -> list[Block]:
    blocks = []
    for match in FENCE.finditer(page):
        block = Block(match[1], match[2], page.count("\n", 0, match.start()) + 1)
        if comment := COMMENT.search(page[: match.start()]):
            block.kind, block.about = comment[1], " ".join((comment[2] or "").split())
        blocks.append(block)
    return blocks


def fillings(about: str) -> list[dict[str, str]]:
    """ "a; b = c, d" -> [{a: a, b: c}, {a: a, b: d}]"""
    choices = []
    for part in filter(None, (part.strip() for part in about.split(";"))):
        name, equals, files = part.partition("=")
        if equals:
            choices.append([(name.strip(), file.strip()) for file in files.split(",")])
        else:
            choices += [[(file.strip(), file.strip())] for file in part.split(",")]
    return [dict(chosen) for chosen in itertools.product(*choices)]


def made_input(name: str) -> np.ndarray | None:
    """Tensors as models take them, made here rather than kept."""
    random = np.random.default_rng(0)
    if name == "digit.npy":  # a stroke, bright on flat dark: a 1, as the digit network takes it
        digit = np.full((1, 1, 28, 28), -0.42)
        digit[0, 0, 4:24, 13:16] += 3.2
        return digit.astype(np.float32)
    if name == "exported_input.npy":
        return random.standard_normal((1, 3, 224, 224)).astype(np.float32)
    if name == "rows.npy":
        return random.random((1, 3, 32, 32)).astype(np.float32)
    return None


def place(asset: str, target: Path, setting: Setting) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    if (made := made_input(asset)) is not None:
        np.save(target, made)
        return
    for folder in (setting.assets, EXPORTS, ROOT):
        if (folder / asset).is_file():
            shutil.copyfile(folder / asset, target)
            return
    raise PageError(f"there is no asset {asset}")


def explained(script: str) -> list[str]:
    """The methods whose results a script must leave."""
    methods = []
    for line in script.replace("\\\n", " ").splitlines():
        words = shlex.split(line, comments=True)
        if words[:2] == ["pellucid", "explain"] and "--plan" not in words:
            methods += words[words.index("--method") + 1].split(",")
    return methods


def environment(setting: Setting, folder: Path) -> dict[str, str]:
    programs = folder / ".programs"
    programs.mkdir()
    (programs / "pellucid").symlink_to(setting.pellucid)
    variables = {key: value for key, value in os.environ.items() if key not in ("OpenVINO_DIR", "LD_LIBRARY_PATH")}
    python = Path(sys.executable).parent  # python3 is the run environment's, which has NumPy
    path = f"{programs}:{python}:{os.environ['PATH']}"
    return variables | {"PATH": path, "PELLUCID_CACHE": str(folder / ".cache")}


def run(block: Block, filling: dict[str, str], files: dict[str, str], setting: Setting) -> str:
    """What the block prints to standard output."""
    script = block.text
    if INSTALLED in script:
        script = script.replace(INSTALLED, str(setting.installed()))
    with tempfile.TemporaryDirectory(dir=setting.scratch) as scratch:
        folder = Path(scratch)
        for name, asset in filling.items():
            place(asset, folder / name, setting)
        for name, text in files.items():
            (folder / name).write_text(text)
        done = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", script],
            cwd=folder,
            env=environment(setting, folder),
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode != 0:
            raise PageError(f"ended with {done.returncode} on {filling}:\n{done.stdout}{done.stderr}")
        for method in explained(block.text):
            if not any(folder.glob(f"pellucid-out/*/{method}/explanation.json")):
                raise PageError(f"left no explanation.json of {method} on {filling}:\n{done.stdout}{done.stderr}")
        return done.stdout


def check_printed(block: Block, output: str) -> None:
    printed = {" ".join(line.split()) for line in output.splitlines()}
    for line in block.text.splitlines():
        if line.strip() and " ".join(line.split()) not in printed:
            raise PageError(f"nothing printed this line: {line}\nbut:\n{output}")


def check_page(page: Path, setting: Setting) -> int:
    """The number of runs; raises PageError."""
    files: dict[str, str] = {}
    output = ""
    runs = 0
    for block in blocks_of(page.read_text()):
        try:
            if block.kind == "test":
                for filling in fillings(block.about):
                    output = run(block, filling, files, setting)
                    runs += 1
            elif block.kind == "file":
                files[block.about] = block.text
            elif block.kind == "excerpt" and block.text not in (ROOT / block.about).read_text():
                raise PageError(f"does not stand in {block.about}")
            elif block.kind == "printed":
                check_printed(block, output)
            elif not block.kind and block.language in LANGUAGES:
                raise PageError("nothing says how this block is tested")
        except PageError as error:
            raise PageError(f"{page}:{block.line}: {error}") from None
    return runs


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--pellucid", type=Path, required=True)
    parser.add_argument("--assets", type=Path, required=True)
    parser.add_argument("--build", type=Path)
    parser.add_argument("page", type=Path)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        setting = Setting(given.pellucid.resolve(), given.assets.resolve(), given.build, Path(scratch))
        try:
            runs = check_page(given.page, setting)
        except PageError as error:
            print(error, file=sys.stderr)
            return 1
    print(f"{given.page}: {runs} runs")
    return 0


if __name__ == "__main__":
    sys.exit(main())
