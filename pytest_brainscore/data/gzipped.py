"""Gzipped JSON: one array as `{data, shape}`, numbers row by row; not gzipped will do."""

from __future__ import annotations

import gzip
import json
import math
import zlib
from pathlib import Path
from typing import Any

import numpy as np

from ..errors import DataError

LARGEST = 2**28
"""Bytes of text: 15 million numbers. Python takes several times as much to read them."""
_BRACKETS = 10
_GZIP = b"\x1f\x8b"


def is_json(path: Path) -> bool:
    """Whether the file starts as gzip or as a JSON object does."""
    with path.open("rb") as file:
        head = file.read(2)
    return head == _GZIP or head[:1] == b"{"


def read_json_array(path: Path) -> np.ndarray:
    """The array, float64.

    Raises DataError where the file is damaged, unpacks to more than 256 MB, or holds anything else.
    """
    text = _text(path)
    if sum(text.count(mark) for mark in (b"[", b"{", b'"')) > _BRACKETS:  # so that little is parsed
        raise _other(path)
    try:
        return _as_array(json.loads(text), path)
    except (ValueError, TypeError, OverflowError, RecursionError) as why:
        raise _other(path) from why


def _text(path: Path) -> bytes:
    try:
        with path.open("rb") as raw:
            packed = raw.read(2) == _GZIP
        with gzip.open(path) if packed else path.open("rb") as file:
            text = file.read(LARGEST + 1)
    except (OSError, EOFError, zlib.error) as why:
        raise DataError(f"{path}: cannot be unpacked ({why}): put a whole one in its place") from why
    if len(text) > LARGEST:
        raise DataError(
            f"{path}: more than {LARGEST / 1e6:,.0f} MB of text; save so large an array as npy or npz"
        )
    return text


def _as_array(value: Any, path: Path) -> np.ndarray:
    if not isinstance(value, dict) or not {"data", "shape"} <= value.keys():
        raise _other(path)
    shape, data = value["shape"], np.asarray(value["data"], dtype=np.float64)
    if data.ndim != 1 or not isinstance(shape, list) or not all(type(n) is int and n >= 0 for n in shape):
        raise _other(path)
    if math.prod(shape) != data.size:
        raise DataError(f"{path}: {data.size:,} numbers, and `shape` {_short(shape)} has another number")
    return data.reshape(shape)


def _short(shape: list[int]) -> str:
    written = str(shape)
    return written if len(written) < 60 else f"of {len(shape)} dims"


def _other(path: Path) -> DataError:
    return DataError(f'{path}: is no array in JSON: {{"data": [numbers row by row], "shape": [...]}} is due')
