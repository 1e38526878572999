"""Turn scores that others published into results, to be shown, compared and contrasted like those of a run.

conwell2024: the source data of Conwell et al. 2024, which you download under its terms: FOLDER holds
results_summary.csv, Figure2.csv, Figure3.csv, dimensionality.csv, imagenet1k.csv and parameter_count.csv.
"""

from __future__ import annotations

import argparse
import datetime
from pathlib import Path

from ..data.published import conwell2024
from ..errors import speakable
from ..report.writing import write
from ..specs.namesakes import load_namesakes
from ..specs.results import Run

TABLES = {"conwell2024": conwell2024.read}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Which tables, where they lie, and where to."""
    parser.add_argument("table", choices=TABLES, help="whose scores")
    parser.add_argument("folder", type=Path, metavar="FOLDER", help="the published files")
    parser.add_argument("--to", type=Path, metavar="DIR", help="a new folder (default: reports/<table>)")


def run(options: argparse.Namespace) -> None:
    """Write the folder, and say what was put right, and what was left."""
    target = options.to or Path("reports") / options.table
    published = TABLES[options.table](options.folder, load_namesakes(options.table).models)
    models = tuple(dict.fromkeys(row.model for row in published.rows))
    document = Run(
        run=target.name,
        started=datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
        seconds=0.0,
        command=("import", options.table, str(options.folder)),
        complete=True,
        models=models,
        results=published.rows,
    )
    written = write(target, document, "--to")
    for note in (*published.notes, *_of_rows(published)):
        print(speakable(f"note: {note}"))
    print(f"{len(published.rows)} scores of {len(models)} networks: {written}")


def _of_rows(published: conwell2024.Published) -> list[str]:
    """What the notes of rows say, once for each network."""
    return list(dict.fromkeys(f"{row.model}: {note}" for row in published.rows for note in row.notes))
