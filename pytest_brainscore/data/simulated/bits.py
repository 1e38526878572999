"""Random numbers that are the same on every machine for ever.

All are made of the raw 64-bit words of the counter-based generator Philox 4x64 (Salmon et al. 2011), whose
stream numpy promises never to change; the distributions of numpy's Generator have no such promise. A stream
is named by a seed and labels, so that what is drawn for one thing depends on nothing that was drawn before.
"""

from __future__ import annotations

import hashlib
import json

import numpy as np
import numpy.typing as npt
from scipy.special import ndtri

Label = str | int
Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]


def words(n: int, seed: int, *labels: Label) -> npt.NDArray[np.uint64]:
    """The first `n` raw 64-bit words of the stream that `seed` and `labels` name."""
    name = json.dumps([seed, *labels]).encode()
    key = np.frombuffer(hashlib.sha256(name).digest()[:16], dtype="<u8").astype(np.uint64)
    return np.random.Philox(key=key).random_raw(n)


def uniforms(n: int, seed: int, *labels: Label) -> Floats:
    """`n` numbers in [0, 1), multiples of 2**-53."""
    return (words(n, seed, *labels) >> np.uint64(11)).astype(np.float64) * 2.0**-53


def between(low: float, high: float, n: int, seed: int, *labels: Label) -> Floats:
    """`n` numbers spread evenly over [low, high)."""
    return low + (high - low) * uniforms(n, seed, *labels)


def integers(below: int, n: int, seed: int, *labels: Label) -> Integers:
    """`n` of the numbers 0 to `below` - 1, with replacement; for `below` up to 2**31."""
    return np.floor(uniforms(n, seed, *labels) * below).astype(np.int64)


def permutation(n: int, seed: int, *labels: Label) -> Integers:
    """The numbers 0 to `n` - 1 in random order."""
    return np.argsort(words(n, seed, *labels), kind="stable").astype(np.int64)


def choice(n: int, k: int, seed: int, *labels: Label) -> Integers:
    """`k` different ones of the numbers 0 to `n` - 1, in random order.

    Raises ValueError where there are fewer than `k`.
    """
    if not 0 <= k <= n:
        raise ValueError(f"cannot choose {k} different ones of {n}")
    return permutation(n, seed, *labels)[:k]


def normals(n: int, seed: int, *labels: Label) -> Floats:
    """`n` standard normal numbers; the same on every machine but for the last bits of a logarithm."""
    return ndtri(((words(n, seed, *labels) >> np.uint64(12)).astype(np.float64) + 0.5) * 2.0**-52)
