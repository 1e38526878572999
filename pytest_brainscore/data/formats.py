"""Array files: one array out of npy, npz, HDF5, netCDF or MATLAB, told apart by content."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import scipy.io
import xarray as xr

from ..errors import BrainScoreError, DataError, first_line, nearest
from .pointers import refuse_pointer
from .sizes import refuse_too_large

REPLACE = "put a whole one in its place"
_ARRAYS = {".npy", ".npz", ".mat", ".h5", ".hdf5", ".nc"}
_HDF5, _NPY, _MATLAB, _NETCDF3 = b"\x89HDF\r\n\x1a\n", b"\x93NUMPY", b"MATLAB 5.0", b"CDF"


def read_array(path: Path, key: str | None) -> np.ndarray | xr.DataArray | None:
    """The array in a file (named `key`, where it holds several), or None where the file is a table.

    netCDF comes as a DataArray with its dims and coords. Nothing is unpickled, and no other file is read.
    Raises DataError where the file is broken, has no such array, holds Python objects, or points elsewhere.
    """
    try:
        reader = _reader(path)
        if reader is None:
            _refuse_other_content(path)
            return None
        return reader(path, key)
    except BrainScoreError:
        raise
    except Exception as why:  # of a damaged file libraries raise anything
        hint = "; it holds Python objects: save plain numbers" if "pickle" in str(why) else ""
        raise DataError(f"{path}: cannot be read ({first_line(why)}){hint}") from why


@contextmanager
def open_netcdf(path: Path, mend: str = REPLACE) -> Iterator[xr.Dataset]:
    """A netCDF file of version 3 or 4, its values not read yet; times stay numbers.

    mend: what to do about one that is damaged, for the message.

    Raises DataError where it is damaged, is no netCDF, or points to another file.
    """
    try:
        with path.open("rb") as file:
            head = file.read(8)
        if head == _HDF5:
            refuse_other_files(path)
        elif not head.startswith(_NETCDF3):
            raise ValueError("it is no netCDF")
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)  # of a dim that an array has twice
            data = xr.open_dataset(path, engine=_engine(path), decode_times=False)
    except BrainScoreError:
        raise
    except Exception as why:  # of a damaged file libraries raise anything
        raise DataError(
            f"{path}: cannot be read as netCDF ({first_line(why)}); the file is damaged, or another: {mend}"
        ) from why
    with data:
        yield data


def read_matlab(path: Path) -> dict[str, Any]:
    """The variables of a MATLAB file of version 5 to 7.2. Raises DataError where it is none."""
    with path.open("rb") as file:
        if file.read(8) == _HDF5:
            raise DataError(f"{path}: MATLAB 7.3 is HDF5: for plain arrays take `reader: arrays`")
    try:
        variables = scipy.io.loadmat(path)
    except Exception as why:  # of a damaged file scipy raises anything
        raise DataError(f"{path}: cannot be read as a MATLAB file ({first_line(why)})") from why
    return {name: value for name, value in variables.items() if not name.startswith("__")}


def pick(names: Iterable[str], key: str | None, path: Path) -> str:
    """The key, or the only name there is. Raises DataError that lists the names."""
    known = list(names)
    if key is None and len(known) == 1:
        return known[0]
    if key is None:
        raise DataError(f"{path}: holds {', '.join(known) or 'no array'}; write `key:` with one of them")
    if key not in known:
        raise DataError(f"{path}: no array {key}{nearest(key, known)} (there are {', '.join(known)})")
    return key


def _reader(path: Path) -> Callable[[Path, str | None], np.ndarray | xr.DataArray] | None:
    with path.open("rb") as file:
        head = file.read(16)
    if head.startswith(_NPY):
        return _npy
    if head.startswith(b"PK"):
        return _npz
    if head.startswith(_MATLAB):
        return _mat
    if head.startswith(_HDF5):
        refuse_other_files(path)
        return _netcdf if _is_netcdf(path) else _hdf5
    return _netcdf if head.startswith(_NETCDF3) else None


def _refuse_other_content(path: Path) -> None:
    """Raise DataError for a file that is no array, and whose name says that it is one."""
    refuse_pointer(path)
    if path.suffix.lower() in _ARRAYS:
        with path.open("rb") as file:
            head = file.read(20)
        found = f"it begins with {head!r}" if head else "it is empty"
        raise DataError(
            f"{path}: is no {path.suffix} file, nor another array ({found}): {REPLACE}, or call it .csv"
        )


def refuse_other_files(path: Path) -> None:
    """Raise DataError for an HDF5 file whose values lie in other files: no hash vouches for those."""
    with h5py.File(path, "r") as file:
        outside: list[str] = []

        def link(name: str, kind: object) -> None:
            outside.extend([name] if isinstance(kind, h5py.ExternalLink) else [])

        def item(name: str, kind: object) -> None:
            if isinstance(kind, h5py.Dataset) and (kind.external or kind.is_virtual):
                outside.append(name)

        file.visititems_links(link)
        file.visititems(item)
    if outside:
        raise DataError(f"{path}: {outside[0]} lies in another file: copy its values into this one")


def _npy(path: Path, key: str | None) -> np.ndarray:
    if key is not None:
        raise DataError(f"{path}: an npy file holds one array: leave out `key: {key}`")
    return np.asarray(np.load(path, allow_pickle=False))


def _npz(path: Path, key: str | None) -> np.ndarray:
    with np.load(path, allow_pickle=False) as arrays:
        return np.asarray(arrays[pick(arrays.files, key, path)])


def _mat(path: Path, key: str | None) -> np.ndarray:
    variables = read_matlab(path)
    return np.asarray(variables[pick(variables, key, path)])


def _hdf5(path: Path, key: str | None) -> np.ndarray:
    with h5py.File(path, "r") as file:
        names: list[str] = []
        file.visititems(lambda name, item: names.append(name) if isinstance(item, h5py.Dataset) else None)
        values = file[pick(names, key.strip("/") if key else None, path)]
        refuse_too_large(values.nbytes, f"the array {values.name}", path)
        return np.asarray(values)


def _is_netcdf(path: Path) -> bool:
    if path.suffix in {".nc", ".nc4", ".netcdf"}:
        return True
    with h5py.File(path, "r") as file:
        return "_NCProperties" in file.attrs


def _netcdf(path: Path, key: str | None) -> xr.DataArray:
    with xr.open_dataset(path, engine=_engine(path)) as data:
        array = data[pick(map(str, data.data_vars), key, path)]
        refuse_too_large(array.nbytes, f"the array {array.name}", path)
        return array.load()


def _engine(path: Path) -> Any:
    with path.open("rb") as file:
        return "scipy" if file.read(3) == _NETCDF3 else "h5netcdf"
