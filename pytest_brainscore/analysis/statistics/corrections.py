"""Corrections: what is left of a finding where several were looked for."""

from __future__ import annotations

from collections.abc import Sequence

from .estimates import LEVEL


def holm(p: Sequence[float | None]) -> tuple[float | None, ...]:
    """Holm's adjusted p values, in the order of `p`; what is None counts for nothing and stays None.

    Each is the level at which its hypothesis is rejected while the chance of any false rejection stays below
    that level, however the tests depend on each other. Holm 1979, Scandinavian Journal of Statistics.
    """
    ordered = sorted((value, i) for i, value in enumerate(p) if value is not None)
    adjusted: list[float | None] = [None] * len(p)
    highest = 0.0
    for rank, (value, i) in enumerate(ordered):
        highest = max(highest, min(1.0, (len(ordered) - rank) * value))
        adjusted[i] = highest
    return tuple(adjusted)


def benjamini_hochberg(p: Sequence[float | None]) -> tuple[float | None, ...]:
    """Adjusted p values of the false discovery rate, in the order of `p`; what is None stays None.

    Of the hypotheses with one below a level, that share is expected to be rejected falsely. Benjamini and
    Hochberg 1995, J. R. Stat. Soc. B 57:289.
    """
    ordered = sorted(((value, i) for i, value in enumerate(p) if value is not None), reverse=True)
    adjusted: list[float | None] = [None] * len(p)
    lowest, n = 1.0, len(ordered)
    for after, (value, i) in enumerate(ordered):
        lowest = min(lowest, value * n / (n - after))
        adjusted[i] = lowest
    return tuple(adjusted)


def level_of_each(count: int, level: float = LEVEL) -> float:
    """The level of each of `count` intervals at which all cover the truth together in `level` of all cases.

    Bonferroni's: the intervals that go with Holm's procedure tell little beyond the sign of what it rejects
    (Strassburger and Bretz 2008, Statistics in Medicine). So Holm's p may find what the interval leaves open.
    """
    return 1 - (1 - level) / max(count, 1)
