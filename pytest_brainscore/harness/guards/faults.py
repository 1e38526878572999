"""Faults: what of a run's rows fails it under its policy, counted."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping

from ...specs.guards import Level, Word
from ...specs.results import Guarded, Row
from ..options import Settings
from .watch import ACCEPTS

FAILS: Mapping[Level, frozenset[Word]] = {
    "off": frozenset(),
    "warn": frozenset(),
    "on": frozenset({"regressed", "mismatched"}),
    "strict": frozenset({"regressed", "mismatched", "drifted", "improved", "unguarded"}),
}
"""The verdicts that fail an item, by the level of the guards."""

ORDER = (
    *("regressed", "below minimum", "mismatched", "improved", "drifted", "unguarded"),
    *("known and no longer down", "not measured", "skipped"),
)
"""The faults, the most urgent first."""


def counted(rows: Iterable[Row], settings: Settings) -> Iterator[str]:
    """Each fault with how many rows have it: ``9 unguarded``; none where no row fails the run."""
    counts = Counter(fault(row, settings) for row in rows)
    yield from (f"{counts[word]} {word}" for word in ORDER if counts[word])


def fault(row: Row, settings: Settings) -> str | None:
    """Why the row fails its run, as one of ORDER; None where it does not."""
    if row.status == "error":
        return "not measured"
    if row.status == "skipped":
        return "skipped" if settings.guard == "strict" else None
    if row.guard is None or row.verdict is None:
        return None
    if row.guard.known is not None and row.verdict not in FAILS["on"]:
        return None if settings.guard == "warn" else "known and no longer down"
    if row.known is not None or accepted(row, settings):
        return None
    return _judged(row, row.guard, row.verdict, settings.guard)


def accepted(row: Row, settings: Settings) -> bool:
    """Whether this run makes the score the baseline, so that it need not fail."""
    return row.guard is not None and row.guard.updates and row.verdict in ACCEPTS[settings.update]


def _judged(row: Row, guard: Guarded, word: Word, level: Level) -> str | None:
    """Who holds a minimum needs no baseline."""
    if word not in FAILS[level] or (word == "unguarded" and guard.minimum is not None):
        return None
    short = guard.minimum is not None and row.raw is not None and row.raw < guard.minimum
    return "below minimum" if short else word
