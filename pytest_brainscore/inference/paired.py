"""Paired: whether two models differ on one benchmark, on the same samples."""

from __future__ import annotations

import math
from dataclasses import dataclass

from scipy.special import stdtr

from ..errors import MetricError
from .intervals import ends
from .one_factor import Variance
from .replicates import Sampled, minus
from .variance import variance

UNKNOWN = (
    "how far these scores would move with other stimuli was not measured: score again with"
    " --brainscore-intervals refit, or write `inference: {intervals: refit}` into the benchmark's YAML entry"
)
EXACT = 1e-12
"""A standard error of a smaller share of the difference is a rounding error."""


@dataclass(frozen=True)
class Difference:
    """Of two raw scores, a - b: the interval at `level`, and the two-sided p of no difference.

    over: what was resampled: stimulus, neuroid, subject.
    """

    delta: float
    low: float
    high: float
    se: float
    df: float
    p: float
    level: float = 0.95
    over: tuple[str, ...] = ()


def paired(raw_a: float, raw_b: float, a: Sampled, b: Sampled, *, level: float = 0.95) -> Difference | None:
    """The difference of two models' scores, by a t test on the differences of their replicates.

    None where neither has replicates. Scores that are equal on every sample have p = 1.
    Raises MetricError where the two were not resampled alike, where the scores depend on stimuli and these
    were no sample, where two scores differ by the same on every sample, and as `variance` does.
    """
    if not a and not b:
        return None
    if any(replicates.alone for replicates in (*a.values(), *b.values())):
        raise MetricError(UNKNOWN)
    delta, found = raw_a - raw_b, variance(minus(a, b))
    low, high = ends(delta, found, level)
    over = tuple(factor for factor in a if factor != "both")
    return Difference(delta, low, high, found.se, found.df, _p(delta, found), level, over)


def _p(delta: float, found: Variance) -> float:
    if found.se > EXACT * math.fabs(delta):
        return float(2 * stdtr(found.df, -math.fabs(delta) / found.se))
    if delta != 0:
        raise MetricError(f"the scores differ by {delta:g} on every sample: samples say nothing of its error")
    return 1.0
