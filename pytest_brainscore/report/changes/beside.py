"""Beside: a published table and our scores of the same networks, as text and as plain data."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from ...analysis.side_by_side import MEAN, TOP1, Agreement, Pair, SideBySide
from ..runs import Part

_OTHER_WEIGHTS = "*"


def lines(table: SideBySide, parts: Sequence[Part]) -> Iterator[str]:
    """Lines of text: both sides of each column, the rank correlations, and what the columns are of."""
    runs = (
        ", ".join(str(part.file.parent) for part in parts)
        or "no run (there is none under reports/: name one)"
    )
    yield f"{table.reference.title} ({table.reference.reference}) beside {runs}"
    yield ""
    ids = [column.id for column in table.columns]
    grid = [
        ["", "", *(word for id in ids for word in (id, ""))],
        ["theirs", "ours", *("theirs", "ours") * len(ids)],
        *(_row(pair, ids) for pair in table.pairs),
        ["ceiling", "", *(_number(c, column.id) for column in table.columns for c in column.ceilings)],
        ["rank correlation", "", *(cell for column in table.columns for cell in _correlation(column))],
    ]
    widths = [max(map(len, cells)) for cells in zip(*grid, strict=True)]
    for line in grid:
        cells = zip(line, widths, strict=True)
        yield "  ".join(c.ljust(w) if i < 2 else c.rjust(w) for i, (c, w) in enumerate(cells)).rstrip()
    yield ""
    yield from _notes(table)


def _row(pair: Pair, ids: Sequence[str]) -> list[str]:
    mark = _OTHER_WEIGHTS if pair.entry.remark else ""
    numbers = [_number(side[id], id) for id in ids for side in (pair.theirs, pair.ours)]
    return [pair.entry.name, f"{pair.entry.model or '-'}{mark}", *numbers]


def _number(value: float | None, column: str) -> str:
    return "-" if value is None else f"{value:.{2 if column == TOP1 else 3}f}"


def _correlation(column: Agreement) -> tuple[str, str]:
    """The correlation, and of how many models."""
    return ("-" if column.spearman is None else f"{column.spearman:.2f}"), f"n={column.models}"


def _notes(table: SideBySide) -> Iterator[str]:
    """By which method ours were made."""
    for column in table.columns:
        if column.benchmark is not None:
            other = "" if column.benchmark == column.due else f", which stands in for {column.due}"
            yield f"{column.id}, ours: {table.reference.of} score of {column.benchmark}{other}"
        elif column.due is not None:
            yield f"{column.id}, ours: no score of {column.due}, nor of what could stand in for it"
    yield f"{MEAN}: of {', '.join(column.id for column in table.reference.columns)}, where all are there"
    yield f"{TOP1}, ours: ImageNet accuracy (%) of the weights, as models.yaml has it"
    others = [pair.entry for pair in table.pairs if pair.entry.remark]
    if others:
        yield f"{_OTHER_WEIGHTS} our weights are of another training than the table's"
    lacking = [pair.entry.name for pair in table.pairs if pair.entry.model is None]
    if lacking:
        yield f"not in models.yaml: {', '.join(lacking)}"


def document_of(table: SideBySide, parts: Sequence[Part]) -> dict[str, Any]:
    """The same as plain data, for JSON."""
    reference = table.reference
    return {
        "reference": {"id": reference.id, "title": reference.title, "reference": reference.reference},
        "of": reference.of,
        "runs": [str(part.file) for part in parts],
        "columns": {column.id: _column(column) for column in table.columns},
        "models": [
            {
                "name": pair.entry.name,
                "model": pair.entry.model,
                "remark": pair.entry.remark,
                "theirs": dict(pair.theirs),
                "ours": dict(pair.ours),
                "missing": dict(pair.why),
            }
            for pair in table.pairs
        ],
    }


def _column(column: Agreement) -> dict[str, Any]:
    theirs, ours = column.ceilings
    return {
        "benchmark": column.benchmark,
        "due": column.due,
        "ceiling": {"theirs": theirs, "ours": ours},
        "models": column.models,
        "spearman": column.spearman,
    }
