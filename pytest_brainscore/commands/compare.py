"""Compare two sets of scores, or scores with a table that was published.

`compare A B`: every score that moved from A to B, by how much, and what else differs; what is new, gone, or
could not be compared. A and B are folders of runs, results.json, or baselines (a file, or their folder). The
exit status is 0, and with `--fail-on regressed` 1 where a score fell.

`compare --reference TABLE [RUN ...]`: both side by side, and their rank correlation; without RUN the newest
of reports/ is taken. What we do not have is a dash.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Mapping
from pathlib import Path

from .. import suite
from ..analysis.changes import Changes, changes
from ..analysis.side_by_side import side_by_side
from ..data.disk import write_whole
from ..errors import ResultsError
from ..report.changes import beside, text
from ..report.changes.document import document_of
from ..report.changes.sides import side
from ..report.halves import alike, left_out
from ..report.joining import join
from ..report.runs import newest, read
from ..specs.references import load_reference, references

FAILS = ("regressed", "drifted", "improved", "mismatched", "gone")
_OF_CHANGES: Mapping[str, str] = {
    "markdown": "--markdown",
    "html": "--html",
    "all": "--all",
    "fail_on": "--fail-on",
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """What to compare, and how to show it."""
    parser.add_argument(
        "sides", nargs="*", type=Path, metavar="A B", help="what was, and what is; with --reference runs"
    )
    parser.add_argument("--reference", choices=references(), help="a published table, to compare runs with")
    parser.add_argument("--all", action="store_true", help="show the scores that did not move, too")
    parser.add_argument("--json", action="store_true", help="print JSON")
    parser.add_argument("--markdown", action="store_true", help="print Markdown, for a pull request")
    parser.add_argument("--html", type=Path, metavar="FILE", help="write a page that needs nothing else")
    parser.add_argument(
        "--fail-on",
        action="append",
        choices=FAILS,
        help="exit status 1 where a score is such; may be repeated",
    )


def run(options: argparse.Namespace) -> int:
    """Print one of the two comparisons; 1 where it shows what must not be."""
    if options.reference:
        _with_reference(options)
        return 0
    if len(options.sides) != 2:
        raise ResultsError(f"compare: name two, A and B, or a --reference ({len(options.sides)} are named)")
    old, new = map(side, options.sides)
    found = changes(old.held, new.held)
    _show(found, (str(old.path), str(new.path)), options)
    return 1 if found.words() & set(options.fail_on or ()) else 0


def _show(found: Changes, names: tuple[str, str], options: argparse.Namespace) -> None:
    if options.html:
        _write_page(options.html, found, names, options.all)
    if options.json:
        print(json.dumps(document_of(found, names, options.all), indent=1, allow_nan=False))
    elif options.markdown:
        print(text.markdown(found, names, options.all), end="")
    else:
        print("\n".join(text.lines(found, names, options.all)))


def _write_page(file: Path, found: Changes, names: tuple[str, str], every: bool) -> None:
    from ..report.changes.page import page_of

    text = page_of(found, names, every)
    try:
        write_whole(file, text)
    except OSError as why:
        raise ResultsError(f"--html {file}: cannot be written ({why.strerror or why})") from None


def _with_reference(options: argparse.Namespace) -> None:
    """Print a published table beside runs."""
    given = [option for name, option in _OF_CHANGES.items() if getattr(options, name)]
    if given:
        raise ResultsError(f"compare --reference: {', '.join(given)} belongs to `compare A B`; leave it out")
    paths = options.sides or ([found] if (found := newest(Path("reports"))) else [])
    parts = [read(path) for path in paths]
    every = join(parts).found if parts else ()
    rows = [found.row for found in alike(every)]
    zoo = suite.zoo(Path()).models
    top1 = {id: model.about.top1 for id, model in zoo.items() if model.about.top1 is not None}
    table = side_by_side(load_reference(options.reference), rows, top1)
    if options.json:
        document = {**beside.document_of(table, parts), "left_out": left_out(every)}
        print(json.dumps(document, indent=1, allow_nan=False))
    else:
        print("\n".join([*beside.lines(table, parts), *filter(None, [left_out(every)])]))
