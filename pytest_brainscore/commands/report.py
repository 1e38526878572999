"""Make a page of results: leaderboard, figures and tests, with its tables and figures as files.

The page is one file that works offline. The exit status is 0.
"""

from __future__ import annotations

import argparse
import datetime
from collections.abc import Sequence
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path

from ..errors import ResultsError
from ..report.runs import newest

REPORTS = Path("reports")
_LIBRARIES = ("altair", "jinja2", "pyarrow", "vl_convert")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Of which runs, and where to."""
    parser.add_argument(
        "runs",
        nargs="*",
        type=Path,
        metavar="RESULTS",
        help="runs: their folders, or results.json (default: the newest of reports/)",
    )
    where = parser.add_mutually_exclusive_group()
    where.add_argument(
        "--into", type=Path, metavar="DIR", help="a new folder (default: reports/<now>-report)"
    )
    where.add_argument("--name", help="of the new folder in reports/")
    parser.add_argument("--title", help="of the page")
    parser.add_argument("--benchmark", default="*", metavar="PATTERN", help="only these, such as '*.IT-pls'")
    parser.add_argument(
        "--recovery",
        nargs="+",
        type=Path,
        default=[],
        metavar="FILE",
        help="what `recover --benchmark --json` wrote (default: recovery*.json beside the RESULTS)",
    )
    parser.add_argument(
        "--history",
        nargs="+",
        type=Path,
        metavar="RUN",
        help="earlier runs (default: those beside the first of RESULTS)",
    )


def run(options: argparse.Namespace) -> None:
    """Write the report and print where it is."""
    _refuse_without_libraries()
    from ..report.page.build import build
    from ..report.page.reading import evidence_of

    runs = options.runs or _newest()
    evidence = evidence_of(runs, options.benchmark, options.history)
    evidence = replace(evidence, recoveries=options.recovery)
    target, option = _target(options)
    print(f"report: {build(evidence, target, options.title, option)}")


def _target(options: argparse.Namespace) -> tuple[Path, str]:
    """The new folder, and which option named it."""
    if options.into:
        return options.into, "--into"
    name = options.name or f"{datetime.datetime.now():%Y-%m-%dT%H-%M-%S}-report"
    if Path(name).name != name:
        raise ResultsError(f"--name {name}: is no name of a folder in {REPORTS}/; use --into for a path")
    return REPORTS / name, "--name"


def _newest() -> Sequence[Path]:
    found = newest(REPORTS)
    if found is None:
        raise ResultsError(f"there is no run under {REPORTS}/: name the folder of one")
    return [found]


def _refuse_without_libraries() -> None:
    missing = [name for name in _LIBRARIES if find_spec(name) is None]
    if missing:
        raise ResultsError(f'the report needs {", ".join(missing)}: pip install "pytest-brainscore[report]"')
