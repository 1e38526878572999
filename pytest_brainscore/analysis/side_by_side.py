"""Side by side: a published table and our scores of the same networks."""

from __future__ import annotations

import statistics
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from ..specs.references import Column, Entry, Reference
from ..specs.results import Row
from .outcomes import Outcomes
from .statistics.rank_correlation import spearman

MEAN, TOP1 = "mean", "top-1"
Numbers = Mapping[str, float | None]


@dataclass(frozen=True)
class Pair:
    """A model of the table. theirs, ours: by column, None where there is none; why: of ours, by column."""

    entry: Entry
    theirs: Numbers
    ours: Numbers
    why: Mapping[str, str]


@dataclass(frozen=True)
class Agreement:
    """A column: how many models both have, and the rank correlation (Spearman) over them.

    benchmark: whose scores are ours; None where no model has any, and for mean and top-1. due: the one that
    the table asks for first. spearman: None for fewer than three models, or where one side is constant.
    ceilings: theirs and ours.
    """

    id: str
    models: int
    spearman: float | None
    benchmark: str | None = None
    due: str | None = None
    ceilings: tuple[float | None, float | None] = (None, None)


@dataclass(frozen=True)
class SideBySide:
    """The table: its models in its order, and its columns."""

    reference: Reference
    pairs: tuple[Pair, ...]
    columns: tuple[Agreement, ...]


def side_by_side(reference: Reference, rows: Sequence[Row], top1: Mapping[str, float]) -> SideBySide:
    """The table beside the rows.

    All models of a column are of one benchmark: of those that may stand for it the first with a score. The
    mean is of all columns, and None where one is missing. top1: ImageNet accuracy of our models, per cent.
    """
    scores = Outcomes(rows)
    chosen = {column.id: _chosen(column, scores) for column in reference.columns}
    pairs = tuple(_pair(entry, reference, scores, chosen, top1) for entry in reference.rows)
    columns = [_column(column, chosen[column.id], scores, pairs) for column in reference.columns]
    columns += [_agreement(name, pairs) for name in (MEAN, TOP1)]
    return SideBySide(reference, pairs, tuple(columns))


def _chosen(column: Column, scores: Outcomes) -> str | None:
    return next((name for name in column.benchmarks if name in scores.measured), None)


def _pair(
    entry: Entry,
    reference: Reference,
    scores: Outcomes,
    chosen: Mapping[str, str | None],
    top1: Mapping[str, float],
) -> Pair:
    names = [column.id for column in reference.columns]
    theirs: dict[str, float | None] = dict(zip(names, entry.scores, strict=True))
    ours: dict[str, float | None] = dict.fromkeys(names)
    why: dict[str, str] = {}
    for name, benchmark in chosen.items():
        if entry.model and benchmark:
            outcome = scores.of(entry.model, benchmark, reference.of)
            ours[name] = outcome.value
            if outcome.why is not None:
                why[name] = outcome.why
    accuracy = top1.get(entry.model) if entry.model else None
    return Pair(
        entry,
        {**theirs, MEAN: _mean(theirs), TOP1: entry.top1},
        {**ours, MEAN: _mean(ours), TOP1: accuracy},
        why,
    )


def _mean(numbers: Numbers) -> float | None:
    known = [number for number in numbers.values() if number is not None]
    return statistics.fmean(known) if len(known) == len(numbers) else None


def _column(column: Column, benchmark: str | None, scores: Outcomes, pairs: Sequence[Pair]) -> Agreement:
    ceilings = column.ceiling, scores.ceiling(benchmark) if benchmark else None
    return _agreement(column.id, pairs, benchmark, column.benchmarks[0], ceilings)


def _agreement(
    name: str,
    pairs: Sequence[Pair],
    benchmark: str | None = None,
    due: str | None = None,
    ceilings: tuple[float | None, float | None] = (None, None),
) -> Agreement:
    both = list(_both(name, pairs))
    return Agreement(name, len(both), spearman(both), benchmark, due, ceilings)


def _both(name: str, pairs: Sequence[Pair]) -> Iterator[tuple[float, float]]:
    for pair in pairs:
        theirs, ours = pair.theirs[name], pair.ours[name]
        if theirs is not None and ours is not None:
            yield theirs, ours
