"""Ceilings: the raw score that is as high as the recordings allow."""

from __future__ import annotations

import math

from ..specs.results import Row

_ROOTS = ("r2_over_ceiling", "r_over_sqrt_ceiling")


def ceiling_of(row: Row) -> float | None:
    """The raw score at which the ceiled score is 1; None without a ceiling."""
    if row.ceiling is None or row.ceiling <= 0:
        return None
    return math.sqrt(row.ceiling) if row.normalise in _ROOTS else row.ceiling
