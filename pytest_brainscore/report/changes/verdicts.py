"""Verdicts of a run as Markdown: what its guards say first, then all scores."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from ...specs.results import Composed, Guarded, Row
from .. import composites
from ..composites import figure
from ..table import MARKS
from .markdown import Block, Grid, code

ORDER = ("regressed", "mismatched", "improved", "drifted", "known", "same", "unguarded")
"""Verdicts, the most urgent first; a regression that is known comes after what is new."""
_MOVED = ("regressed", "mismatched", "improved", "drifted")
_MODELS = 6
"""So many columns of scores stand side by side."""


@dataclass(frozen=True)
class Told:
    """A run as it is told. name: its id. remarks: what a reader should know first, such as a cut.

    updates: whether it wrote baselines: scores that had none have one now. failed: what failed it, and under
    which policy, as a sentence in Markdown; empty where nothing did.
    """

    name: str
    rows: Sequence[Row]
    composed: Sequence[Composed] = ()
    remarks: Sequence[str] = ()
    updates: bool = False
    failed: str = ""


def blocks(run: Told) -> Iterator[Block]:
    """What failed it; the count of verdicts; what moved, is known, or has no score; then all scores."""
    yield from (run.failed,) * bool(run.failed)
    yield f"### Brain scores: {_counted(run.rows, run.updates)}"
    yield from (code(remark) for remark in run.remarks)
    yield from _moved(run.rows)
    yield from _known(run.rows)
    yield from _unscored(run.rows)
    yield from () if run.updates else _unguarded(run.rows)
    yield from _scores(run.rows, run.composed)
    in_se = "In se: in standard errors of the baseline over splits. " if _tells_se(run.rows) else ""
    yield f"Run {code(run.name)}. {in_se}Raw → ceiled scores."


def _counted(rows: Sequence[Row], updates: bool) -> str:
    new = sum(_is_unguarded(row) and row.guard.updates for row in rows if row.guard) if updates else 0
    verdicts = Counter[str](row.judged for row in rows if row.judged is not None)
    verdicts["unguarded"] -= new
    statuses = Counter[str](row.status for row in rows)
    said = [f"{verdicts[word]} {word}{MARKS.get(word, '')}" for word in ORDER if verdicts[word]]
    said += [f"{new} new {'baseline' if new == 1 else 'baselines'}"] * bool(new)
    said = said or [f"{statuses['scored']} scored"] * bool(statuses["scored"])
    lacks = {"error": "not measured", "skipped": "skipped"}
    said += [f"{statuses[word]} {name}" for word, name in lacks.items() if statuses[word]]
    return ", ".join(said) or "nothing was scored"


def _moved(rows: Sequence[Row]) -> Iterator[Block]:
    moved = [row for row in rows if row.judged in _MOVED and row.guard]
    moved.sort(key=lambda row: (_MOVED.index(str(row.judged)), -abs(row.delta or 0.0)))
    if moved:
        header = (
            "verdict",
            "benchmark",
            "model",
            "baseline",
            "score",
            "difference",
            "in se",
            "what else differs",
        )
        yield Grid(header, [_verdict(row) for row in moved], frozenset({3, 4, 5, 6}))
    elif any(row.verdict == "same" for row in rows):
        yield "No guarded score moved."


def _verdict(row: Row) -> list[str]:
    guard = row.guard
    assert guard is not None
    differs = "; ".join(guard.changed) or "nothing else"
    if row.verdict == "mismatched":
        differs = guard.message.removeprefix("mismatched: ")
    elif guard.minimum is not None and row.raw is not None and row.raw < guard.minimum:
        differs = f"below the minimum {guard.minimum:.4f}; {differs}"
    word = f"**{row.verdict}**{MARKS.get(row.verdict, '')}"
    return [word, *_compared(row, guard), code(differs)]


def _tells_se(rows: Sequence[Row]) -> bool:
    """Whether a table has a difference in standard errors."""
    told = [row.guard for row in rows if row.known or row.judged in _MOVED]
    return any(guard is not None and guard.delta_in_se is not None for guard in told)


def _known(rows: Sequence[Row]) -> Iterator[Block]:
    """Regressions that the policy knows, and scores that it says have fallen and that have not."""
    header = ("known regression", "benchmark", "model", "baseline", "score", "difference", "in se", "why")
    fallen = [
        [f"known{MARKS['known']}", *_compared(row, row.guard), code(row.known)]
        for row in rows
        if row.known and row.guard
    ]
    if fallen:
        yield Grid(header, fallen, frozenset({3, 4, 5, 6}))
    for row in rows:
        if row.guard and row.guard.known and row.verdict not in ("regressed", "mismatched"):
            named = f"{code(row.guard.key)} on {code(row.benchmark)}"
            yield f"{named} is no longer down ({code(row.guard.known)}): take it out of `guard.known`."


def _compared(row: Row, guard: Guarded) -> list[str]:
    """Benchmark, model, baseline, score, and the difference in score units and in standard errors."""
    delta = row.delta
    before = "-" if delta is None or row.raw is None else f"{row.raw - delta:z.4f}"
    in_se = "-" if guard.delta_in_se is None else f"{guard.delta_in_se:+z.1f}"
    moved = "-" if delta is None else f"{delta:+z.4f}"
    return [code(row.benchmark), code(guard.key), before, _raw(row), moved, in_se]


def _raw(row: Row) -> str:
    return "-" if row.raw is None else f"{row.raw:z.4f}"


def _unscored(rows: Sequence[Row]) -> Iterator[Block]:
    """What could not be measured, and what was skipped, with why."""
    unscored = [row for row in rows if row.status != "scored"]
    unscored.sort(key=lambda row: row.status)
    if unscored:
        cells = [
            [row.status, code(row.benchmark), code(row.model), code(row.message or "")] for row in unscored
        ]
        yield Grid(("not scored", "benchmark", "model", "why"), cells)


def _is_unguarded(row: Row) -> bool:
    return row.verdict == "unguarded"


def _unguarded(rows: Sequence[Row]) -> Iterator[Block]:
    keys = [row.guard.key for row in rows if _is_unguarded(row) and row.guard]
    if keys:
        models = list(dict.fromkeys(keys))
        named = ", ".join(map(code, models[:_MODELS])) + (", ..." if len(models) > _MODELS else "")
        yield f"{len(keys)} score(s) without a baseline ({named}): `--brainscore-update new` writes one."


def _scores(rows: Sequence[Row], composed: Sequence[Composed]) -> Iterator[Block]:
    """A row per benchmark and composite, a column per model; few models side by side, the others below."""
    scored = [row for row in rows if row.status == "scored"]
    columns = list(dict.fromkeys(_column(row) for row in scored))
    means = composites.shown(composed)
    cells = {(row.benchmark, _column(row)): _cell(row) for row in scored}
    cells |= {(one.composite, one.model): composites.cell(one) for one in means}
    names = list(dict.fromkeys([*(row.benchmark for row in scored), *(one.composite for one in means)]))
    for start in range(0, len(columns), _MODELS):
        shown = columns[start : start + _MODELS]
        grid = [[code(name), *(cells.get((name, column), "") for column in shown)] for name in names]
        yield Grid(("scores", *map(code, shown)), grid, frozenset(range(1, len(shown) + 1)))


def _column(row: Row) -> str:
    return row.guard.key if row.guard else f"{row.model}:{row.layer}" if row.named else row.model


def _cell(row: Row) -> str:
    ceiled = "" if row.ceiled is None or row.normalise == "none" else f" → {figure(row.ceiled)}"
    return ("-" if row.raw is None else figure(row.raw)) + ceiled + MARKS.get(row.judged, "")
