"""Saved activations: a matrix per layer, and the names of the stimuli in their rows, in one file.

In netCDF, one array per layer (stimulus or presentation, by units of any dims), or one whose units have a
coord `layer`, as Brain-Score saves them; in npz and safetensors, one array per layer. docs/precomputed.md
shows how they are written.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
import xarray as xr
from safetensors import safe_open

from ..data.formats import open_netcdf
from ..errors import BrainScoreError, ModelError, first_line

STIMULI = "stimuli"
_ROWS = ("stimulus", "presentation")
_NAMES = ("stimulus", "stimulus_id", "image_id", "stimulus_path", "presentation")
"""Coords of the rows that may name the stimuli, the first that there is."""
_NAMELESS = "__xarray_dataarray_variable__"
_ZIP, _HDF5, _NETCDF3 = b"PK", b"\x89HDF", b"CDF"
_Places = Mapping[str, tuple[str, np.ndarray | None]]


@dataclass(frozen=True, eq=False)
class Saved:
    """What a file holds: the names of its n rows, its layers, and how one of them is read."""

    path: Path
    stimuli: tuple[str, ...]
    layers: tuple[str, ...]
    _read: Callable[[str], np.ndarray]

    def matrix(self, layer: str) -> np.ndarray:
        """What the layer answered, (n, p) float32, each row in C order.

        Raises ModelError where it is no array of n rows of real numbers.
        """
        with _readable(self.path):
            values = self._read(layer)
        if values.dtype.kind not in "biuf" or values.ndim < 2 or len(values) != len(self.stimuli):
            raise ModelError(
                f"{self.path}: layer {layer} is {values.dtype} of shape {values.shape}; real numbers of shape"
                f" ({len(self.stimuli)}, units) are due, a row for each of the stimuli"
            )
        if not values.size:
            raise ModelError(f"{self.path}: layer {layer} has no units: its shape is {values.shape}")
        with np.errstate(over="ignore"):  # infinity is an error of its own
            return values.reshape(len(values), -1).astype(np.float32, copy=False)


def open_saved(path: Path) -> Saved:
    """The activations in a netCDF, npz or safetensors file, told apart by content; nothing is unpickled.

    Raises ModelError where it is none of these, is damaged, names no stimuli, or names one twice.
    """
    if path.is_dir():
        raise ModelError(f"{path}: is a folder; activations lie in one file (netCDF, npz or safetensors)")
    with _readable(path):
        saved = _reader(path)(path)
    repeated = _repeated(saved.stimuli)
    if repeated is not None:
        raise ModelError(f"{path}: two rows are of stimulus {repeated}; a row for each stimulus is due")
    return saved


def _reader(path: Path) -> Callable[[Path], Saved]:
    with path.open("rb") as file:
        head = file.read(9)
    if head.startswith(_ZIP):
        return _npz
    if head.startswith((_HDF5, _NETCDF3)):
        return _netcdf
    if head[8:9] == b"{":
        return _safetensors
    raise ModelError(f"{path}: is neither netCDF nor npz nor safetensors")


def _npz(path: Path) -> Saved:
    with np.load(path, allow_pickle=False) as arrays:
        if STIMULI not in arrays.files:
            raise ModelError(f"{path}: has no array `{STIMULI}`, the names of its rows ({_listed(arrays)})")
        layers = tuple(name for name in arrays.files if name != STIMULI)
        return Saved(path, _texts(arrays[STIMULI], path), layers, partial(_npz_array, path))


def _npz_array(path: Path, layer: str) -> np.ndarray:
    with np.load(path, allow_pickle=False) as arrays:
        return np.asarray(arrays[layer])


def _safetensors(path: Path) -> Saved:
    with safe_open(path, framework="pt") as file:
        names = (file.metadata() or {}).get(STIMULI)
        if names is None:
            raise ModelError(
                f"{path}: its metadata have no `{STIMULI}`, a JSON list of the names of its rows"
            )
        stimuli = np.asarray(json.loads(names))
        return Saved(path, _texts(stimuli, path), tuple(file.keys()), partial(_tensor, path))


def _tensor(path: Path, layer: str) -> np.ndarray:
    with safe_open(path, framework="pt") as file:
        return np.asarray(file.get_tensor(layer).float().numpy())  # numpy knows no bfloat16


def _netcdf(path: Path) -> Saved:
    with open_netcdf(path) as data:
        rows = next((dim for dim in _ROWS if dim in data.dims), None)
        if rows is None:
            raise ModelError(f"{path}: has no dim {' or '.join(_ROWS)} (dims: {_listed(data.dims)})")
        names = next((name for name in _NAMES if name in data.coords and data[name].dims == (rows,)), None)
        if names is None:
            raise ModelError(
                f"{path}: no coord of {rows} names the stimuli ({', '.join(_NAMES[:4])}; it has"
                f" {_listed(data.coords)})"
            )
        places = _places(data, rows, path)
        return Saved(
            path, _texts(data[names].values, path), tuple(places), partial(_columns, path, places, rows)
        )


def _places(data: xr.Dataset, rows: str, path: Path) -> _Places:
    """Layer to the array that holds it, and to its places there where the array holds several layers.

    Raises ModelError where two arrays claim one layer.
    """
    places: dict[str, tuple[str, np.ndarray | None]] = {}
    for key, array in data.data_vars.items():
        name = str(key)
        for layer, chosen in _layers_of(array, rows, path) if rows in array.dims else ():
            if layer in places:
                raise ModelError(
                    f"{path}: {places[layer][0]} and {name} both say that they are layer {layer}; give each"
                    " array a layer of its own"
                )
            places[layer] = name, chosen
    return places


def _layers_of(array: xr.DataArray, rows: str, path: Path) -> Iterator[tuple[str, np.ndarray | None]]:
    """Each layer of an array, and its places on the dim of the coord `layer`; None of one that it is all of.

    Raises ModelError where that coord is not of one dim of the units, or there are several time bins.
    """
    name = str(array.name)
    if array.sizes.get("time_bin", 1) > 1:
        raise ModelError(
            f"{path}: {name} has several time bins; save each as a layer, and name it in `steps`"
        )
    if "layer" not in array.coords:
        yield "activations" if name == _NAMELESS else name, None
        return
    dims, labels = array["layer"].dims, array["layer"].values.astype(str)
    if len(dims) > 1 or rows in dims:
        raise ModelError(
            f"{path}: the coord `layer` of {name} is of {', '.join(map(str, dims))}; it must be of the units,"
            " or else save an array for each layer"
        )
    for layer in dict.fromkeys(labels.reshape(-1).tolist()):
        yield layer, np.flatnonzero(labels == layer) if dims else None


def _columns(path: Path, places: _Places, rows: str, layer: str) -> np.ndarray:
    name, chosen = places[layer]
    with open_netcdf(path) as data:
        array = data[name].transpose(rows, ...)
        if chosen is None:
            return np.asarray(array.values)
        (units,), start, stop = array["layer"].dims, int(chosen[0]), int(chosen[-1]) + 1
        near = array.isel({units: slice(start, stop)}).load()  # one read; of single places many are made
        return np.asarray(near.isel({units: chosen - start}).values)


def _texts(values: np.ndarray, path: Path) -> tuple[str, ...]:
    """Names of stimuli as text; whole numbers are text, too."""
    if values.ndim != 1 or values.dtype.kind not in "UOTiu":
        raise ModelError(
            f"{path}: the names of the stimuli are {values.dtype} of shape {values.shape}; a list of text is"
            " due"
        )
    return tuple(map(str, values.tolist()))


def _repeated(names: Sequence[str]) -> str | None:
    seen: set[str] = set()
    return next((name for name in names if name in seen or seen.add(name)), None)  # type: ignore[func-returns-value]


def _listed(names: Iterator[object] | Mapping[object, object]) -> str:
    return f"there are {', '.join(map(str, names)) or 'none'}"


@contextmanager
def _readable(path: Path) -> Iterator[None]:
    """What libraries raise of a file, as a ModelError of one line."""
    try:
        yield
    except BrainScoreError:
        raise
    except Exception as why:  # of a damaged file libraries raise anything
        hint = "; it holds Python objects: save plain numbers and text" if "pickle" in str(why) else ""
        reason = first_line(why)
        raise ModelError(f"{path}: no activations can be read from it ({reason}){hint}") from why
