"""Lines: the rows of a published table, whose cells are asked for as text, numbers or truth values."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from ...errors import DataError, nearest


@dataclass(frozen=True)
class Line:
    """A row of a table. row: its number from 1, the names of columns not counted."""

    cells: Mapping[str, Any]
    path: Path
    row: int

    def said(self) -> dict[str, str]:
        """The cells as text, by column; those that are empty are left out."""
        return {name: str(cell) for name, cell in self.cells.items() if not pd.isna(cell)}

    def has(self, column: str) -> bool:
        """Whether there is such a column, and something in its cell."""
        return not pd.isna(self.cells.get(column))

    def text(self, column: str) -> str:
        """The cell as text. Raises DataError where it is empty."""
        if not self.has(column):
            raise DataError(f"{self.place(column)}: is empty")
        return str(self.cells[column])

    def number(self, column: str) -> float:
        """The cell as a number. Raises DataError where it is empty, or no number that is finite."""
        text = self.text(column)
        try:
            number = float(text)
        except ValueError:
            number = math.nan
        if not math.isfinite(number):
            raise DataError(f"{self.place(column)}: {text!r} is no number")
        return number

    def count(self, column: str) -> int:
        """The cell as a whole number from 0. Raises DataError where it is none."""
        number = self.number(column)
        if number < 0 or number != int(number):
            raise DataError(f"{self.place(column)}: {number:g} is no whole number from 0")
        return int(number)

    def truth(self, column: str) -> bool:
        """The cell as a truth value. Raises DataError where it is neither True nor False."""
        text = self.text(column)
        if text not in ("True", "False"):
            raise DataError(f"{self.place(column)}: {text!r} is neither True nor False")
        return text == "True"

    def place(self, column: str) -> str:
        """Where the cell stands, for messages."""
        return f"{self.path}: row {self.row}, column {column}"


def lines_of(table: pd.DataFrame, path: Path, columns: Sequence[str]) -> list[Line]:
    """The lines of the table at `path`. Raises DataError where it has none, or lacks one of the columns."""
    there = [str(column) for column in table.columns]
    for name in columns:
        if name not in there:
            raise DataError(f"{path}: no column {name}{nearest(name, there)} (columns: {', '.join(there)})")
    if table.empty:
        raise DataError(f"{path}: has no rows, only the names of columns; fetch it again")
    records = table.to_dict(orient="records")
    return [Line({str(k): v for k, v in one.items()}, path, row) for row, one in enumerate(records, start=1)]
