"""Makes tests/graph/networks with the bench environment, from the root of the project:

PYTHONPATH=tools .dev/envs/bench/bin/python -m goldens.whole_networks tests/graph/networks [NETWORK ...]

A folder for each network of goldens.torch_nets: the files of both exporters, and goldens.npz. There `x` holds inputs,
`seed` what their outputs are weighed with, `output` and `gradient` what PyTorch gives for them in float64: of a batch
of sixteen (`x16`, ...) and of another input alone (`x1`, ...).
"""

from __future__ import annotations

import argparse
import copy
import datetime
import importlib.metadata
import json
import platform
from pathlib import Path

import numpy as np
import torch
from torch import nn

from goldens.by_captum import relative
from goldens.store import shortened
from goldens.torch_nets import Recipe, recipes
from goldens.torch_nets.exported import export
from goldens.torch_nets.seeded import CLEAR, generator, point, seeded

SEED = 0
BATCHES = (1, 16)
TOOLS = ("torch", "onnx", "onnxscript", "numpy")
# float32 in PyTorch itself against float64: a fifth of the tolerance of the test. A point that a kink comes near to, or
# a network that rounding is blown up in, shows here.
STEADY = 2e-5


def answers(network: nn.Module, x: np.ndarray, seed: np.ndarray | None = None) -> tuple[np.ndarray, np.ndarray]:
    """The output, and the gradient of <seed, output> by the input, or by the embedding's output where ids enter."""
    tensor = torch.from_numpy(x)
    if tensor.is_floating_point():
        leaf = tensor.to(next(network.parameters()).dtype).requires_grad_()
        output = network(leaf)
    else:
        leaf = network.embedding(tensor).detach().requires_grad_()
        output = network.body(leaf, tensor)
    weights = torch.ones_like(output) if seed is None else torch.from_numpy(seed).to(output.dtype)
    (gradient,) = torch.autograd.grad(output, leaf, weights)
    return output.detach().numpy(), gradient.numpy()


def goldens(network: nn.Module, x: np.ndarray, rng: np.random.Generator) -> tuple[dict[str, np.ndarray], float]:
    """For each batch; and how far PyTorch's own float32 is off at worst."""
    arrays, worst, first = {}, 0.0, 0
    exact = copy.deepcopy(network).double()
    for batch in BATCHES:
        rows = x[first : first + batch]
        first += batch
        shape = answers(exact, rows)[0].shape
        seed = (np.round(rng.standard_normal(shape) * 16) / 16).astype(np.float32)
        output, gradient = answers(exact, rows, seed)
        worst = max(worst, relative(answers(network, rows, seed)[1], gradient))
        made = {"x": rows, "seed": seed, "output": output.astype(np.float32), "gradient": shortened(gradient)}
        arrays |= {f"{key}{batch}": array for key, array in made.items()}
    return arrays, worst


def make(name: str, recipe: Recipe, out: Path) -> None:
    network = seeded(recipe, name, SEED)
    x, clear = point(copy.deepcopy(network).double(), recipe, generator(name, "point", SEED), sum(BATCHES))
    arrays, worst = goldens(network, x, generator(name, "seed", SEED))
    parameters = sum(parameter.numel() for parameter in network.parameters())
    print(f"{name}: {parameters} parameters; float32 off by {worst:.1e}; kinks {clear}", flush=True)
    if not worst < STEADY:
        raise AssertionError(f"{name}: PyTorch's float32 gradient is off by {worst}")
    folder = out / name
    folder.mkdir(parents=True, exist_ok=True)
    np.savez_compressed(folder / "goldens.npz", **arrays)
    opsets = {"torchscript": recipe.opset, "dynamo": 20}
    about = {
        "network": " ".join(recipe.make.__doc__.split()) if recipe.make.__doc__ else recipe.make.__name__,
        "by": "PYTHONPATH=tools .dev/envs/bench/bin/python -m goldens.whole_networks tests/graph/networks " + name,
        "made": datetime.date.today().isoformat(),
        "seed": SEED,
        "versions": {"python": platform.python_version()} | {tool: importlib.metadata.version(tool) for tool in TOOLS},
        "opsets": opsets,
        "operators": export(network, torch.from_numpy(x[:2]), opsets, folder),
        "gradient_by": "input" if recipe.kind != "ids" else "the embedding's output",
        "kinks": clear | {"clear": CLEAR},
        "torch_float32_off_by": float(f"{worst:.1e}"),
    }
    (folder / "manifest.json").write_text(json.dumps(about, indent=2, ensure_ascii=False) + "\n")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("out", type=Path)
    parser.add_argument("networks", nargs="*", metavar="NETWORK")
    arguments = parser.parse_args()
    table = recipes()
    torch.backends.mha.set_fastpath_enabled(False)  # one fused node, which the older exporter cannot write
    for name in arguments.networks or table:
        make(name, table[name], arguments.out)


if __name__ == "__main__":
    main()
