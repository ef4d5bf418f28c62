"""A black box that Pellucid can explain: rows in on standard input, a score a class out on standard output."""

import struct
import sys

import numpy as np


def model(rows):  # [n, ...] -> [n, classes]: put your own here
    mean = rows.reshape(len(rows), -1).mean(axis=1)
    return np.stack([mean, -mean], axis=1)


while head := sys.stdin.buffer.read(12):
    shape = struct.unpack(f"<{(rank := struct.unpack('<4sII', head)[2])}q", sys.stdin.buffer.read(8 * rank))
    size = struct.unpack("<Q", sys.stdin.buffer.read(8))[0]
    scores = model(np.frombuffer(sys.stdin.buffer.read(size), "<f4").reshape(shape)).astype("<f4")
    sys.stdout.buffer.write(struct.pack("<4sIIqqQ", b"PLT1", 1, 2, *scores.shape, scores.nbytes) + scores.tobytes())
    sys.stdout.buffer.flush()
