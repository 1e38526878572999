"""Columns: which keys of a table's rows are worth a column, and what all rows have in common."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

Rows = Sequence[Mapping[str, Any]]


def telling(rows: Rows, columns: Mapping[str, str], kept: Collection[str] = ()) -> dict[str, str]:
    """The columns of which the rows do not all say the same; those of `kept` stand wherever one says a thing.

    columns: key to heading, in order.
    """
    return {
        key: heading
        for key, heading in columns.items()
        if len(values := _values(rows, key)) > 1 or (key in kept and values != {None})
    }


def common(rows: Rows, columns: Mapping[str, str], kept: Collection[str] = ()) -> str:
    """What the rows have in common in columns left out: "n 40, families 8"; of empty ones nothing."""
    left = [key for key in columns if key not in telling(rows, columns, kept)]
    said = {key: next(iter(_values(rows, key)), None) for key in left}
    return ", ".join(f"{columns[key]} {value}" for key, value in said.items() if value not in (None, ""))


def _values(rows: Rows, key: str) -> set[Any]:
    return {row.get(key) for row in rows}
