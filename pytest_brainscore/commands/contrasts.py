"""Compare groups of networks: means, differences with intervals, correlates, and how alike networks are.

Groups are made by what `about:` of models.yaml says of networks (or `import` of those that others scored).
Without --contrasts the project's benchmarks/contrasts/ and the shipped ones are taken. The exit status is 0.
"""

from __future__ import annotations

import argparse
import csv
import json
from collections.abc import Sequence
from pathlib import Path
from typing import get_args

from ..analysis.population.survey import Survey, Table
from ..errors import ResultsError, speakable
from ..specs.contrasts import Contrast, Unit
from ..surveying import asked_of, found_in, surveyed
from .contrast_text import lines


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Which runs, contrasts, benchmarks and intervals, and where to."""
    parser.add_argument(
        "runs", nargs="*", type=Path, metavar="RUN", help="folders of runs (default: the newest of reports/)"
    )
    parser.add_argument("--contrasts", type=Path, metavar="FILE", help="a file of contrasts")
    parser.add_argument(
        "--benchmark", default="*", metavar="PATTERN", help="only these, such as '*.OTC-versa'"
    )
    parser.add_argument("--of", choices=("raw", "ceiled"), default="raw", help="which score")
    parser.add_argument(
        "--interval", choices=get_args(Unit), help="what is taken to vary, instead of what the contrasts say"
    )
    parser.add_argument("--csv", type=Path, metavar="DIR", help="write each table there as CSV")
    parser.add_argument("--json", action="store_true", help="print all tables as JSON")


def run(options: argparse.Namespace) -> None:
    """Print the tables."""
    found = found_in(options.runs, options.benchmark, options.of)
    asked = asked_of(found, options.contrasts)
    made = surveyed(found, asked, options.of, options.interval)
    if options.csv:
        _write(options.csv, made)
    text = _document(made, asked) if options.json else "\n".join(lines(made, asked, bool(options.contrasts)))
    print(speakable(text))


def _document(made: Survey, asked: Sequence[Contrast]) -> str:
    titles = {one.id: one.title for one in asked}
    document = {"contrasts": titles, **made.tables(), "notes": made.contrasts.notes}
    return json.dumps(document, indent=1, allow_nan=False)


def _write(folder: Path, made: Survey) -> None:
    """One CSV file for each table that has rows. Raises ResultsError where they cannot be written."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, table in made.tables().items():
            if table:
                _write_table(folder / f"{name}.csv", table)
    except OSError as why:
        raise ResultsError(f"--csv {folder}: cannot be written ({why.strerror or why})") from None


def _write_table(path: Path, table: Table) -> None:
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, list(table[0]))
        writer.writeheader()
        writer.writerows(table)
