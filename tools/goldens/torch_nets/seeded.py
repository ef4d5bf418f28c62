"""Weights, statistics and points of a network, all from NumPy's generator: PyTorch's draws differ between releases."""

from __future__ import annotations

import zlib

import numpy as np
import torch
from builder import pictures, rounded
from torch import nn

from goldens.torch_nets import Recipe
from goldens.torch_nets.kinks import distance_to_kink

# Of the spread of what enters a kinked operator: some twenty times what float32 engines differ by.
CLEAR = 2e-5
TRIES = 500
NORMS = (nn.BatchNorm1d, nn.BatchNorm2d, nn.GroupNorm, nn.InstanceNorm2d, nn.LayerNorm)
RECURRENT = (nn.LSTM, nn.GRU, nn.RNN)


def generator(name: str, purpose: str, seed: int) -> np.random.Generator:
    return np.random.Generator(np.random.PCG64([seed, zlib.crc32(f"{name} {purpose}".encode())]))


def values(module: nn.Module, name: str, shape: tuple[int, ...], rng: np.random.Generator) -> np.ndarray:
    """He et al. 2015 for what multiplies; what scales stays about one, a layer scale and a leak below it."""
    if isinstance(module, NORMS) and name == "weight":
        return rng.uniform(0.6, 1.4, shape)
    if isinstance(module, nn.PReLU) or name == "layer_scale":
        return rng.uniform(0.1, 0.5, shape)
    if isinstance(module, RECURRENT):
        return rng.standard_normal(shape) / np.sqrt(shape[-1] if len(shape) > 1 else 16)
    if isinstance(module, nn.Embedding):
        return rng.standard_normal(shape)
    if name in ("position", "class_token", "bias") or len(shape) == 1:
        return 0.3 * rng.standard_normal(shape)
    fan_in = shape[1] if name in ("key", "value") else int(np.prod(shape[1:]))
    return rng.standard_normal(shape) * np.sqrt(2.0 / fan_in)


def fill(network: nn.Module, rng: np.random.Generator) -> None:
    with torch.no_grad():
        for module in network.modules():
            for name, parameter in module.named_parameters(recurse=False):
                parameter.copy_(torch.from_numpy(values(module, name, tuple(parameter.shape), rng).astype(np.float32)))


def calibrate(network: nn.Module, batch: np.ndarray, rng: np.random.Generator) -> None:
    """Batch normalisation gets the statistics of the activations that it meets, a little off, as another data set's
    are; of 12 bits, since the last ones of a sum depend on the machine."""
    norms = [part for part in network.modules() if isinstance(part, NORMS[:2])]
    for norm in norms:
        norm.reset_running_stats()
        norm.momentum = None  # the plain average
    if norms:
        network.double().train()
        with torch.no_grad():
            network(torch.from_numpy(batch).double())
        network.float()
    for norm in norms:
        mean, variance = (rounded(part.double().numpy()) for part in (norm.running_mean, norm.running_var))
        off = rng.uniform(-0.1, 0.1, mean.shape), rng.uniform(0.8, 1.25, mean.shape)
        norm.running_mean.copy_(torch.from_numpy(rounded(mean + off[0] * np.sqrt(variance)).astype(np.float32)))
        norm.running_var.copy_(torch.from_numpy(rounded(variance * off[1]).astype(np.float32)))
    network.eval()


def draw(recipe: Recipe, rng: np.random.Generator) -> np.ndarray:
    """One input, on a grid of 1/32, which packs well."""
    if recipe.kind == "ids":
        ids = rng.integers(1, 40, recipe.shape)
        ids[int(rng.integers(recipe.shape[0] // 2, recipe.shape[0] + 1)) :] = 0
        return ids
    if recipe.kind == "picture":
        made = pictures(rng, 1, recipe.shape)[0]
    elif recipe.kind == "series":
        steps = np.arange(np.prod(recipe.shape)).reshape(recipe.shape)
        made = np.sin(steps * rng.uniform(0.05, 2.0) + rng.uniform(0, 6)) + 0.5 * rng.standard_normal(recipe.shape)
    else:
        made = rng.standard_normal(recipe.shape)
    return (np.round(made * 32) / 32).astype(np.float32)


def point(network: nn.Module, recipe: Recipe, rng: np.random.Generator, count: int) -> tuple[np.ndarray, dict]:
    """`count` inputs that stand clear of every kink, drawn one by one: inputs of a batch do not see each other."""
    kept, refused, closest, met = [], 0, float("inf"), set()
    while len(kept) < count:
        one = draw(recipe, rng)
        tensor = torch.from_numpy(one)[None]
        watch = distance_to_kink(network, tensor if recipe.kind == "ids" else tensor.double())
        if watch.closest < CLEAR:
            refused += 1
            if refused > TRIES:
                raise AssertionError(f"of {refused + len(kept)} inputs, {len(kept)} stand clear of every kink")
            continue
        kept.append(one)
        closest, met = min(closest, watch.closest), met | watch.met
    clear = {"kinked": sorted(met), "refused": refused}
    return np.stack(kept), clear | ({"closest": float(f"{closest:.1e}")} if met else {})


def seeded(recipe: Recipe, name: str, seed: int) -> nn.Module:
    network = recipe.make()
    fill(network, generator(name, "weights", seed))
    rng = generator(name, "statistics", seed)
    batch = np.stack([draw(recipe, rng) for _ in range(32)])
    calibrate(network, batch, rng)
    return network
