"""Chunks: tables of a name and many numbers in each row, read some rows at a time."""

from __future__ import annotations

import csv
import importlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from ..errors import BrainScoreError, DataError, first_line, nearest
from .sizes import refuse_too_large
from .tables import MISSING, is_parquet, unique

ROWS, COLUMNS = 1000, 50
"""How many are read at a time: of CSV rows, which of 1,000 columns are 8 MB; of parquet columns."""
Chunk = tuple[list[str], np.ndarray]


def column_names(path: Path, name: str) -> list[str]:
    """The columns of a CSV or parquet table but that of the names, in order.

    Raises DataError where it is no table, has no column `name` or no other, or one twice.
    """
    found = _with_cause(path, _names_of_parquet if is_parquet(path) else _names_of_csv)
    if name not in found:
        raise DataError(
            f"{path}: no column {name}{nearest(name, found)} (columns: {', '.join(found[:5])}, ...)"
        )
    others = [column for column in found if column != name]
    if not others:
        raise DataError(f"{path}: no column but {name}")
    return others


def chunks(path: Path, name: str, columns: list[str]) -> Iterator[Chunk]:
    """The names (k,) in the column `name` and the numbers (k, columns), float32, of some rows after others.

    Empty cells, NA and NaN are NaN. Raises DataError for what is no number, and for a parquet file that
    unpacks to more than a file of data does.
    """
    read = _of_parquet if is_parquet(path) else _of_csv
    try:
        with np.errstate(over="ignore"):  # what single precision cannot hold is infinite, and told as such
            yield from read(path, name, columns)
    except BrainScoreError:
        raise
    except Exception as why:  # of a damaged file pandas and pyarrow raise anything
        raise DataError(f"{path}: cannot be read as a table of numbers ({first_line(why)})") from why


def _with_cause(path: Path, read: Any) -> list[str]:
    try:
        return list(unique(read(path), f"{path}: columns"))
    except BrainScoreError:
        raise
    except Exception as why:
        raise DataError(f"{path}: cannot be read as a CSV or parquet table ({first_line(why)})") from why


def _names_of_csv(path: Path) -> list[str]:
    with path.open(newline="", encoding="utf-8-sig") as file:
        return next(csv.reader(file), [])


def _names_of_parquet(path: Path) -> list[str]:
    return [str(name) for name in _parquet(path).schema_arrow.names]


def _of_csv(path: Path, name: str, columns: list[str]) -> Iterator[Chunk]:
    types: dict[str, Any] = {name: str, **dict.fromkeys(columns, np.float32)}
    with pd.read_csv(
        path,
        chunksize=ROWS,
        dtype=types,
        keep_default_na=False,
        na_values=list(MISSING),
        encoding="utf-8-sig",
    ) as reader:
        for table in reader:
            if not isinstance(table.index, pd.RangeIndex):  # pandas takes what is too much for row labels
                raise DataError(f"{path}: its rows have more values than its first line has names")
            yield table[name].fillna("").tolist(), table[columns].to_numpy(np.float32)


def _of_parquet(path: Path, name: str, columns: list[str]) -> Iterator[Chunk]:
    """A row group after the other; of each some columns at a time, whose dictionaries are in memory."""
    file = _parquet(path)
    refuse_too_large(4 * file.metadata.num_rows * len(columns), "its numbers", path)
    for group in range(file.num_row_groups):
        names = [str(label) for label in file.read_row_group(group, columns=[name])[name].to_pylist()]
        values = np.empty((len(names), len(columns)), np.float32)
        for start in range(0, len(columns), COLUMNS):
            block = columns[start : start + COLUMNS]
            read = file.read_row_group(group, columns=block)
            for i, column in enumerate(block, start):
                values[:, i] = read[column].to_numpy()
        yield names, values


def _parquet(path: Path) -> Any:
    try:
        parquet: Any = importlib.import_module("pyarrow.parquet")
    except ImportError as why:
        raise DataError(
            f"{path}: parquet needs pyarrow: pip install 'pytest-brainscore[parquet]', or save it as CSV"
        ) from why
    return parquet.ParquetFile(path)
