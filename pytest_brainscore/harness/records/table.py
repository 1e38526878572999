"""What the terminal shows of scores: one in each verbose line, and models by benchmarks at the end."""

from __future__ import annotations

import shutil
from collections import Counter
from collections.abc import Iterator

import pytest

from ...report import composites
from ...report.table import MARKS, table
from ...specs.results import Row
from ..guards import failures
from ..guards.baselines import FOLDER
from ..paths import below
from ..run import Run
from . import unscored
from .about import unsaid
from .ending import skipped_under_strict
from .record import PAYLOAD
from .rows import row_of


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
    return f" {row.judged}" + ("" if row.delta is None else f" {row.delta:+z.4f}")


def summarise(terminal: pytest.TerminalReporter, this: Run) -> None:
    """Print the table, what the guards say, and where the results are."""
    rows = this.book.results
    if this.idle:
        terminal.write_line(f"brainscore: shard {this.settings.shard} has nothing to score")
    if this.is_worker or not (rows or this.book.problems):
        return
    terminal.section("brain scores", sep="=")
    for line in scores(rows, this, terminal.config.get_verbosity() > 0) if rows else ():
        terminal.write_line(line)
    for line in guards(rows, this):
        terminal.write_line(line)
    for problem in dict.fromkeys((*lost(this), *this.book.problems)):
        terminal.write_line(problem, red=True)
    results = this.book.folder / "results.json"
    if rows and results.is_file():
        terminal.write_line(f"results: {below(results, this.settings.root)}")


def scores(rows: list[Row], this: Run, verbose: bool) -> Iterator[str]:
    """The table, with the composites that have a value; verbose also what they are and lack.

    What no model has a score of is counted, and listed only if verbose.
    """
    composed = this.book.composites
    told, counted = (rows, []) if verbose else unscored.split(rows)
    yield from table(told, shutil.get_terminal_size().columns, composed) if told else ()
    yield from (*counted, *unscored.reasons(rows), *unscored.shared(rows), *unscored.unreached(rows))
    yield from unsaid(rows)
    shown = composites.shown(composed)
    yield from composites.titles(shown) if verbose else ()
    yield from composites.stood_in(shown)
    yield from composites.lacks(composed) if verbose else ()


def lost(this: Run) -> Iterator[str]:
    """How many items have no result, where workers crashed and took the run with them."""
    if this.crashed and this.missing:
        yield f"{this.missing} item(s) have no result: workers crashed, and the run ended before these items"


def guards(rows: list[Row], this: Run) -> Iterator[str]:
    """The verdicts, counted; scores that rose; skips under strict; the baselines that changed."""
    counts = Counter(row.judged for row in rows if row.judged is not None)
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
        shown = f": git add -N {folder} && git diff {folder}"
        yield f"{_updated(this)}{shown if this.updated else ''}"
    if this.pruned:
        yield f"baselines pruned: {', '.join(this.pruned)}"


def _updated(this: Run) -> str:
    """How many baselines were written where there was none, and how many changed."""
    counts = {"written": this.new, "changed": this.updated - this.new}
    said = [f"{n} {'baseline' if n == 1 else 'baselines'} {word}" for word, n in counts.items() if n]
    return ", ".join(said) or "0 baselines changed"
