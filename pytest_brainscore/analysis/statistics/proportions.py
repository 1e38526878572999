"""Proportions: in how many of so many cases, with the interval that so few cases leave."""

from __future__ import annotations

from scipy.stats import binomtest


def within(count: int, cases: int, level: float = 0.95) -> tuple[float, float]:
    """The Wilson interval of a proportion, as if cases were independent.

    Wilson 1927, J. Am. Stat. Assoc. 22:209.
    """
    found = binomtest(count, cases).proportion_ci(level, method="wilson")
    return float(found.low), float(found.high)


def reaches(bar: float, count: int, cases: int) -> bool | None:
    """Whether a proportion is at least `bar`, by its 95 % interval; None where cases are too few."""
    low, high = within(count, cases)
    if low >= bar:
        return True
    return False if high < bar else None
