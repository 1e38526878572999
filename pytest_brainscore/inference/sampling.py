"""Sampling: which stimuli, neuroids or subjects make a sample, the same ones for every model."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from ..errors import MetricError


@dataclass(frozen=True)
class Sampling:
    """Where samples come from.

    key: what must have the same samples, such as a benchmark's digest: never the model.
    replicates: how many resamples of a bootstrap. groups: of stimuli, that a jackknife leaves out in turn.

    Samples are made of the raw 64-bit words of the counter-based generator Philox (Salmon et al. 2011), whose
    stream numpy promises never to change, keyed by SHA-256 of `key` and the factor.
    """

    key: str
    replicates: int = 1000
    groups: int = 20

    def draws(self, factor: str, n: int, count: int | None = None) -> Iterator[Tensor]:
        """`replicates` (or `count`) samples of n, with replacement, each (n,) int64.

        Raises MetricError for fewer than 2 of the factor: they are no sample.
        """
        if n < 2:
            raise MetricError(f"{n} {factor}: a sample needs 2 or more")
        words = self._words(factor)
        for _ in range(self.replicates if count is None else count):
            drawn = (words.random_raw(n) >> np.uint64(11)).astype(np.float64) * 2.0**-53 * n
            yield torch.from_numpy(drawn.astype(np.int64))

    def parts(self, n: int) -> list[Tensor]:
        """The rows (sorted) of each group of n stimuli: a random partition, sizes that differ by one at most.

        Fewer stimuli than groups: each is a group. Raises MetricError for fewer than 2 stimuli.
        """
        if n < 2:
            raise MetricError(f"{n} stimuli cannot be left out in turn: a jackknife needs 2 or more")
        order = np.argsort(self._words("groups").random_raw(n), kind="stable").astype(np.int64)
        return [torch.from_numpy(np.sort(part)) for part in np.array_split(order, min(self.groups, n))]

    def orders(self, n: int, count: int) -> Iterator[Tensor]:
        """`count` random orders of n stimuli, each (n,) int64."""
        words = self._words("orders")
        for _ in range(count):
            yield torch.from_numpy(np.argsort(words.random_raw(n), kind="stable").astype(np.int64))

    def _words(self, what: str) -> np.random.Philox:
        digest = hashlib.sha256(f"{self.key}\0{what}".encode()).digest()
        return np.random.Philox(key=np.frombuffer(digest[:16], dtype="<u8").astype(np.uint64))


def without(part: Tensor, n: int) -> Tensor:
    """Rows (n - k,) of n stimuli that are left without those of `part` (k,), in order."""
    kept = torch.ones(n, dtype=torch.bool)
    kept[part] = False
    return kept.nonzero().flatten()
