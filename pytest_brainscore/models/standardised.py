"""Standardised: units z-scored on some of the stimuli, block by block as they are read."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cached_property

import torch

from ..metrics.scaling import reciprocal
from .coordinates import Columns


class Standardised:
    """The units of `columns` (n, p), less their mean and over their standard deviation (ddof 0) on `rows`.

    Units that are constant there, up to rounding, are zero for all stimuli.
    """

    def __init__(self, columns: Columns, rows: Sequence[int]) -> None:
        self._columns, self._rows = columns, torch.tensor(rows, dtype=torch.int64)
        self.n, self.p = columns.n, columns.p
        self._scales: list[tuple[torch.Tensor, torch.Tensor]] = []

    @cached_property
    def means(self) -> torch.Tensor:
        """Mean of each row over the units, (n,) float64."""
        total = torch.zeros(self.n, dtype=torch.float64)
        for block in self.blocks():
            total += block.sum(1)
        return total / self.p

    def blocks(self) -> Iterator[torch.Tensor]:
        """Yield all units in order, each time (n, c) float64."""
        for at, block in enumerate(self._columns.blocks()):
            if at == len(self._scales):  # units are read several times, and always in the same blocks
                self._scales.append(_scale(block[self._rows].double()))
            mean, factor = self._scales[at]
            yield (block.double() - mean).mul_(factor)

    def matrix(self) -> torch.Tensor:
        """The whole (n, p) float64, in memory."""
        return torch.cat(list(self.blocks()), dim=1)


def _scale(fitted: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Mean and 1 / standard deviation (c,) of units (k, c), the second 0 where they are constant."""
    return fitted.mean(0), reciprocal(fitted.std(0, correction=0), fitted.abs().amax(0))
