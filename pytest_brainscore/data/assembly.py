"""Assembly: an array with named dims, and the stimuli, become Recordings."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr

from ..errors import DataError
from .images import known_names
from .recordings import UNKNOWN, Recordings
from .stimuli import Stimuli
from .tables import rows_of, unique

DIMS = ("presentation", "stimulus", "repetition", "neuroid", "time_bin")


@dataclass(frozen=True)
class Source:
    """Where an array comes from, and what holds for all of it. `where` begins every message."""

    dataset: str
    where: str
    region: str | None = None
    subject: str | None = None
    time_bins: Sequence[tuple[float, float]] | None = None


def named(values: np.ndarray, dims: Sequence[str] | None, where: str) -> xr.DataArray:
    """An array with its dims.

    Raises DataError where they are not as many as its axes, one is there twice, or none is the stimuli's.
    """
    if dims is None:
        raise DataError(
            f"{where}: an array of shape {values.shape}; write `dims:` to say what each axis is,"
            " for instance [stimulus, neuroid, repetition]"
        )
    if len(dims) != values.ndim:
        raise DataError(
            f"{where}: an array of shape {values.shape} has {values.ndim} axes,"
            f" and `dims:` names {len(dims)}: {', '.join(dims)}"
        )
    _refuse_odd_dims(dims, where)
    return xr.DataArray(values, dims=tuple(dims))


def assemble(source: Source, stimuli: Stimuli, array: xr.DataArray) -> Recordings:
    """Recordings from (stimulus | presentation, neuroid [, repetition] [, time_bin]), in any order of dims.

    A coord `stimulus` on the stimuli or presentations names them, and they may come in any order; without
    it they are as many as the images, in their order. Other coords on stimulus become the stimuli's.
    Showings that are NaN throughout are padding and left out; so are stimuli that are never shown.
    Coords on neuroid: `neuroid` (ids), `region`, `subject`, ...
    Raises DataError for counts or names that do not match, and for values that are no finite numbers.
    """
    _refuse_odd_dims([str(dim) for dim in array.dims], source.where)
    _refuse_odd_numbers(array, source.where)
    _refuse_shared_names(stimuli, array, source.where)
    rows = _rows(array, stimuli, source)
    neuroids = _neuroid_coords(array, source)
    shown, coords = _presentations(array, rows, stimuli)
    values, coords = _without_padding(shown, coords, source.where)
    present = np.flatnonzero(np.bincount(coords.pop("_row"), minlength=len(stimuli)))
    data = xr.DataArray(
        values,
        dims=("presentation", "neuroid", "time_bin")[: values.ndim],
        coords={
            **{name: ("presentation", labels) for name, labels in coords.items()},
            **{name: ("neuroid", labels) for name, labels in neuroids.items()},
            **_bin_coords(array, source),
        },
    )
    return Recordings(source.dataset, _described(stimuli, array, rows).take(present), data)


def _refuse_odd_dims(dims: Sequence[str], where: str) -> None:
    strange = [dim for dim in dims if dim not in DIMS]
    if strange or len(set(dims)) < len(dims):
        raise DataError(f"{where}: dims {', '.join(dims)}: each is one of {', '.join(DIMS)}, once")
    if "neuroid" not in dims or ("stimulus" in dims) == ("presentation" in dims):
        raise DataError(
            f"{where}: dims {', '.join(dims)}: neuroid, and stimulus or presentation, must be there"
        )
    if "presentation" in dims and "repetition" in dims:
        raise DataError(f"{where}: dims {', '.join(dims)}: repetition goes with stimulus, not presentation")


def _refuse_odd_numbers(array: xr.DataArray, where: str) -> None:
    kind = array.dtype.kind
    if kind not in "fiub":
        odd = {"c": "complex numbers", "O": "Python objects"}.get(kind, f"{array.dtype}")
        raise DataError(f"{where}: holds {odd}; responses must be real numbers")
    if kind == "f" and np.isinf(array.values).any():
        count = int(np.isinf(array.values).sum())
        raise DataError(f"{where}: {count} values are infinite; write NaN for what was not measured")
    if 0 in array.shape:
        raise DataError(f"{where}: is empty: {_shape(array)}")


def _refuse_shared_names(stimuli: Stimuli, array: xr.DataArray, where: str) -> None:
    groups = {
        "the table of stimuli": set(stimuli.coords),
        "the stimuli": _names(array, "stimulus"),
        "the presentations": {"repetition"} | _names(array, "presentation") | _names(array, "repetition"),
        "the neuroids": {"neuroid", "region", "subject"} | _names(array, "neuroid"),
    }
    for one, other in combinations(groups, 2):
        if shared := sorted(groups[one] & groups[other]):
            raise DataError(f"{where}: {shared[0]} is a coord of {one} and of {other}: rename one")


def _names(array: xr.DataArray, dim: str) -> set[str]:
    """The names of the coords along a dim, apart from those that say which stimulus it is."""
    names = {str(name) for name, coord in array.coords.items() if coord.dims == (dim,)}
    return names - {"stimulus", "presentation"}


def _described(stimuli: Stimuli, array: xr.DataArray, rows: np.ndarray) -> Stimuli:
    """The stimuli with the array's coords along stimulus as theirs."""
    coords = dict(stimuli.coords)
    for name in sorted(_names(array, "stimulus")):
        values = array[name].values
        coords[name] = np.zeros(len(stimuli), values.dtype)
        coords[name][rows] = values
    return replace(stimuli, coords=coords)


def _rows(array: xr.DataArray, stimuli: Stimuli, source: Source) -> np.ndarray:
    """Row in `stimuli` of each entry along stimulus or presentation."""
    dim = "stimulus" if "stimulus" in array.dims else "presentation"
    if "stimulus" in array.coords:
        names = array["stimulus"].values.astype(str)
        rows = rows_of(names, known_names(stimuli), f"{source.where}: coord stimulus")
        if dim == "stimulus":
            unique([stimuli.ids[row] for row in rows], f"{source.where}: coord stimulus")
        return rows
    if dim == "presentation":
        raise DataError(
            f"{source.where}: nothing says which stimulus each of {array.sizes[dim]} presentations shows;"
            " write `presentations:` with a table that has a column `stimulus`"
        )
    if array.sizes[dim] != len(stimuli):
        raise DataError(
            f"{source.where}: {array.sizes[dim]} stimuli ({_shape(array)}), but {len(stimuli)} images;"
            " check `dims:` and `images:`"
        )
    return np.arange(len(stimuli))


def _presentations(
    array: xr.DataArray, rows: np.ndarray, stimuli: Stimuli
) -> tuple[np.ndarray, dict[str, np.ndarray]]:
    """Values (presentation, neuroid [, time_bin]) as floats, and the coords of the presentations."""
    lead: list[str] = [dim for dim in ("presentation", "stimulus", "repetition") if dim in array.dims]
    rest = [dim for dim in ("neuroid", "time_bin") if dim in array.dims]
    moved = array.transpose(*lead, *rest).values
    values = moved.reshape(-1, *moved.shape[len(lead) :])
    values = values.astype(np.float32 if np.can_cast(values.dtype, np.float32) else np.float64, copy=False)
    grid = np.indices([array.sizes[dim] for dim in lead]).reshape(len(lead), -1)
    place = dict(zip(lead, grid, strict=True))
    row = rows[place[lead[0]]]
    coords = {
        str(name): coord.values[place[str(coord.dims[0])]]
        for name, coord in array.coords.items()
        if coord.dims in (("presentation",), ("repetition",)) and name not in ("stimulus", "presentation")
    }
    if "repetition" not in coords:
        coords["repetition"] = place["repetition"] if "repetition" in place else _counted(row)
    return values, {**coords, "stimulus": np.asarray(stimuli.ids)[row], "_row": row}


def _counted(rows: np.ndarray) -> np.ndarray:
    """For each showing, how many of the same stimulus came before."""
    return np.asarray(pd.Series(rows).groupby(rows).cumcount())


def _without_padding(
    values: np.ndarray, coords: Mapping[str, np.ndarray], where: str
) -> tuple[np.ndarray, dict[str, np.ndarray]]:
    padding = np.isnan(values).reshape(len(values), -1).all(axis=1)
    if padding.all():
        raise DataError(f"{where}: all values are NaN")
    if not padding.any():
        return values, dict(coords)
    return values[~padding], {name: labels[~padding] for name, labels in coords.items()}


def _neuroid_coords(array: xr.DataArray, source: Source) -> dict[str, np.ndarray]:
    n = array.sizes["neuroid"]
    coords = {
        str(name): np.asarray(coord.values)
        for name, coord in array.coords.items()
        if coord.dims == ("neuroid",)
    }
    coords["neuroid"] = coords.get("neuroid", np.arange(n)).astype(str)
    unique(coords["neuroid"].tolist(), f"{source.where}: neuroids")
    for name, value in (("region", source.region), ("subject", source.subject)):
        if value is not None:
            coords[name] = np.full(n, value)
    if "region" not in coords:
        raise DataError(f"{source.where}: no region; write `region:`, or a column `region` in `neuroids:`")
    coords.setdefault("subject", np.full(n, UNKNOWN))
    return coords


def _bin_coords(array: xr.DataArray, source: Source) -> dict[str, Any]:
    if "time_bin" not in array.dims:
        if source.time_bins is not None:
            raise DataError(
                f"{source.where}: `time_bins:` is given, and no dim is time_bin ({_shape(array)});"
                " leave it out, or name the dim in `dims:`"
            )
        return {}
    own: dict[str, Any] = {
        str(n): ("time_bin", c.values) for n, c in array.coords.items() if c.dims == ("time_bin",)
    }
    if source.time_bins is None:
        return own
    if len(source.time_bins) != array.sizes["time_bin"]:
        raise DataError(
            f"{source.where}: {array.sizes['time_bin']} time bins ({_shape(array)}),"
            f" and `time_bins:` names {len(source.time_bins)}"
        )
    start, end = np.asarray(source.time_bins, dtype=float).T
    return {**own, "time_bin_start": ("time_bin", start), "time_bin_end": ("time_bin", end)}


def _shape(array: xr.DataArray) -> str:
    return " x ".join(f"{size} {dim}" for dim, size in array.sizes.items())
