"""The table of scores: models by benchmarks, as text."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from ..specs.results import Composed, Row
from . import composites
from .composites import figure

MARKS: Mapping[str | None, str] = {
    "regressed": " ↓",
    "known": " (↓)",
    "improved": " ↑",
    "drifted": " ~",
    "mismatched": " ≠",
}


def table(rows: Sequence[Row], width: int = 100, composed: Sequence[Composed] = ()) -> Iterator[str]:
    """Lines of text, a row per benchmark: its ceiling, then raw → ceiled of each model.

    The composites that have a value for any model follow, a row each. Models that do not fit into the width
    follow below. At the end the profiles, of models that were scored in several layers.
    """
    several = {key for key, layers in _layers(rows).items() if len(layers) > 1}
    profiled = [row for row in rows if (row.model, row.benchmark) in several]
    others = [row for row in rows if (row.model, row.benchmark) not in several]
    yield from _scores(others, width, composed) if others else ()
    yield from _profile(profiled, width) if profiled else ()


def _scores(rows: Sequence[Row], width: int, composed: Sequence[Composed]) -> Iterator[str]:
    ceilings = _ceilings(rows)
    cells = {(row.benchmark, row.model): row for row in rows}
    benchmarks, models = list(ceilings), list(dict.fromkeys(row.model for row in rows))
    means = {(one.composite, one.model): composites.cell(one) for one in composites.shown(composed)}
    named = list(dict.fromkeys(composite for composite, _ in means))
    first, second = max(map(len, [*benchmarks, *named])), max(map(len, ["ceiling ", *ceilings.values()]))
    contents = [*models, *means.values(), *(_cell(row) for row in rows)]
    column = max(len("0.000 → 0.000"), *map(len, contents))
    per_line = max(1, (width - first - second - 2) // (column + 2))
    for start in range(0, len(models), per_line):
        shown = models[start : start + per_line]
        yield _line("", "ceiling".rjust(second), shown, first, column)
        for benchmark in benchmarks:
            content = [_cell(cells.get((benchmark, model))) for model in shown]
            yield _line(benchmark, ceilings[benchmark].rjust(second), content, first, column)
        for composite in named:
            content = [means.get((composite, model), "") for model in shown]
            yield _line(composite, "".rjust(second), content, first, column)


def _profile(rows: Sequence[Row], width: int) -> Iterator[str]:
    """A row per model and layer, in their order, and a column per benchmark, beginning with the ceilings."""
    ceilings = _ceilings(rows)
    cells = {(f"{row.model} {row.layer}", row.benchmark): _cell(row) for row in rows}
    names = list(dict.fromkeys(name for name, _ in cells))
    first = max(map(len, ["ceiling", *names]))
    column = max(map(len, [*ceilings, *cells.values()]))
    per_line = max(1, (width - first) // (column + 2))
    for start in range(0, len(ceilings), per_line):
        shown = list(ceilings)[start : start + per_line]
        yield _row("", shown, first, column)
        yield _row("ceiling", [ceilings[benchmark] for benchmark in shown], first, column)
        for name in names:
            yield _row(name, [cells.get((name, benchmark), "") for benchmark in shown], first, column)


def _layers(rows: Sequence[Row]) -> dict[tuple[str, str], set[str | None]]:
    """The layers that each model was scored in on each benchmark."""
    found: dict[tuple[str, str], set[str | None]] = {}
    for row in rows:
        found.setdefault((row.model, row.benchmark), set()).add(row.layer)
    return found


def _line(name: str, ceiling: str, cells: list[str], first: int, column: int) -> str:
    return _row(f"{name.ljust(first)}  {ceiling}", cells, first, column)


def _row(name: str, cells: list[str], first: int, column: int) -> str:
    return "  ".join([name.ljust(first), *(cell.rjust(column) for cell in cells)]).rstrip()


def _ceilings(rows: Sequence[Row]) -> dict[str, str]:
    """The ceiling of each benchmark; from the lowest to the highest where models have several."""
    found: dict[str, list[float]] = {}
    for row in rows:
        found.setdefault(row.benchmark, []).extend([] if row.ceiling is None else [row.ceiling])
    ends = {benchmark: dict.fromkeys(map(figure, (min(c), max(c)))) for benchmark, c in found.items() if c}
    return {benchmark: "–".join(ends.get(benchmark, ["-"])) for benchmark in found}


def _cell(row: Row | None) -> str:
    if row is None:
        return ""
    if row.raw is None:
        return row.status
    ceiled = "" if row.ceiled is None or row.normalise == "none" else f" → {figure(row.ceiled)}"
    return f"{figure(row.raw)}{ceiled}{MARKS.get(row.judged, '')}"
