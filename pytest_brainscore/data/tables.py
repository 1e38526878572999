"""Tables: CSV and parquet files whose rows describe stimuli, neuroids or presentations."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from ..errors import DataError, first_line, nearest
from .pointers import refuse_pointer

MISSING = ("", "NA", "NaN", "nan")
_SEPARATORS = {";": "semicolons", "\t": "tabs"}
_LONGEST = 10_000
"""Characters: every row of a column of labels takes as much memory as its longest one."""


def read_table(path: Path, text: Iterable[str] = ()) -> pd.DataFrame:
    """Read a CSV or parquet file, by its content. Empty cells, NA and NaN are missing values.

    text: columns of a CSV file that are text whatever stands in them, so that 0001 stays 0001.
    Raises DataError where it is neither, or parquet without pyarrow, and for a cell of more than 10,000
    characters.
    """
    try:
        refuse_pointer(path)
        if is_parquet(path):
            return _of_short_cells(pd.read_parquet(path), path)
        _refuse_odd_header(path)
        table = pd.read_csv(
            path,
            keep_default_na=False,
            na_values=list(MISSING),
            encoding="utf-8-sig",
            dtype=dict.fromkeys(text, str),
        )
    except ImportError as why:
        raise DataError(
            f"{path}: parquet needs pyarrow: pip install 'pytest-brainscore[parquet]', or save it as CSV"
        ) from why
    except (OSError, ValueError, csv.Error) as why:
        cause = first_line(why)
        raise DataError(f"{path}: cannot be read as a CSV or parquet table ({cause})") from why
    if not isinstance(table.index, pd.RangeIndex):  # pandas takes what is too much for row labels
        raise DataError(f"{path}: its rows have more values than its first line has names")
    return _of_short_cells(table, path)


def _of_short_cells(table: pd.DataFrame, path: Path) -> pd.DataFrame:
    for name in table.columns:
        if pd.api.types.is_numeric_dtype(table[name]):
            continue
        sizes = np.array([len(cell) if isinstance(cell, str | bytes) else 0 for cell in table[name]])
        if sizes.max(initial=0) > _LONGEST:
            row = int(sizes.argmax())
            raise DataError(
                f"{path}: row {row + 1}, column {name}: {sizes[row]:,} characters, and {_LONGEST:,} are the"
                " most of a label; is a quotation mark not closed?"
            )
    return table


def is_parquet(path: Path) -> bool:
    """Whether the file starts as parquet does."""
    with path.open("rb") as file:
        return file.read(4) == b"PAR1"


def column(table: pd.DataFrame, name: str, path: Path) -> np.ndarray:
    """One column as labels. Raises DataError that names the columns there are."""
    if name not in table.columns:
        names = [str(c) for c in table.columns]
        raise DataError(f"{path}: no column {name}{nearest(name, names)} (columns: {', '.join(names[:20])})")
    return labels(table[name])


def labels(series: pd.Series) -> np.ndarray:
    """Numbers and truth values as they are; everything else as text, missing as the empty string."""
    if pd.api.types.is_numeric_dtype(series):
        return np.asarray(
            series.to_numpy() if not series.hasnans else series.to_numpy(float, na_value=np.nan)
        )
    return series.astype(object).where(series.notna(), "").astype(str).to_numpy(dtype=str)


def rows_of(names: Iterable[str], known: Mapping[str, int], what: str, noun: str = "stimulus") -> np.ndarray:
    """The row that each name stands for.

    Raises DataError for a name that is not there; `what` says where names come from, `noun` what they name.
    """
    codes, distinct = pd.factorize(np.asarray(list(names), dtype=str))
    rows = np.empty(len(distinct), dtype=np.intp)
    for i, name in enumerate(distinct.tolist()):
        if name not in known:
            raise DataError(f"{what}: {name!r} is no {noun}{nearest(name, known)}{_such_as(known)}")
        rows[i] = known[name]
    return rows[codes]


def joined(
    names: np.ndarray, known: Mapping[str, int], n: int, what: str, noun: str, place: str = ""
) -> np.ndarray:
    """For each of n things its row in a table whose column holds `names`, in any order.

    Raises DataError where a name is there twice, stands for nothing, or is missing; `what` says where the
    names come from, `noun` what they name, and `place` where that is, such as " in images".
    """
    rows = rows_of(names.astype(str), known, what, noun + place)
    repeated = np.flatnonzero(np.bincount(rows, minlength=n) > 1)
    if len(repeated):
        first = names[np.flatnonzero(rows == repeated[0])[0]]
        raise DataError(f"{what}: {first} is there twice; a table has one row for each")
    if len(rows) < n:
        absent = sorted(set(range(n)) - set(rows.tolist()))
        name = next(key for key, row in known.items() if row == absent[0])
        raise DataError(
            f"{what}: has {len(rows)} rows for {n} {noun}s{place}; the first that it lacks is {name}"
        )
    return np.argsort(rows)


def unique(names: Sequence[str], what: str) -> tuple[str, ...]:
    """The names. Raises DataError where one is there twice."""
    seen: set[str] = set()
    for name in names:
        if name in seen:
            raise DataError(f"{what}: the name {name!r} is there twice; names must differ")
        seen.add(name)
    return tuple(names)


def _refuse_odd_header(path: Path) -> None:
    """Raise DataError for columns of one name, which pandas would number, and for another separator."""
    with path.open(newline="", encoding="utf-8-sig") as file:
        names = next(csv.reader(file), [])
    other = next((name for mark, name in _SEPARATORS.items() if len(names) == 1 and mark in names[0]), None)
    if other is not None:
        raise DataError(f"{path}: its columns are separated by {other}; save it with commas")
    unique([name for name in names if name], f"{path}: columns")


def _such_as(known: Mapping[str, int]) -> str:
    some = list(known)[:3]
    return f" (names are such as {', '.join(some)})" if some else ""
