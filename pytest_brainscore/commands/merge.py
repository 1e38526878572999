"""Join the results of runs, such as the shards of a job array, into those of one.

Rows are joined by benchmark, model and layer. Runs are refused that were made with other versions of the
libraries, on other data or benchmark files, with other weights under one name, or that have two numbers for
one key. The exit status is 0, 1 where something is missing or a run was cut short, and 2 where they were not
joined.
"""

from __future__ import annotations

import argparse
import datetime
import shutil
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path

from .. import suite
from ..analysis.composites import compose
from ..errors import ResultsError
from ..report.halves import told
from ..report.joining import Found, Joined, join
from ..report.runs import DOCUMENT, Part, read
from ..report.table import table
from ..report.writing import drafted, put, refuse_occupied
from ..specs.results import Composed, Row, Run
from ..suite import composites

_SHOWN = 10


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Which runs, and where to."""
    parser.add_argument("runs", nargs="+", type=Path, metavar="RUN", help="folders of runs: reports/...")
    parser.add_argument(
        "--into", type=Path, metavar="DIR", help="a new folder (default: reports/<now>-merged)"
    )


def run(options: argparse.Namespace) -> int:
    """Write the joined run and print its table; 1 where it is not complete."""
    target = options.into or Path("reports") / f"{datetime.datetime.now():%Y-%m-%dT%H-%M-%S}-merged"
    refuse_occupied(target, "--into")
    parts = [read(path) for path in options.runs]
    joined = join(parts)
    if not joined.found:
        raise ResultsError(f"{', '.join(map(str, options.runs))}: no rows in these runs: nothing to join")
    composed = _composed(joined)
    rows = _write(target, joined, parts, composed)
    shown = table(rows, shutil.get_terminal_size().columns, composed)
    print("\n".join([*shown, *filter(None, [told(rows)]), *_told(joined, parts)]))
    print(f"results: {target / DOCUMENT}")
    return 0 if joined.complete else 1


def _composed(joined: Joined) -> list[Composed]:
    """The composites of all rows together, as the benchmarks/ of this folder and the shipped one say."""
    suites = (Path("benchmarks"), suite.benchmarks())
    rows = [found.row for found in joined.found]
    return compose(composites.composites(suites), rows, partial(composites.species, suites))


def _write(target: Path, joined: Joined, parts: Sequence[Part], composed: Sequence[Composed]) -> list[Row]:
    """Write the folder in one step; its rows. Raises ResultsError where it cannot be written."""
    with drafted(target, "--into") as draft:
        rows = [_with_values(found, draft) for found in joined.found]
        put(draft, _document(target.name, joined, parts, rows, composed))
    return rows


def _with_values(found: Found, folder: Path) -> Row:
    """The row, with its values per target copied into `folder`, or with a note that they are away."""
    row = found.row
    if row.values is None:
        return row
    if source := found.values_file:
        shutil.copyfile(source, folder / source.name)
        return row
    note = f"the values per target were not beside {found.part.file}"
    return row.model_copy(update={"values": None, "notes": (*row.notes, note)})


def _document(
    name: str, joined: Joined, parts: Sequence[Part], rows: Sequence[Row], composed: Sequence[Composed]
) -> Run:
    started = sorted(part.started for part in parts if part.started)
    common = [set(row.versions.items()) for row in rows]
    return Run(
        run=name,
        started=started[0] if started else "",
        seconds=round(sum(part.seconds for part in parts), 3),
        command=("merge", *(str(part.file) for part in parts)),
        complete=joined.complete,
        versions=dict(sorted(set.intersection(*common))),
        models=joined.models,
        merged=tuple(part.name for part in parts),
        missing=joined.missing,
        composites=tuple(composed),
        results=tuple(rows),
    )


def _told(joined: Joined, parts: Sequence[Part]) -> Iterator[str]:
    """What was joined, and what is not there."""
    for part in joined.cut_short:
        yield f"cut short: {part.file} ({len(part.rows)} row(s)); leave it out if a later run has them all"
    if joined.missing:
        shown = [f"{model} on {benchmark}" for model, benchmark in joined.missing[:_SHOWN]]
        more = len(joined.missing) - len(shown)
        yield f"missing: {', '.join(shown)}{f' and {more} more' if more else ''}"
    whole = "complete" if joined.complete else "not complete"
    yield f"merged: {len(joined.found)} row(s) of {len(parts)} run(s), {whole}"
