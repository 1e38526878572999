"""Cells: the numbers of a score as the page's script reads them."""

from __future__ import annotations

import statistics
from collections.abc import Iterable
from typing import Any

from ...specs.results import Composed, Interval, Row
from ..ceilings import ceiling_of
from ..table import MARKS

Cell = list[Any] | str | None
"""[raw, low, high, ceiling, ceiled, low, high, mark], cut after what is known; a status; None: not run."""
DIGITS = 6
"""Of numbers in the page, which rounds them once more as it shows them; the files have all."""


def of_score(row: Row) -> Cell:
    """The cell of a row."""
    if row.raw is None:
        return row.status
    ceiled = None if row.normalise == "none" else row.ceiled
    ends = (
        *_ends(row.interval),
        row.ceiling,
        ceiled,
        *(_ends(row.ceiled_interval) if ceiled is not None else ()),
    )
    mark = MARKS.get(row.judged, "").strip() or None
    numbers = [_rounded(value) for value in (row.raw, *ends)]
    return cut([*numbers, *[None] * (7 - len(numbers)), mark])


def of_mean(mean: Composed) -> Cell:
    """The cell of a composite; a mark where it is not of all parts."""
    if mean.value is None:
        return "incomplete"
    value = _rounded(mean.value)
    mark = f"{mean.scored}/{mean.parts}" if mean.missing else None
    return cut([value, None, None, None, value, None, None, mark])


def _ends(interval: Interval | None) -> tuple[float | None, float | None]:
    return (interval.low, interval.high) if interval else (None, None)


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, DIGITS)


def cut(cell: list[Any]) -> list[Any]:
    """The cell without what is not known at its end."""
    while cell and cell[-1] is None:
        cell.pop()
    return cell


def of_perfect(rows: Iterable[Row]) -> Cell:
    """The raw score whose ceiled one is 1, median over models; None where no ceiling divides it."""
    value = middle(ceiling_of(row) for row in rows if row.normalise not in (None, "none"))
    return None if value is None else [value]


def of_ceilings(rows: Iterable[Row]) -> Cell:
    """The median ceiling of a benchmark: models may have several, where neuroids were left out."""
    value = middle(row.ceiling for row in rows)
    return None if value is None else [None, None, None, value]


def of_shuffled(rows: Iterable[Row]) -> Cell:
    """The median over models of what 95 % of shuffled scores stay below."""
    value = middle(row.null.high for row in rows if row.null)
    return None if value is None else [value]


def middle(values: Iterable[float | None]) -> float | None:
    """The median of what is known; None where nothing is."""
    there = [value for value in values if value is not None]
    return _rounded(statistics.median(there)) if there else None
