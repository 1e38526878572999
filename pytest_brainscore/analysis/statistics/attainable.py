"""Attainable: how small a p so few could give, whatever they score."""

from __future__ import annotations

from math import comb

from .estimates import LEVEL


def of_groups(first: int, second: int) -> float:
    """The least two-sided p of exchanging labels: twice one of the ways to deal out two groups, at most 1.

    >>> round(of_groups(6, 1), 3), of_groups(0, 3)
    (0.286, 1.0)
    """
    return min(1.0, 2 / comb(first + second, first))


def of_signs(n: int) -> float:
    """The least two-sided p of changing the signs of n differences: two of 2^n ways, at most 1.

    >>> of_signs(4), of_signs(6)
    (0.125, 0.03125)
    """
    return min(1.0, 2.0 ** (1 - n))


def can_tell(least_p: float) -> bool:
    """Whether a test with this least p can reject at 5 %."""
    return least_p <= round(1 - LEVEL, 12)
