"""Exports: each table as CSV and Parquet, each figure as SVG and PNG, beside the page."""

from __future__ import annotations

import csv
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
from pyarrow import parquet

from ...errors import ResultsError
from ..parts import Table
from .drawing import Panel, png, sheet

TABLES, FIGURES = "tables", "figures"
_PLAIN = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]*")
_FORMULA = ("=", "+", "-", "@", "\t", "\r")
"""Text that begins so is a formula to a spreadsheet."""


def write_table(folder: Path, table: Table) -> None:
    """Write tables/<id>.csv and .parquet, with all keys of the rows; a table without rows has headings.

    In CSV an apostrophe stands before text that a spreadsheet would take as a formula. Raises ResultsError
    where the id is no plain name of a file.
    """
    target = _into(folder / TABLES, table.id)
    keys = list(table.rows[0]) if table.rows else list(table.columns)
    with (target / f"{table.id}.csv").open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, keys)
        writer.writeheader()
        writer.writerows({key: _text(value) for key, value in row.items()} for row in table.rows)
    columns = {key: _column([row[key] for row in table.rows]) for key in keys}
    parquet.write_table(pa.table(columns), target / f"{table.id}.parquet")


def write_figure(folder: Path, id: str, panels: Sequence[Panel]) -> None:
    """Write figures/<id>.svg and .png, of all panels together; errors as `write_table`."""
    target = _into(folder / FIGURES, id)
    svg = sheet(panels)
    (target / f"{id}.svg").write_text(svg, encoding="utf-8")
    (target / f"{id}.png").write_bytes(png(svg))


def _into(folder: Path, id: str) -> Path:
    if not _PLAIN.fullmatch(id):
        raise ResultsError(f"{folder.name}/{id}: is no plain name of a file (letters, digits, _ . -)")
    folder.mkdir(exist_ok=True)
    return folder


def _text(value: Any) -> Any:
    return f"'{value}" if isinstance(value, str) and value.startswith(_FORMULA) else value


def _column(values: Sequence[Any]) -> pa.Array:
    """One type for all values: numbers where all are numbers, else text."""
    kinds = {type(value) for value in values if value is not None}
    if kinds <= {int, float} and float in kinds:
        return pa.array([None if value is None else float(value) for value in values], pa.float64())
    if len(kinds) <= 1:
        return pa.array(values)
    return pa.array([None if value is None else str(value) for value in values], pa.string())
