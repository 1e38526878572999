"""The reader `arrays`: images in files, and responses in one array or table."""

from __future__ import annotations

import fnmatch
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import xarray as xr

from ..errors import DataError
from ..specs.base import File
from ..specs.datasets import ArrayRecordings, ArraysDataset, Columns
from .assembly import DIMS, Source, assemble, named
from .formats import read_array
from .images import in_order_of, known_names, read_stimuli
from .recordings import Recordings
from .stimuli import Stimuli
from .tables import column, joined, labels, read_table, unique

_NAMES = ("stimulus", "neuroid", "subject")
Fetch = Callable[[File], Path]


def read(dataset: ArraysDataset, fetch: Fetch, cache: Path) -> Recordings:
    """Read images and responses. Raises DataError that says what was found and what to write instead."""
    spec = dataset.recordings
    path = fetch(spec.file)
    stimuli = read_stimuli(dataset.stimuli, fetch, cache)
    array = _with_tables(_responses(spec, path), spec, fetch)
    source = Source(dataset.id, str(path), spec.region, spec.subject, spec.time_bins)
    recordings = assemble(source, stimuli, array)
    _refuse_repeated(array, stimuli, path if spec.presentations is None else fetch(spec.presentations))
    table = None if "stimulus" in array.coords else dataset.stimuli.table
    return replace(recordings, notes=() if table is None else _notes_of_order(stimuli, fetch(table)))


def _with_tables(array: xr.DataArray, spec: ArrayRecordings, fetch: Fetch) -> xr.DataArray:
    if spec.presentations is not None:
        array = _with_rows(array, "presentation", fetch(spec.presentations))
    return array if spec.neuroids is None else _with_rows(array, "neuroid", fetch(spec.neuroids))


def _notes_of_order(stimuli: Stimuli, table: Path) -> tuple[str, ...]:
    """A warning where responses without names could be in either of two orders."""
    listed = in_order_of(stimuli, table)
    if listed == stimuli.ids:
        return ()
    return (
        "the responses name no stimuli, and were taken in the order of the images"
        f" ({', '.join(stimuli.ids[:3])}, ...); {table.name} has another order"
        f" ({', '.join(listed[:3])}, ...): to be sure, name the stimuli in the file of the responses, or"
        f" sort {table.name} as the images are",
    )


def _responses(spec: ArrayRecordings, path: Path) -> xr.DataArray:
    array = read_array(path, spec.key)
    if array is None:
        return _from_table(path, spec.columns)
    if isinstance(array, xr.DataArray):
        return array if spec.dims is None else _renamed(array, spec.dims, path)
    return named(array, spec.dims, str(path))


def _renamed(array: xr.DataArray, dims: tuple[str, ...], path: Path) -> xr.DataArray:
    """A netCDF's array with the dims of the YAML for its own, and coords whose names would clash left out."""
    bare = named(array.values, dims, str(path))
    _refuse_other_dims([str(dim) for dim in array.dims], dims, path)
    new = dict(zip(map(str, array.dims), dims, strict=True))
    coords = {
        str(name): ([new[str(dim)] for dim in coord.dims], coord.values)
        for name, coord in array.coords.items()
        if coord.ndim == 1 and (str(name) not in new or new[str(name)] == name)
    }
    return bare.assign_coords(coords)


def _refuse_other_dims(own: Sequence[str], dims: Sequence[str], path: Path) -> None:
    """Names that a file gives in our words are what its axes are; any others may be renamed."""
    if any(name in DIMS and name != dim for name, dim in zip(own, dims, strict=True)):
        raise DataError(
            f"{path}: its dims are {', '.join(own)}, and `dims:` calls them {', '.join(dims)}: leave"
            " `dims:` out, or rename those of the file"
        )


def _from_table(path: Path, columns: Columns) -> xr.DataArray:
    """(presentation, neuroid) from a table with a row per presentation and a column per neuroid."""
    table = read_table(path, text=(columns.stimulus,))
    table.columns = [str(name) for name in table.columns]
    names = unique(list(table.columns), f"{path}: columns")
    stimulus = column(table, columns.stimulus, path).astype(str)
    others = [name for name in names if name not in (columns.stimulus, columns.repetition)]
    neuroids = [name for name in others if any(fnmatch.fnmatchcase(name, p) for p in columns.neuroids)]
    if not neuroids:
        raise DataError(
            f"{path}: no column is {', '.join(columns.neuroids)} (columns: {', '.join(names[:20])})"
        )
    coords = {name: ("presentation", labels(table[name])) for name in others if name not in neuroids}
    if columns.repetition in names:
        coords["repetition"] = ("presentation", labels(table[columns.repetition]))
    return xr.DataArray(
        _values(table[neuroids], path),
        dims=("presentation", "neuroid"),
        coords={**coords, "stimulus": ("presentation", stimulus), "neuroid": neuroids},
    )


def _values(table: pd.DataFrame, path: Path) -> np.ndarray:
    for name in table.columns:
        if not pd.api.types.is_numeric_dtype(table[name]):
            raise DataError(
                f"{path}: column {name} holds {_odd(table[name])}, and all columns but stimulus and"
                " repetition are taken for responses; name those that are in `columns: {neuroids: [...]}`"
            )
    dtype = np.float64 if (table.dtypes != np.float32).any() else np.float32
    return np.asarray(table.to_numpy(dtype=dtype, na_value=np.nan))


def _odd(series: pd.Series) -> str:
    """The first value that is no number, and its row; rows are counted from 1 below the header."""
    odd = np.flatnonzero(series.notna() & pd.to_numeric(series, errors="coerce").isna())
    return f"{series.iloc[odd[0]]!r} in row {odd[0] + 1}" if len(odd) else str(series.dtype)


def _refuse_repeated(array: xr.DataArray, stimuli: Stimuli, path: Path) -> None:
    """Raise DataError for two rows of one showing: all that is said of them is the same."""
    told = {name: coord.values for name, coord in array.coords.items() if coord.dims == ("presentation",)}
    if not {"stimulus", "repetition"} <= set(told):
        return
    known = known_names(stimuli)
    told["stimulus"] = np.array([known[name] for name in told["stimulus"].astype(str)])
    showing = pd.DataFrame(told).groupby(list(told), dropna=False).ngroup()
    if not showing.duplicated().any():
        return
    first, second = np.flatnonzero(showing == showing[showing.duplicated()].iloc[0])[:2]
    stimulus, repetition = (array[name].values[first] for name in ("stimulus", "repetition"))
    raise DataError(
        f"{path}: rows {first + 1} and {second + 1} are both repetition {repetition} of stimulus {stimulus}:"
        " remove one, or number the repetitions of each stimulus"
    )


def _with_rows(array: xr.DataArray, dim: str, path: Path) -> xr.DataArray:
    """The array with the columns of a table along `dim` as coords.

    Joined by name where the array names its neuroids and the table has that column; else row by row.
    """
    if dim not in array.dims:
        raise DataError(
            f"{path}: a row per {dim}, but the responses have dims {', '.join(map(str, array.dims))}"
        )
    table = read_table(path, text=_NAMES)
    n = array.sizes[dim]
    if dim == "neuroid" and "neuroid" in array.coords and "neuroid" in table.columns:
        known = {str(name): i for i, name in enumerate(array["neuroid"].values)}
        rows = joined(column(table, "neuroid", path), known, n, f"{path}: column neuroid", "neuroid")
    elif len(table) != n:
        raise DataError(f"{path}: {len(table)} rows for {n} {dim}s; a row for each is due")
    else:
        rows = np.arange(n)
    return array.assign_coords({str(name): (dim, labels(table[name])[rows]) for name in table.columns})
