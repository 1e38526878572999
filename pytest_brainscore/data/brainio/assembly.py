"""Assembly files: one DataArray in netCDF, with plain coords along its dims."""

from __future__ import annotations

import warnings
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import xarray as xr

from ...errors import DataError, first_line, nearest
from ...specs.base import File
from ...specs.datasets.brainio import BrainioRecordings
from ..formats import REPLACE, open_netcdf
from ..sizes import refuse_too_large
from .windows import in_windows, noted, span

_NAMED = ("data", "__xarray_dataarray_variable__")
"""What Brain-Score and xarray call the one array of a file."""
_ALSO = {
    "stimulus": ("stimulus_id", "image_id", "presentation_", "presentation"),
    "neuroid": ("neuroid_id", "neuroid_", "neuroid"),
    "time_bin_end": ("time_bin_end", "time_bin_stop"),
    "truth": ("truth", "sample_obj"),
    "distractor": ("distractor", "dist_obj"),
}
"""Our name of a coord to those that it has in Brain-Score's files, the usual one first.

The only coord of a dim loses its name when it is packaged, and takes that of the dim.
"""
RESPONSES = ("presentation", "neuroid", "time_bin")
RSMS = ("presentation", "presentation", "neuroid")


@dataclass(frozen=True, eq=False)
class Assembly:
    """What a file holds: values, the dim of each axis, and the coords of each dim in the file's order.

    `dims` is presentation, neuroid[, time_bin]; or presentation alone; or presentation, presentation,
    neuroid. Labels are numbers or text, and what is missing is NaN or the empty text. `notes` are of
    its time bins. `numbered` where the file names no neuroid, and their ids count them.
    """

    path: Path
    values: np.ndarray
    dims: tuple[str, ...]
    coords: Mapping[str, Mapping[str, np.ndarray]]
    notes: tuple[str, ...] = ()
    numbered: bool = False

    @property
    def ids(self) -> np.ndarray:
        """The id of the stimulus of each presentation. Raises DataError where no coord names it."""
        along = self.coords["presentation"]
        if "stimulus" not in along:
            raise DataError(
                f"{self.path}: no coord of presentation is stimulus_id or image_id (there are"
                f" {', '.join(along) or 'none'}); write `coords: {{stimulus: ...}}` with the one that is"
            )
        return along["stimulus"]


def read_assembly(path: Path, spec: BrainioRecordings) -> Assembly:
    """Read an assembly, its coords under our names and its time bins as `spec` wants them.

    Raises DataError for a file that is broken or holds no such array, for a coord that `spec` names and
    that is not there, for a time bin without data, and for an array that is too large.
    """
    mend = _mend(spec.netcdf)
    notes: tuple[str, ...] = ()
    with open_netcdf(path, mend) as data:
        name = _only_array(data, path)
        array = data.variables[name]
        dims = _dims(array.dims, path)
        coords = _renamed(
            _coords(data, name, dict(zip(dims, array.shape, strict=True)), path), spec.coords, path
        )
        chosen = span(coords.get("time_bin", {}), spec.time_bins, path) if "time_bin" in dims else None
        values = _loaded(array, dims, chosen, path, mend)
    if spec.time_bins is not None and chosen is None:
        raise DataError(f"{path}: `time_bins:` is given, and the dims are {', '.join(dims)}; leave it out")
    values, dims = _in_order(values, dims)
    if spec.time_bins is not None and chosen is not None:
        notes = noted(coords["time_bin"], spec.time_bins, path)
        values, coords["time_bin"] = in_windows(values, coords["time_bin"], chosen, spec.time_bins, path)
    return Assembly(path, values, dims, coords, notes)


def _mend(file: File) -> str:
    """What to do about a damaged file: the user's own is not for us to remove."""
    return "remove it, and it is fetched again" if file.url and file.file is None else REPLACE


def _only_array(data: xr.Dataset, path: Path) -> str:
    names = [str(name) for name in data.data_vars]
    for name in _NAMED:
        if name in names:
            return name
    most = max((data.variables[name].ndim for name in names), default=0)
    largest = [name for name in names if data.variables[name].ndim == most]
    if len(largest) != 1 or most == 0:
        raise DataError(f"{path}: holds the arrays {', '.join(names) or '(none)'}, and one is due")
    return largest[0]


def _dims(dims: tuple[object, ...], path: Path) -> tuple[str, ...]:
    """The array's dims; the second presentation of an RSM may be called presentation_1 or the like."""
    found = tuple("presentation" if str(dim).startswith("presentation") else str(dim) for dim in dims)
    counted = Counter(found)
    if counted not in [Counter(due) for due in (RESPONSES, RESPONSES[:2], RESPONSES[:1], RSMS)]:
        raise DataError(
            f"{path}: the dims are {', '.join(map(str, dims)) or '(none)'}; presentation x neuroid"
            " [x time_bin], presentation alone (choices), or presentation x presentation x neuroid (RSMs)"
            " are due"
        )
    return found


def _coords(
    data: xr.Dataset, name: str, sizes: Mapping[str, int], path: Path
) -> dict[str, dict[str, np.ndarray]]:
    """Labels by dim and name, as the file orders them; one without a dim holds for all neuroids."""
    along: dict[str, dict[str, np.ndarray]] = {dim: {} for dim in sizes}
    for key, variable in data.variables.items():
        if key == name or variable.ndim > 1:
            continue
        dim = str(variable.dims[0]) if variable.ndim else "neuroid"
        if dim in along:
            refuse_too_large(variable.nbytes, f"the coord {key}", path)
            along[dim][str(key)] = np.broadcast_to(clean(np.asarray(variable.values)), sizes[dim])
    return along


def clean(labels: np.ndarray) -> np.ndarray:
    """Labels as numbers or as text: bytes are decoded, and Python objects become text."""
    if labels.dtype.kind == "S":
        return np.char.decode(labels, "utf-8", errors="replace")
    if labels.dtype.kind != "O":
        return labels
    flat = pd.Series(labels.ravel(), dtype=object)
    flat = flat.map(lambda label: label.decode("utf-8", "replace") if isinstance(label, bytes) else label)
    numbers = flat.map(lambda label: isinstance(label, int | float | np.number)).all()
    if numbers and len(flat):
        return np.asarray(flat.astype(float).to_numpy().reshape(labels.shape))
    return np.asarray(flat.where(flat.notna(), "").astype(str).to_numpy(dtype=str).reshape(labels.shape))


def _renamed(
    coords: dict[str, dict[str, np.ndarray]], wanted: Mapping[str, str], path: Path
) -> dict[str, dict[str, np.ndarray]]:
    """The coords under the names that `wanted` gives, and the usual ones under ours."""
    known = [name for along in coords.values() for name in along]
    for theirs in wanted.values():
        if theirs not in known:
            raise DataError(
                f"{path}: no coord {theirs}{nearest(theirs, known)} (`coords:` names it; there are"
                f" {', '.join(known) or 'none'})"
            )
    ours = {theirs: name for name, theirs in wanted.items()}
    return {
        dim: _without_index(_under(along, _usual(along, wanted) | ours), dim) for dim, along in coords.items()
    }


def _without_index(along: Mapping[str, np.ndarray], dim: str) -> dict[str, np.ndarray]:
    """The coords without one that merely counts along the dim; a neuroid's is its id."""
    return {name: labels for name, labels in along.items() if name != dim or dim == "neuroid"}


def _usual(along: Mapping[str, np.ndarray], wanted: Mapping[str, str]) -> dict[str, str]:
    """The usual names that are there, to ours, where `wanted` does not name another."""
    found = {}
    for ours, usual in _ALSO.items():
        theirs = next((name for name in usual if name in along), None)
        if theirs is not None and ours not in wanted:
            found[theirs] = ours
    return found


def _under(along: Mapping[str, np.ndarray], ours: Mapping[str, str]) -> dict[str, np.ndarray]:
    """The coords under new names; what had such a name of its own makes way."""
    taken = {ours[name] for name in along if name in ours}
    return {ours.get(k, k): labels for k, labels in along.items() if k in ours or k not in taken}


def _loaded(
    array: xr.Variable, dims: tuple[str, ...], chosen: slice | None, path: Path, mend: str
) -> np.ndarray:
    """The values, and of the time bins no more than are wanted."""
    try:
        part = array[tuple(chosen if dim == "time_bin" else slice(None) for dim in dims)] if chosen else array
        refuse_too_large(part.nbytes, f"the array ({' x '.join(map(str, part.shape))})", path)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)  # of a dim that is there twice
            return np.asarray(part.values)
    except DataError:
        raise
    except Exception as why:  # of a damaged file libraries raise anything
        cause = first_line(why)
        raise DataError(
            f"{path}: the values of {', '.join(dims)} cannot be read ({cause}); the file is damaged: {mend}"
        ) from why


def _in_order(values: np.ndarray, dims: tuple[str, ...]) -> tuple[np.ndarray, tuple[str, ...]]:
    """Presentation first: a file may have the neuroids first."""
    due = RSMS if dims.count("presentation") == 2 else RESPONSES[: len(dims)]
    axes = sorted(range(len(dims)), key=lambda axis: due.index(dims[axis]))
    return np.ascontiguousarray(values.transpose(axes)), due
