"""Tracks: what the guard said of each model and benchmark, run after run."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from ..specs.results import Row
from .evidence import Evidence
from .runs import Part

_UNJUDGED = (None, "unguarded")


@dataclass(frozen=True)
class Point:
    """A guarded model in a run. baseline: the score it was held against, in the metric's unit."""

    run: str
    started: str
    row: Row

    @property
    def baseline(self) -> float | None:
        """None where the guard compared nothing."""
        raw, delta = self.row.raw, self.row.delta
        return None if raw is None or delta is None else raw - delta


@dataclass(frozen=True)
class Track:
    """A model (a layer of it, where layers were named) on a benchmark: at least two runs, oldest first."""

    benchmark: str
    model: str
    points: tuple[Point, ...]

    @property
    def newest(self) -> Point:
        """The last run's."""
        return self.points[-1]

    @property
    def quiet(self) -> bool:
        """Whether the newest score is as its baseline."""
        return self.newest.row.verdict == "same"


def tracks(evidence: Evidence) -> tuple[Track, ...]:
    """Tracks of the pairs that the report is of and that any run judged; those that moved come first."""
    benchmarks = {row.benchmark for row in evidence.rows}
    found: dict[tuple[str, str], list[Point]] = {}
    for part in _runs(evidence):
        for row in part.rows:
            if row.status == "scored" and row.benchmark in benchmarks and row.guard:
                point = Point(part.name, part.started or "", row)
                found.setdefault((row.benchmark, row.guard.key), []).append(point)
    made = [Track(*key, tuple(points)) for key, points in found.items() if len(points) > 1]
    return tuple(sorted(_judged(made), key=lambda track: track.quiet))


def _runs(evidence: Evidence) -> Sequence[Part]:
    """All runs, each once, oldest first."""
    once = {part.file.absolute(): part for part in (*evidence.history, *evidence.parts)}
    return sorted(once.values(), key=lambda part: (part.started or "", part.name))


def _judged(every: Sequence[Track]) -> Iterator[Track]:
    return (one for one in every if any(point.row.verdict not in _UNJUDGED for point in one.points))
