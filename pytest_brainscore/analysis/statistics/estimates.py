"""Estimates: a figure with what its interval is made of."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product

import numpy as np
from scipy.special import stdtr, stdtrit

LEVEL = 0.95
RESAMPLES = 10_000
_MOST_EXACT = 6


@dataclass(frozen=True)
class Estimate:
    """A mean or a difference, its standard error and the degrees of freedom of Student's t."""

    value: float
    se: float
    df: float

    def interval(self, level: float = LEVEL) -> tuple[float, float]:
        """The ends of the interval that covers the truth in `level` of all cases."""
        half = float(stdtrit(self.df, (1 + level) / 2)) * self.se
        return self.value - half, self.value + half

    @property
    def p(self) -> float | None:
        """Two-sided, of no difference."""
        if self.se == 0:
            return 1.0 if self.value == 0 else 0.0
        return float(2 * stdtr(self.df, -abs(self.value) / self.se))


@dataclass(frozen=True, eq=False)
class Resampled:
    """A mean, and the means of resamples, each equally likely."""

    value: float
    means: np.ndarray
    df: None = None
    p: None = None

    def interval(self, level: float = LEVEL) -> tuple[float, float]:
        """Percentiles of the resamples' means, between ranks by linear interpolation."""
        low, high = np.percentile(self.means, [50 * (1 - level), 50 * (1 + level)])
        return float(low), float(high)


def mean(values: np.ndarray, fewest: int = 2) -> Estimate | None:
    """The mean of independent values and its t interval; None for fewer than `fewest`."""
    n = len(values)
    if n < fewest:
        return None
    return Estimate(float(values.mean()), float(values.std(ddof=1) / np.sqrt(n)), n - 1)


def bootstrap(values: np.ndarray, seed: int = 0) -> Resampled | None:
    """The mean of values, and of their resamples with replacement; None for fewer than two values.

    Up to 6 values all n^n resamples are taken, so that nothing is drawn; of more, 10,000 that `seed` draws.
    """
    n = len(values)
    if n < 2:
        return None
    if n <= _MOST_EXACT:
        rows = np.array(list(product(range(n), repeat=n)))
        return Resampled(float(values.mean()), values[rows].mean(axis=1))
    counts = np.random.default_rng(seed).multinomial(n, np.full(n, 1 / n), RESAMPLES)
    return Resampled(float(values.mean()), counts @ values / n)
