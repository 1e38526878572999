"""Standardised: a difference of groups in units of the spread between networks, with its interval."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import exp, lgamma, sqrt

import numpy as np
from scipy.special import nctdtrinc

from .estimates import LEVEL

_LARGEST = 500.0


@dataclass(frozen=True)
class Standardised:
    """Hedges' g, and the 95 % interval of the population's difference in standard deviations.

    low, high: None where t is beyond 500, of which the noncentral distribution is not told reliably.
    """

    g: float
    low: float | None
    high: float | None


def of_groups(first: Sequence[float], second: Sequence[float]) -> Standardised | None:
    """The mean of the first group minus that of the second, over their pooled standard deviation.

    Bias-corrected by J(n1 + n2 - 2). The interval is that of the noncentral t distribution (Steiger and
    Fouladi 1997), exact where groups are normal and spread alike. None where nothing varies within groups,
    for fewer than four networks, and where a group is empty. Hedges 1981, J. of Educational Statistics 6:107.
    """
    a, b = np.asarray(first, dtype=float), np.asarray(second, dtype=float)
    df = len(a) + len(b) - 2
    if df < 2 or not len(a) or not len(b):
        return None
    squares = float(((a - a.mean()) ** 2).sum() + ((b - b.mean()) ** 2).sum())
    return _standardised(float(a.mean() - b.mean()), squares, df, sqrt(1 / len(a) + 1 / len(b)))


def of_pairs(first: Sequence[float], second: Sequence[float]) -> Standardised | None:
    """The mean of the pairs' differences over the standard deviation of these differences.

    Partners are alike, so this is larger than what `of_groups` makes of the same scores: the two are not
    compared. None for fewer than three pairs, and where differences do not vary.
    """
    differences = np.asarray(first, dtype=float) - np.asarray(second, dtype=float)
    n = len(differences)
    if n < 3:
        return None
    squares = float(((differences - differences.mean()) ** 2).sum())
    return _standardised(float(differences.mean()), squares, n - 1, sqrt(1 / n))


def correction(df: float) -> float:
    """J: what a standardised difference is multiplied by to be unbiased, df at least 2."""
    return exp(lgamma(df / 2) - lgamma((df - 1) / 2)) / sqrt(df / 2)


def _standardised(difference: float, squares: float, df: int, scale: float) -> Standardised | None:
    """scale: the standard error of the difference where the standard deviation is 1."""
    if squares <= 1e-24 * df * max(1.0, difference**2):
        return None
    d = difference / sqrt(squares / df)
    low, high = _noncentral(d / scale, df) or (None, None)
    return Standardised(
        correction(df) * d, None if low is None else low * scale, None if high is None else high * scale
    )


def _noncentral(t: float, df: int) -> tuple[float, float] | None:
    """The noncentralities at which so large, and so small, a t is seen in (1 - LEVEL) / 2 of all cases."""
    if abs(t) > _LARGEST:
        return None
    tail, size = (1 - LEVEL) / 2, abs(t)
    low, high = (float(nctdtrinc(df, p, size)) for p in (1 - tail, tail))
    return (low, high) if t >= 0 else (-high, -low)
