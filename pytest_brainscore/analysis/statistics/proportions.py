"""Proportions: in how many of so many cases, with the interval that so few cases leave."""

from __future__ import annotations

import numpy as np
from scipy.special import ndtri

from .estimates import LEVEL


def wilson(share: np.ndarray, n: np.ndarray, level: float = LEVEL) -> tuple[np.ndarray, np.ndarray]:
    """Wilson's interval of a share of n trials: low and high, as `share`. Wilson 1927, JASA 22:209.

    Of no trials it is from 0 to 1, whatever the share.
    """
    z = float(ndtri((1 + level) / 2))
    centre = (n * share + z**2 / 2) / (n + z**2)
    half = z * np.sqrt(n * share * (1 - share) + z**2 / 4) / (n + z**2)
    return centre - half, centre + half


def within(count: int, cases: int, level: float = LEVEL) -> tuple[float, float]:
    """`wilson` of one proportion, as if cases were independent."""
    low, high = wilson(np.array(count / cases), np.array(cases), level)
    return float(low), float(high)


def reaches(bar: float, count: int, cases: int) -> bool | None:
    """Whether a proportion is at least `bar`, by its 95 % interval; None where cases are too few."""
    low, high = within(count, cases)
    if low >= bar:
        return True
    return False if high < bar else None
