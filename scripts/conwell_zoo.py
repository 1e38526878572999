"""The networks of Conwell et al. 2024: how many the zoo has, and what a user needs for the others.

    python scripts/conwell_zoo.py results_summary.csv --write docs/conwell2024.md

The file is the study's own, and only its names are read. What is printed is of ours alone: names, and
pytest_brainscore/references/namesakes/conwell2024.yaml.
"""

from __future__ import annotations

import argparse
import csv
import sys
from collections.abc import Iterable
from pathlib import Path

from pytest_brainscore.specs.namesakes import TWIN, Namesakes, load_namesakes

BEGIN, END = "<!-- made by scripts/conwell_zoo.py -->", "<!-- end -->"
STUDY = "conwell2024"
HEAD = "| networks | their names | what builds one | weights | licence | why not in the zoo |"


def main() -> None:
    """Print the table, or write it between its marks. Exits with the names that nobody knows."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("summary", type=Path, help="results_summary.csv of the study")
    parser.add_argument("--write", type=Path, metavar="MD", help="the file that has the marks")
    options = parser.parse_args()
    names, namesakes = _names(options.summary), load_namesakes(STUDY)
    if lacking := namesakes.lacking(names):
        sys.exit(f"{options.summary}: neither ours nor among the needs: {', '.join(lacking)}")
    made = "\n".join(table(names, namesakes))
    if options.write is None:
        print(made)
    else:
        options.write.write_text(_between_marks(options.write, made), encoding="utf-8")


def table(names: Iterable[str], namesakes: Namesakes) -> list[str]:
    """How many networks there are of each kind, and a row for each need."""
    names = list(names)
    twins = sum(name.endswith(TWIN) and namesakes.ours(name) is not None for name in names)
    entries = sum(name in namesakes.models for name in names)
    others = len(names) - entries - twins
    lines = [
        f"Of {len(names)} networks {entries} are entries of models.yaml (`@{STUDY}`), {twins} twins of such",
        f"with random weights (`@{STUDY}_untrained`), and for {others} a user needs this:",
        "",
        HEAD,
        "|---|---|---|---|---|---|",
    ]
    return lines + [
        f"| {len(need.models)}: {need.what} | {', '.join(f'`{name}`' for name in need.models)} |"
        f" {need.factory} | {need.checkpoint} | {need.licence} | {need.why} |"
        for need in namesakes.needs.values()
    ]


def _names(path: Path) -> list[str]:
    with path.open(newline="", encoding="utf-8") as file:
        return list(dict.fromkeys(row["model_string"] for row in csv.DictReader(file)))


def _between_marks(path: Path, made: str) -> str:
    before, begin, rest = path.read_text(encoding="utf-8").partition(BEGIN)
    _, end, after = rest.partition(END)
    if not (begin and end):
        sys.exit(f"{path}: has not the marks {BEGIN} and {END}")
    return f"{before}{BEGIN}\n{made}\n{END}{after}"


if __name__ == "__main__":
    main()
