"""The reader `hdf5`: images and responses in one file, in parts such as train and test."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path

import h5py
import numpy as np
import xarray as xr

from ..errors import BrainScoreError, DataError, first_line, nearest
from ..specs.base import File, digest_of
from ..specs.collection import Collection
from ..specs.datasets.hdf5 import Hdf5Dataset, Hdf5Part, Hdf5Stimuli, InCollection
from .assembly import Source, assemble
from .disk import remembered_hash
from .formats import REPLACE, refuse_other_files
from .recordings import Recordings
from .sizes import refuse_too_large
from .stimuli import Stimuli

PART = "part"
"""The coord of the stimuli that names their part."""
_BLOCK = 64_000_000
"""Bytes of images, as float64, that are normalised at once."""
_LARGEST = 20.0
"""Of images that are normalised, the most deviations from the mean: with ImageNet's white lies at 2.6."""

Fetch = Callable[[File | Collection], Path]


def read(dataset: Hdf5Dataset, fetch: Fetch, cache: Path) -> Recordings:
    """Read images and responses, part after part; ids are the part and a number from 1: `train_0001`.

    Images that are no uint8 are multiplied by `std`, added to `mean` (of values from 0 to 1), and rounded.
    A part without responses has stimuli that nothing was recorded for.
    Raises DataError where the file is none, or an array is not there or not of the shape described.
    """
    spec = dataset.recordings
    path = _path(spec.file, fetch)
    try:
        refuse_other_files(path)
        with h5py.File(path, "r") as file:
            return _recordings(dataset, file, path, cache)
    except BrainScoreError:
        raise
    except Exception as why:  # of a damaged file h5py raises anything
        raise DataError(f"{path}: cannot be read as HDF5 ({first_line(why)}); {REPLACE}") from why


def _path(file: File | InCollection, fetch: Fetch) -> Path:
    if isinstance(file, File):
        return fetch(file)
    path = fetch(file.collection) / file.path
    if not path.is_file():
        raise DataError(f"{path}: is no file; {file.collection.variable} should name the folder that has it")
    return path


def _recordings(dataset: Hdf5Dataset, file: h5py.File, path: Path, cache: Path) -> Recordings:
    spec = dataset.recordings
    parts = [_part(file, name, part, dataset.stimuli, path) for name, part in spec.parts.items()]
    stimuli = _joined(parts, dataset.stimuli.visual_degrees, path)
    found = {name: _responses(file, part, path) for name, part in spec.parts.items() if part.responses}
    shown = [id for name, one in zip(spec.parts, parts, strict=True) if name in found for id in one.ids]
    values = _stacked(found, path)
    dims = ("stimulus", "repetition", "neuroid") if values.ndim == 3 else ("stimulus", "neuroid")
    responses = xr.DataArray(values, dims=dims, coords={"stimulus": ("stimulus", shown)})
    source = Source(dataset.id, str(path), spec.region, spec.subject)
    recordings = assemble(source, stimuli, responses)
    digest = digest_of([remembered_hash(path, "sha256", cache), stimuli.ids])
    return Recordings(dataset.id, stimuli, recordings.data, digest)


def _part(file: h5py.File, name: str, part: Hdf5Part, spec: Hdf5Stimuli, path: Path) -> Stimuli:
    images = _images(_array(file, part.stimuli, path), spec, path)
    width = max(4, len(str(len(images))))
    coords = {coord: _labels(_array(file, key, path), path) for coord, key in part.coords.items()}
    for coord, values in coords.items():
        if len(values) != len(images):
            raise DataError(
                f"{path}: {part.coords[coord]} has {len(values)} values for {len(images)} images of the part"
                f" {name}"
            )
    ids = tuple(f"{name}_{i:0{width}d}" for i in range(1, len(images) + 1))
    return Stimuli(ids, tuple(images), {PART: np.full(len(images), name, dtype=object), **coords})


def _joined(parts: list[Stimuli], degrees: float | None, path: Path) -> Stimuli:
    """All parts as one set, one after the other; each must have the same coords."""
    names = list(parts[0].coords)
    if any(set(part.coords) != set(names) for part in parts):
        raise DataError(f"{path}: parts have other `coords:`; write the same names for each part")
    return Stimuli(
        ids=tuple(id for part in parts for id in part.ids),
        images=tuple(image for part in parts for image in part.images),
        coords={name: np.concatenate([part.coords[name].astype(str) for part in parts]) for name in names},
        visual_degrees=degrees,
    )


def _array(file: h5py.File, key: str, path: Path) -> h5py.Dataset:
    array = file.get(key)
    if not isinstance(array, h5py.Dataset):
        names = _names(file)
        there = ", ".join(names[:20]) + (", ..." if len(names) > 20 else "") or "none"
        raise DataError(f"{path}: no array {key}{nearest(key, names)} (there are {there})")
    if array.ndim == 0 or 0 in array.shape:
        raise DataError(f"{path}: {key} is empty: its shape is {array.shape}")
    refuse_too_large(array.nbytes, f"the array {key}", path)
    return array


def _names(file: h5py.File) -> list[str]:
    names: list[str] = []
    file.visititems(lambda name, item: names.append(name) if isinstance(item, h5py.Dataset) else None)
    return names


def _images(array: h5py.Dataset, spec: Hdf5Stimuli, path: Path) -> np.ndarray:
    """Images (n, h, w, 3) uint8, read some at a time: as floats they would take four times the memory."""
    first = array.ndim == 4 and array.shape[1] == 3
    if array.ndim != 4 or not (first or array.shape[3] == 3) or array.dtype.kind not in "uf":
        raise DataError(
            f"{path}: {array.name} is {array.dtype} {array.shape}; images are uint8, or floats that are"
            " normalised, of shape (n, 3, h, w) or (n, h, w, 3)"
        )
    h, w = array.shape[2:] if first else array.shape[1:3]
    images = np.empty((len(array), h, w, 3), np.uint8)
    step = max(1, _BLOCK // (8 * images[0].size))
    for start in range(0, len(array), step):
        block = array[start : start + step]
        block = block.transpose(0, 2, 3, 1) if first else block
        images[start : start + step] = _eight_bits(block, spec, f"{path}: {array.name}")
    return images


def _eight_bits(block: np.ndarray, spec: Hdf5Stimuli, where: str) -> np.ndarray:
    if block.dtype == np.uint8:
        return block
    if block.dtype.kind != "f":
        raise DataError(f"{where}: is {block.dtype}; images are uint8, or floats that are normalised")
    largest = np.maximum(block.max(), -block.min())
    if not largest <= _LARGEST:  # NaN is not
        raise DataError(
            f"{where}: holds {largest:g}, and floats are taken for images that are normalised (`stimuli:"
            " mean, std`): save whole numbers from 0 to 255 as uint8"
        )
    pixels = block.astype(np.float64)
    pixels *= np.array(spec.std)
    pixels += np.array(spec.mean)
    pixels *= 255
    return np.clip(np.rint(pixels, out=pixels), 0, 255, out=pixels).astype(np.uint8)


def _labels(array: h5py.Dataset, path: Path) -> np.ndarray:
    """A value per stimulus; text of any kind as str."""
    if array.ndim != 1:
        raise DataError(f"{path}: {array.name} has shape {array.shape}; one value for each stimulus is due")
    values = np.asarray(array[()])
    if values.dtype.kind not in "OS":
        return values
    return np.array([v.decode("latin-1") if isinstance(v, bytes) else str(v) for v in values.tolist()])


def _responses(file: h5py.File, part: Hdf5Part, path: Path) -> np.ndarray:
    """(n, neuroids) or (n, repetitions, neuroids)."""
    array, n = _array(file, part.responses or "", path), len(_array(file, part.stimuli, path))
    if array.ndim not in (2, 3) or len(array) != n:
        raise DataError(
            f"{path}: {part.responses} has shape {array.shape}; ({n}, neuroids) or ({n}, repetitions,"
            f" neuroids) is due, a row for each image of {part.stimuli}"
        )
    return np.asarray(array[()])


def _stacked(found: dict[str, np.ndarray], path: Path) -> np.ndarray:
    """The responses of all parts; NaN where one has fewer repetitions than another."""
    if not found:
        raise DataError(f"{path}: no part has `responses:`; name the array of one part at least")
    if len({(values.ndim, values.shape[-1]) for values in found.values()}) > 1:
        raise DataError(
            f"{path}: parts have other neuroids: {_shapes(found.items())}; they must have the same"
        )
    arrays = list(found.values())
    most = max(values.shape[1] for values in arrays) if arrays[0].ndim == 3 else 0
    padded = [
        np.pad(values.astype(float), ((0, 0), (0, most - values.shape[1]), (0, 0)), constant_values=np.nan)
        if values.ndim == 3 and values.shape[1] < most
        else values
        for values in arrays
    ]
    return np.concatenate(padded)


def _shapes(found: Iterable[tuple[str, np.ndarray]]) -> str:
    return ", ".join(f"{name} {values.shape}" for name, values in found)
