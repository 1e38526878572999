"""What the terminal shows of scores: one in each verbose line, and models by benchmarks at the end."""

from __future__ import annotations

import shutil
from collections import Counter
from collections.abc import Iterator, Mapping

import pytest

from ..specs.results import Row
from . import failures
from .baselines import FOLDER
from .ending import skipped_under_strict
from .paths import below
from .record import PAYLOAD
from .rows import row_of
from .run import Run

MARKS: Mapping[str | None, str] = {"regressed": " ↓", "improved": " ↑", "drifted": " ~", "mismatched": " ≠"}


def status(report: pytest.TestReport) -> tuple[str, str, tuple[str, dict[str, bool]]] | None:
    """The verbose word of a measured item with its score; None leaves it to pytest."""
    payload = getattr(report, PAYLOAD, None)
    if payload is None or report.when != "call" or report.skipped or hasattr(report, "wasxfail"):
        return None
    said = f"{number(row_of(payload))}{moved(row_of(payload))}"
    if report.passed:
        return "passed", ".", (f"PASSED {said}", {"green": True})
    return "failed", "F", (f"FAILED {said}", {"red": True})


def number(row: Row) -> str:
    """Raw score and its standard error."""
    return row.status if row.raw is None else failures.number(row.raw, row.error)


def moved(row: Row) -> str:
    """The verdict, where there is something to see, and how far the score moved."""
    if row.verdict in (None, "same", "unguarded"):
        return ""
    return f" {row.verdict}" + ("" if row.delta is None else f" {row.delta:+.4f}")


def summarise(terminal: pytest.TerminalReporter, this: Run) -> None:
    """Print the table, what the guards say, and where the results are."""
    rows = this.book.results
    if this.idle:
        terminal.write_line(f"brainscore: shard {this.settings.shard} has nothing to score")
    if this.is_worker or not (rows or this.book.problems):
        return
    terminal.section("brain scores", sep="=")
    for line in table(rows, shutil.get_terminal_size().columns) if rows else ():
        terminal.write_line(line)
    for line in guards(rows, this):
        terminal.write_line(line)
    for problem in dict.fromkeys(this.book.problems):
        terminal.write_line(problem, red=True)
    if rows:
        terminal.write_line(f"results: {below(this.book.folder / 'results.json', this.settings.root)}")


def guards(rows: list[Row], this: Run) -> Iterator[str]:
    """The verdicts, counted; scores that rose; skips under strict; the baselines that changed."""
    counts = Counter(row.verdict for row in rows if row.verdict is not None)
    if set(counts) - {"unguarded"} or (counts and this.settings.guard == "strict"):
        yield "guard: " + ", ".join(f"{n} {word}{MARKS.get(word, '')}" for word, n in counts.most_common())
    for row in rows:
        if row.verdict == "improved" and row.guard and this.settings.update is None:
            said = f"{row.guard.key} on {row.benchmark} {row.guard.message}"
            yield f"{said}: --brainscore-update changed keeps it"
    if skipped := skipped_under_strict(this):
        yield f"guard: {skipped} item(s) skipped, which strict does not let pass"
    if this.settings.update is not None and (this.updated or not this.book.problems):
        folder = below(this.settings.suite / FOLDER, this.settings.here)
        plural = "" if this.updated == 1 else "s"
        shown = f": git add -N {folder} && git diff {folder}"
        yield f"{this.updated} baseline{plural} changed{shown if this.updated else ''}"
    if this.pruned:
        yield f"baselines pruned: {', '.join(this.pruned)}"


def table(rows: list[Row], width: int = 100) -> Iterator[str]:
    """Lines of text, a row per benchmark: its ceiling, then raw → ceiled of each model.

    Models that do not fit into the width follow below. A model in several layers has a column for each.
    """
    ceilings, layers = _ceilings(rows), _layers(rows)
    labels = [_label(row, layers[row.model, row.benchmark]) for row in rows]
    cells = {(row.benchmark, label): row for row, label in zip(rows, labels, strict=True)}
    benchmarks, models = list(ceilings), list(dict.fromkeys(labels))
    first = max(map(len, benchmarks))
    column = max(len("0.000 → 0.000"), *map(len, models), *(len(_cell(row)) for row in rows))
    per_line = max(1, (width - first - 10) // (column + 2))
    for start in range(0, len(models), per_line):
        shown = models[start : start + per_line]
        yield _line("", "ceiling", shown, first, column)
        for benchmark in benchmarks:
            content = [_cell(cells.get((benchmark, model))) for model in shown]
            yield _line(benchmark, ceilings[benchmark], content, first, column)


def _layers(rows: list[Row]) -> dict[tuple[str, str], set[str | None]]:
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


def _ceilings(rows: list[Row]) -> dict[str, str]:
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
