"""The table of scores: models by benchmarks, as text."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from ..specs.results import Composed, Row
from . import composites

MARKS: Mapping[str | None, str] = {"regressed": " ↓", "improved": " ↑", "drifted": " ~", "mismatched": " ≠"}


def table(rows: Sequence[Row], width: int = 100, composed: Sequence[Composed] = ()) -> Iterator[str]:
    """Lines of text, a row per benchmark: its ceiling, then raw → ceiled of each model.

    The composites that have a value for any model follow, a row each. Models that do not fit into the width
    follow below. A model in several layers has a column for each.
    """
    ceilings, layers = _ceilings(rows), _layers(rows)
    labels = [_label(row, layers[row.model, row.benchmark]) for row in rows]
    cells = {(row.benchmark, label): row for row, label in zip(rows, labels, strict=True)}
    benchmarks, models = list(ceilings), list(dict.fromkeys(labels))
    means = {(one.composite, one.model): composites.cell(one) for one in composites.shown(composed)}
    named = list(dict.fromkeys(composite for composite, _ in means))
    first = max(map(len, [*benchmarks, *named]))
    contents = [*models, *means.values(), *(_cell(row) for row in rows)]
    column = max(len("0.000 → 0.000"), *map(len, contents))
    per_line = max(1, (width - first - 10) // (column + 2))
    for start in range(0, len(models), per_line):
        shown = models[start : start + per_line]
        yield _line("", "ceiling", shown, first, column)
        for benchmark in benchmarks:
            content = [_cell(cells.get((benchmark, model))) for model in shown]
            yield _line(benchmark, ceilings[benchmark], content, first, column)
        for composite in named:
            content = [means.get((composite, model), "") for model in shown]
            yield _line(composite, "", content, first, column)


def _layers(rows: Sequence[Row]) -> dict[tuple[str, str], set[str | None]]:
    """The layers that each model was scored in on each benchmark."""
    found: dict[tuple[str, str], set[str | None]] = {}
    for row in rows:
        found.setdefault((row.model, row.benchmark), set()).add(row.layer)
    return found


def _label(row: Row, layers: set[str | None]) -> str:
    """The model; with its layer where it was scored in several on one benchmark."""
    return f"{row.model} {row.layer}" if len(layers) > 1 else row.model


def _line(name: str, ceiling: str, cells: list[str], first: int, column: int) -> str:
    return "  ".join([name.ljust(first), ceiling.rjust(8), *(cell.rjust(column) for cell in cells)]).rstrip()


def _ceilings(rows: Sequence[Row]) -> dict[str, str]:
    found: dict[str, set[str]] = {}
    for row in rows:
        found.setdefault(row.benchmark, set()).update([] if row.ceiling is None else [f"{row.ceiling:.3f}"])
    return {benchmark: ", ".join(sorted(ceilings)) or "-" for benchmark, ceilings in found.items()}


def _cell(row: Row | None) -> str:
    if row is None:
        return ""
    if row.raw is None:
        return row.status
    ceiled = "" if row.ceiled is None or row.normalise == "none" else f" → {row.ceiled:.3f}"
    return f"{row.raw:.3f}{ceiled}{MARKS.get(row.verdict, '')}"
