"""Build: sections of the evidence, and of them the page with its files, whole or not at all."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from ... import __version__
from ...data.simulated.reading import NOTE
from ..evidence import Evidence
from ..halves import alike, told
from ..parts import Figure, Section, Table, Tables
from ..sections import sections
from ..writing import drafted, refuse_occupied
from .drawing import Panel, drawn
from .exports import write_figure, write_table
from .ids import apart
from .rendering import page

INDEX = "index.html"


def build(evidence: Evidence, target: Path, title: str | None = None, option: str = "--into") -> Path:
    """Write index.html, tables/ and figures/ into a new folder; the path of the first.

    option: what named the folder, for messages. Raises ResultsError where there is something already, or it
    cannot be written, and where values beside the results cannot be read.
    """
    refuse_occupied(target, option)
    first, *others = sections()  # the table shows all scores, what compares them those on the same stimuli
    same = on_same_stimuli(evidence)
    made = [made for made in (first(evidence), *(make(same) for make in others)) if made is not None]
    with drafted(target, option) as draft:
        write(draft, evidence, made, title or titled(evidence))
    return target / INDEX


def on_same_stimuli(evidence: Evidence) -> Evidence:
    """The evidence of scores on the same stimuli of each benchmark, and of composites of such alone."""
    same = alike(evidence.found)
    kept = {one.row.key() for one in same}
    left = {one.row.model for one in evidence.found if one.row.key() not in kept}
    composites = tuple(one for one in evidence.composites if one.model not in left)
    return replace(evidence, found=same, composites=composites)


def write(folder: Path, evidence: Evidence, made: Sequence[Section], title: str) -> None:
    """Write the page of sections, and their tables and figures, into a folder that is there."""
    named = apart(made)
    panels = dict(_panels(named))
    for table in _tables(named):
        write_table(folder, table)
    for id, drawings in panels.items():
        write_figure(folder, id, drawings)
    text = page(
        title=title,
        sections=named,
        panels=panels,
        runs=evidence.parts,
        facts=facts(evidence),
        version=__version__,
    )
    (folder / INDEX).write_text(text, encoding="utf-8", newline="\n")


def titled(evidence: Evidence) -> str:
    """What the report is called where nobody says."""
    counts = facts(evidence)
    return f"Brain-likeness of {counts['models']} on {counts['benchmarks']}"


def facts(evidence: Evidence) -> dict[str, Any]:
    """How much there is of what, in words."""
    rows = evidence.rows
    return {
        "models": _counted(len({row.model for row in rows}), "model"),
        "benchmarks": _counted(len({row.benchmark for row in rows}), "benchmark"),
        "scores": _counted(len(evidence.scored), "score"),
        "runs": _counted(len(evidence.parts), "run"),
        "simulated": _simulated(evidence),
        "halves": _halves(evidence),
        "begun": min((part.started for part in evidence.parts if part.started), default=None),
        "errors": sum(row.status == "error" for row in rows),
        "skipped": sum(row.status == "skipped" for row in rows),
        "rows": {part.name: _counted(len(part.rows), "row") for part in evidence.parts},
        "cut_short": [part.name for part in evidence.parts if not part.complete],
    }


def _simulated(evidence: Evidence) -> str:
    """What is said where scores are of recordings that a program made."""
    found = [one.row for one in evidence.scored if NOTE in one.row.notes]
    if not found:
        return ""
    if len(found) == len(evidence.scored):
        return f"{NOTE.capitalize()}."
    names = ", ".join(dict.fromkeys(row.dataset for row in found))
    of = f"{len(found)} of {_counted(len(evidence.scored), 'score')}"
    return f"{of} on {NOTE} ({names})."


def _halves(evidence: Evidence) -> str:
    """What is said where scores on a benchmark are on different stimuli."""
    said = told(evidence.rows)
    return f"{said}. Such scores stand beside each other in the table alone." if said else ""


def _counted(count: int, noun: str) -> str:
    return f"{count} {noun}{'' if count == 1 else 's'}"


def _panels(made: Sequence[Section]) -> Iterator[tuple[str, list[Panel]]]:
    for section in made:
        for part in section.parts:
            if isinstance(part, Figure):
                yield part.id, [drawn(chart, f"{part.id}-{i}-") for i, chart in enumerate(part.panels)]


def _tables(made: Sequence[Section]) -> Iterator[Table]:
    """All tables, each once: those of sections, of figures and of the leaderboard."""
    seen: set[str] = set()
    for section in made:
        for part in section.parts:
            tables = part.tables if isinstance(part, Tables) else [_table(part)]
            for table in tables:
                if table is not None and table.id not in seen:
                    seen.add(table.id)
                    yield table


def _table(part: object) -> Table | None:
    if isinstance(part, Table):
        return part
    return part.table if isinstance(part, Figure) else None
