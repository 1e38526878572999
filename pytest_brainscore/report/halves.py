"""Halves: scores on one half of the stimuli, where the other half chose the layer, beside scores on all."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from ..analysis.statistics.numbers import listed
from ..specs.results import Row
from .joining import Found

_NAMED = 3


def alike(found: Sequence[Found]) -> list[Found]:
    """The rows, but that of each benchmark only those scores are kept that are on the same stimuli.

    These are the stimuli that most of its scores are on; of as many all stimuli go before a half.
    """
    most = _most(one.row for one in found)
    return [one for one in found if one.row.status != "scored" or most[one.row.benchmark] == one.row.half]


def told(rows: Sequence[Row]) -> str:
    """Which models are scored on half of the stimuli of a benchmark and others are not; "" where none is."""
    most = _most(rows)
    mixed = {row.benchmark for row in _scored(rows) if row.half != most[row.benchmark]}
    halved = [row for row in _scored(rows) if row.half and row.benchmark in mixed]
    if not halved:
        return ""
    models, benchmarks = (_some([getattr(row, of) for row in halved]) for of in ("model", "benchmark"))
    return f"{models}: scored on half of the stimuli (layers: auto), unlike others on {benchmarks}"


def left_out(found: Sequence[Found]) -> str:
    """The same, and whose scores `alike` leaves out; "" where it leaves out none."""
    kept = {id(one) for one in alike(found)}
    models = [one.row.model for one in found if id(one) not in kept]
    return f"{told([one.row for one in found])}; left out there: {_some(models)}" if models else ""


def _most(rows: Iterable[Row]) -> Mapping[str, str]:
    """Of each benchmark the half, or "" for all stimuli, that most scores are on."""
    counts: dict[str, Counter[str]] = {}
    for row in _scored(rows):
        counts.setdefault(row.benchmark, Counter())[row.half] += 1
    return {name: min(of, key=lambda half: (-of[half], half)) for name, of in counts.items()}


def _scored(rows: Iterable[Row]) -> list[Row]:
    return [row for row in rows if row.status == "scored"]


def _some(names: Iterable[str]) -> str:
    """Each name once, the first few."""
    return listed(list(dict.fromkeys(names)), _NAMED)
