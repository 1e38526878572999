"""What the terminal shows of scores: one in each verbose line, and models by benchmarks at the end."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from ..specs.results import Row
from .record import PAYLOAD, row_of
from .run import Run


def status(report: pytest.TestReport) -> tuple[str, str, tuple[str, dict[str, bool]]] | None:
    """The verbose word of a passed item with its score; None leaves it to pytest."""
    payload = getattr(report, PAYLOAD, None)
    if payload is None or report.when != "call" or not report.passed:
        return None
    return "passed", ".", (f"PASSED {number(row_of(payload))}", {"green": True})


def number(row: Row) -> str:
    """Raw score and its standard error."""
    if row.raw is None:
        return row.status
    return f"{row.raw:.4f}" + ("" if row.error is None else f" ±{row.error:.4f}")


def summarise(terminal: pytest.TerminalReporter, this: Run) -> None:
    """Print the table and say where the results are."""
    rows = list(this.book.rows.values())
    if not rows or this.is_worker:
        return
    terminal.section("brain scores", sep="=")
    for line in table(rows, terminal._tw.fullwidth):
        terminal.write_line(line)
    for problem in dict.fromkeys(this.book.problems):
        terminal.write_line(problem, red=True)
    terminal.write_line(f"results: {this.book.folder / 'results.json'}")


def table(rows: list[Row], width: int = 100) -> Iterator[str]:
    """Lines of text: a row per model and layer, a column per benchmark, raw → ceiled under the ceiling."""
    models = list(dict.fromkeys((row.model, row.layer or "") for row in rows))
    benchmarks = list(dict.fromkeys(row.benchmark for row in rows))
    names = {key: "  ".join(filter(None, _label(key, rows))) for key in models}
    cells = {(row.model, row.layer or "", row.benchmark): row for row in rows}
    first = max(len(name) for name in [*names.values(), "ceiling"]) + 2
    per_line = max(1, (width - first) // (_column(benchmarks) + 2))
    for start in range(0, len(benchmarks), per_line):
        shown = benchmarks[start : start + per_line]
        if start:
            yield ""
        yield _line("", shown, first, _column(benchmarks))
        yield _line("ceiling", [_ceiling(rows, b) for b in shown], first, _column(benchmarks))
        for key in models:
            content = [_cell(cells.get((*key, b))) for b in shown]
            if any(content):
                yield _line(names[key], content, first, _column(benchmarks))


def _label(key: tuple[str, str], rows: list[Row]) -> tuple[str, str]:
    """The model; with its layer where the model stands in several."""
    model, layer = key
    layers = {row.layer for row in rows if row.model == model and row.layer}
    return (model, layer) if len(layers) > 1 else (model, "")


def _column(benchmarks: list[str]) -> int:
    return max(16, *(len(b) for b in benchmarks))


def _line(name: str, cells: list[str], first: int, column: int) -> str:
    return (name.ljust(first) + "  ".join(cell.rjust(column) for cell in cells)).rstrip()


def _ceiling(rows: list[Row], benchmark: str) -> str:
    ceilings = {
        f"{row.ceiling:.3f}" for row in rows if row.benchmark == benchmark and row.ceiling is not None
    }
    return ", ".join(sorted(ceilings)) or "-"


def _cell(row: Row | None) -> str:
    if row is None:
        return ""
    if row.raw is None:
        return row.status
    ceiled = "" if row.ceiled is None or row.normalise == "none" else f" → {row.ceiled:.3f}"
    return f"{row.raw:.3f}{ceiled}"
