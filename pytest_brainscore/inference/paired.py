"""Paired: whether two models differ on one benchmark, on the same samples."""

from __future__ import annotations

import math
from dataclasses import dataclass

from scipy.special import stdtr

from .intervals import ends
from .replicates import Sampled
from .variance import minus, variance


@dataclass(frozen=True)
class Difference:
    """Of two raw scores, a - b: the interval at `level`, and the two-sided p of no difference."""

    delta: float
    low: float
    high: float
    se: float
    df: float
    p: float
    level: float = 0.95


def paired(raw_a: float, raw_b: float, a: Sampled, b: Sampled, *, level: float = 0.95) -> Difference | None:
    """The difference of two models' scores, by a t test on the differences of their replicates.

    None where neither has replicates. Scores that are equal on every sample have p = 1.
    Raises MetricError where the two were not resampled alike, and as `variance` does.
    """
    if not a and not b:
        return None
    delta, found = raw_a - raw_b, variance(minus(a, b))
    low, high = ends(delta, found, level)
    return Difference(delta, low, high, found.se, found.df, _p(delta, found.se, found.df), level)


def _p(delta: float, se: float, df: float) -> float:
    if se == 0:
        return 1.0 if delta == 0 else 0.0
    return float(2 * stdtr(df, -math.fabs(delta) / se))
