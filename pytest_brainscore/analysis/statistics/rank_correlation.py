"""Rank correlation: Spearman's rho, its interval and its p, and how they are told."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from scipy.special import ndtr, ndtri

from .estimates import LEVEL
from .numbers import RHO, estimate

_FEWEST = 3
FEWEST_WITH_INTERVAL = 6
_ROUNDING = 1e-12


def spearman(pairs: Sequence[tuple[float, float]]) -> float | None:
    """Spearman's rho; ties have the mean of their ranks. None for fewer than three pairs, or a constant."""
    first, second = [one for one, _ in pairs], [one for _, one in pairs]
    if len(pairs) < _FEWEST or 1 in (len(set(first)), len(set(second))):
        return None
    return float(np.corrcoef(_ranks(first), _ranks(second))[0, 1])


def interval(rho: float, n: int, level: float = LEVEL) -> tuple[float, float] | None:
    """The interval of Spearman's rho of n pairs, on Fisher's z with variance (1 + rho^2 / 2) / (n - 3).

    None for fewer than six pairs, and where all ranks agree, up to rounding: it would be a point. Bonett and
    Wright 2000, Psychometrika.
    """
    if n < FEWEST_WITH_INTERVAL or _perfect(rho):
        return None
    half = float(ndtri((1 + level) / 2)) * _se(rho, n)
    return math.tanh(math.atanh(rho) - half), math.tanh(math.atanh(rho) + half)


def p_of(rho: float, n: int) -> float | None:
    """The two-sided p of no rank correlation that goes with `interval`; None where that is."""
    if n < FEWEST_WITH_INTERVAL or _perfect(rho):
        return None
    return float(2 * ndtr(-abs(math.atanh(rho)) / _se(rho, n)))


def told(rho: float, low: float | None, high: float | None, n: int, digits: int = 3) -> str:
    """``ρ 0.412 [0.101, 0.660]``; where it has no interval, why."""
    said = f"{RHO} {estimate(rho, low, high, digits)}"
    return said if low is not None else f"{said} ({why_none(rho, n)}: no interval)"


def why_none(rho: float, n: int) -> str:
    """Why rho of n pairs has no interval: ``all ranks agree (n = 5)``, or that n alone."""
    return f"all ranks agree (n = {n})" if _perfect(rho) else f"n = {n}"


def _perfect(rho: float) -> bool:
    return abs(rho) >= 1 - _ROUNDING


def _se(rho: float, n: int) -> float:
    """Of Fisher's z of rho."""
    return math.sqrt((1 + rho**2 / 2) / (n - 3))


def _ranks(values: Sequence[float]) -> np.ndarray:
    """Ranks (n,) from 1; ties have the mean of theirs."""
    _, places, counts = np.unique(values, return_inverse=True, return_counts=True)
    means: np.ndarray = np.cumsum(counts) - (counts - 1) / 2
    return means[places]
