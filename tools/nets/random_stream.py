"""The project's random streams (src/core/random.hpp) in NumPy: Philox4x32-10 of Salmon et al., SC 2011.

Key: the seed. Counter: position in the stream, input, sample (low, high words).
"""

from __future__ import annotations

import numpy as np

MULTIPLIERS = (np.uint64(0xD2511F53), np.uint64(0xCD9E8D57))
WEYL = (0x9E3779B9, 0xBB67AE85)
MASK = np.uint64(0xFFFFFFFF)


def philox(counters: np.ndarray, key: tuple[int, int]) -> np.ndarray:
    """@param counters  [n, 4], words of 32 bits; @return [n, 4]"""
    a, b, c, d = (counters[:, word].astype(np.uint64) for word in range(4))
    k0, k1 = key
    for _ in range(10):
        left, right = MULTIPLIERS[0] * a, MULTIPLIERS[1] * c
        a, b, c, d = (
            (right >> np.uint64(32)) ^ b ^ np.uint64(k0),
            right & MASK,
            (left >> np.uint64(32)) ^ d ^ np.uint64(k1),
            left & MASK,
        )
        k0, k1 = (k0 + WEYL[0]) & 0xFFFFFFFF, (k1 + WEYL[1]) & 0xFFFFFFFF
    return np.stack([a, b, c, d], axis=1).astype(np.uint32)


# Known answers of Random123's own tests: all zeros, all ones, and digits of pi.
KNOWN = (
    ((0, 0, 0, 0), (0, 0), (0x6627E8D5, 0xE169C58D, 0xBC57AC4C, 0x9B00DBD8)),
    ((0xFFFFFFFF,) * 4, (0xFFFFFFFF,) * 2, (0x408F276D, 0x41C83B0E, 0xA20BC7C6, 0x6D5451FD)),
    (
        (0x243F6A88, 0x85A308D3, 0x13198A2E, 0x03707344),
        (0xA4093822, 0x299F31D0),
        (0xD16CFE09, 0x94FDCCEB, 0x5001E420, 0x24126EA1),
    ),
)


def check_known_answers() -> None:
    for counter, key, answer in KNOWN:
        found = philox(np.array([counter], dtype=np.uint32), key)[0]
        if tuple(int(word) for word in found) != answer:
            raise AssertionError(f"Philox4x32-10 of {counter}, {key}: {found}, not {answer}")


def bits(seed: int, stream_input: int, sample: int, count: int) -> np.ndarray:
    """The first `count` words of the stream of (seed, input, sample)."""
    blocks = -(-count // 4)
    counters = np.zeros((blocks, 4), dtype=np.uint32)
    counters[:, 0] = np.arange(blocks)
    counters[:, 1] = stream_input
    counters[:, 2], counters[:, 3] = sample & 0xFFFFFFFF, sample >> 32
    return philox(counters, (seed & 0xFFFFFFFF, seed >> 32)).reshape(-1)[:count]


def normal(seed: int, stream_input: int, sample: int, count: int) -> np.ndarray:
    """Standard normal by Box and Muller 1958, cosine before sine, in float64."""
    words = bits(seed, stream_input, sample, 2 * -(-count // 2)).astype(np.float64)
    u, v = (words[0::2] + 0.5) / 2.0**32, (words[1::2] + 0.5) / 2.0**32
    radius = np.sqrt(-2.0 * np.log(u))
    return np.stack([radius * np.cos(2 * np.pi * v), radius * np.sin(2 * np.pi * v)], axis=1).reshape(-1)[:count]


def masks(seed: int, count: int, features: int) -> np.ndarray:
    """LIME's: row 0 is all ones, row r has bit j of the stream of (seed, 0, r) in column j."""
    rows = [np.ones(features, dtype=np.int64)]
    rows += [(bits(seed, 0, row, features) & 1).astype(np.int64) for row in range(1, count)]
    return np.stack(rows)
