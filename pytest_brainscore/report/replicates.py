"""Replicates that runs left beside their results: what each score would have been on other samples."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, cast, get_args

import numpy as np

from ..errors import ResultsError
from ..inference.replicates import Factor, Replicates, Sampled, Shared, Way
from .joining import Found
from .rdms import opened

if TYPE_CHECKING:
    import xarray as xr

PREFIX, SHARED = "replicates_", "shared_"


@dataclass(frozen=True, eq=False)
class Samples:
    """Replicates of one row by factor.

    key: rows of one key were resampled alike; "" without replicates. missing: the file that should hold them
    and is not there; "" where none was named, or it is there.
    """

    sampled: Sampled = field(default_factory=dict)
    key: str = ""
    missing: str = ""


def samples(found: Sequence[Found]) -> list[Samples]:
    """The replicates of each row, in order; empty where its values lie nowhere, or hold none.

    Raises ResultsError where a file cannot be read, or its replicates are not what they say.
    """
    return [_of(file) if (file := one.values_file) else Samples(missing=one.missing) for one in found]


def _of(path: Path) -> Samples:
    with opened(path) as values:
        arrays = {name: values[name] for name in map(str, values) if name.startswith(PREFIX)}
        sampled = {
            factor: _replicates(name, array, values.get(f"{SHARED}{factor}"), path)
            for name, array in arrays.items()
            if (factor := _factor(name, path))
        }
        keys = {str(array.attrs.get("key", "")) for array in arrays.values()}
    if len(keys) > 1:
        raise ResultsError(f"{path}: its replicates have {len(keys)} keys, and one is due; run it again")
    return Samples(sampled, keys.pop() if keys else "")


def _factor(name: str, path: Path) -> Factor:
    factor = name.removeprefix(PREFIX)
    if factor not in get_args(Factor):
        raise ResultsError(f"{path}: {name}: replicates are over {', '.join(get_args(Factor))}; run it again")
    return cast(Factor, factor)


def _replicates(name: str, array: xr.DataArray, line: xr.DataArray | None, path: Path) -> Replicates:
    way, count, ratio = (array.attrs.get(key) for key in ("way", "count", "ratio"))
    wrong = array.ndim != 1 or array.dtype.kind != "f" or way not in get_args(Way)
    wrong = wrong or (line is not None and line.shape != array.shape)
    if wrong or not isinstance(count, int | np.integer) or not isinstance(ratio, float | np.floating | None):
        raise ResultsError(f"{path}: {name} is no list of replicates with `way` and `count`; run it again")
    df = array.attrs.get("df")
    return Replicates(
        cast(Way, way),
        _factor(name, path),
        array.values.astype(np.float64),
        int(count),
        refit=bool(array.attrs.get("refit", 0)),
        alone=bool(array.attrs.get("alone", 0)),
        shared=None if ratio is None else _shared(array, array if line is None else line),
        df=None if df is None else float(df),
    )


def _shared(array: xr.DataArray, line: xr.DataArray) -> Shared:
    """What splits share: all of the score, in files of before there was a line."""
    of = int(array.attrs.get("of", len(array)))
    return Shared(line.values.astype(np.float64), float(array.attrs["ratio"]), of)
