"""The error of a ceiled score, from that of the raw one."""

from __future__ import annotations

from collections.abc import Mapping

from ..specs.results import Row

_POWERS: Mapping[str | None, int] = {
    "r2_over_ceiling": 2,
    "r2_over_ceiling2": 2,
    "r_over_ceiling": 1,
    "r_over_sqrt_ceiling": 1,
}
"""The power of the raw score in the ceiled one, by normalisation (`metrics.normalise` defines them)."""


def error_of(row: Row, what: str) -> float | None:
    """The standard error of a row's raw or ceiled score; None where it is not known.

    That of a ceiled score is the raw one's to first order: its relative error, times the power of the raw
    score in the ceiled one. The ceiling counts as exact. None where the ceiled score is zero, where it is
    clipped, so that it does not move as the raw one does, and where it is measured from chance, which a row
    does not say.
    """
    if what == "raw" or row.error is None:
        return row.error
    if row.clipped:
        return None
    if row.normalise == "none":
        return row.error
    power = _POWERS.get(row.normalise)
    return power * abs(row.ceiled / row.raw) * row.error if power and row.raw and row.ceiled else None
