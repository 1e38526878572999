"""Optimism: how much better the chosen layers do on the stimuli that chose them than on others."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ...specs.results import Row
from ..statistics.estimates import Estimate, mean
from .hypotheses import FEWEST
from .twins import architecture


@dataclass(frozen=True)
class Optimism:
    """How much more the chosen layers score on the stimuli that chose them than on the test stimuli.

    architectures: whose networks are averaged first, trained and untrained together, since they are no
    independent samples. train, test: means over them. difference: training minus test, the mean over them;
    None for fewer than FEWEST.
    """

    benchmark: str
    architectures: int
    train: float
    test: float
    difference: Estimate | None


def optimism(benchmark: str, rows: Sequence[Row]) -> Optimism | None:
    """Training minus test of the rows that a pool made on one benchmark; None where none has both."""
    found: dict[str, list[tuple[float, float]]] = {}
    for row in rows:
        if row.profile and row.raw is not None and (train := row.also.get("train")) is not None:
            found.setdefault(architecture(row), []).append((train, row.raw))
    if not found:
        return None
    means = [tuple(map(statistics.fmean, zip(*both, strict=True))) for both in found.values()]
    train, test = map(statistics.fmean, zip(*means, strict=True))
    apart = mean(np.array([x - y for x, y in means]), FEWEST)
    return Optimism(benchmark, len(means), train, test, apart)
